import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TYPES = fileURLToPath(new URL('.', import.meta.url))

/** A program of somebody who imports the package, and nothing else that says what a request or a session has. */
const IMPORTER = `
import 'express-2fa'
import type { Request } from 'express'
export const stateOf = (req: Request): 'not_enrolled' | 'must_enrol' | 'pending' | 'satisfied' | undefined =>
  req.secondFactor?.state
export const shownAt = (req: Request): number | undefined => req.session.secondFactor?.at
`

describe('the types, as the package brings them', () => {
  let folder: string
  before(() => {
    // Within the project, where the package and its peers are found by their names.
    mkdirSync(join(ROOT, 'build'), { recursive: true })
    folder = mkdtempSync(join(ROOT, 'build', 'types-'))
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  /** What the compiler says of programs, by their file names. */
  async function complaints(programs: Readonly<Record<string, string>>): Promise<string> {
    for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text)
    const config = join(folder, 'tsconfig.json')
    writeFileSync(
      config,
      JSON.stringify({
        compilerOptions: {
          strict: true,
          module: 'NodeNext',
          target: 'ES2023',
          noEmit: true,
          exactOptionalPropertyTypes: true,
          types: ['node'],
          typeRoots: [join(ROOT, 'node_modules/@types')],
        },
        files: Object.keys(programs).map((name) => join(folder, name)),
      }),
    )
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
    const result = await promisify(execFile)(process.execPath, [compiler, '-p', config]).catch(
      (error: unknown) => error as { stdout: string },
    )
    return result.stdout
  }

  /** The programs beside this test, with the package in place of `lib`. */
  const programs = () => {
    const names = readdirSync(TYPES).filter((name) => !name.endsWith('.test.ts'))
    expect(names).to.have.members(['options.ts', 'outcomes.ts'])
    return Object.fromEntries(
      names.map((name) => [
        name,
        readFileSync(join(TYPES, name), 'utf8').replace(
          /'\.\.\/\.\.\/lib\/(.*?)(?:\/?index)?\.js'/g,
          (_, path: string) => `'express-2fa${path && `/${path}`}'`,
        ),
      ]),
    )
  }

  it('refuse wrong options, tell outcomes apart, and say what a request and a session have', async () => {
    expect(await complaints({ ...programs(), 'importer.ts': IMPORTER })).to.equal('')
  }).timeout(60_000)
})
