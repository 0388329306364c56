import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MOST_BYTES = 400_000

interface Packed {
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
  readonly bundled: readonly string[]
}
interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
const entryPoints = Object.values(manifest.exports).map(({ types }) => posix.normalize(types))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

describe('the package', () => {
  let packed: Packed
  let paths: readonly string[]
  before(() => {
    const report = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [only] = Object.values(JSON.parse(report) as Readonly<Record<string, Packed>>)
    if (!only) throw new Error('npm has packed nothing.')
    packed = only
    paths = packed.files.map(({ path }) => path)
  })
  const endingIn = (ending: string) => paths.filter((path) => path.endsWith(ending))

  it('holds what runs, the tables, and what is read about it; nothing else', () => {
    expect([...new Set(paths.map((path) => path.replace(/\/.*/, '')))]).to.have.members([
      'dist',
      'sql',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'package.json',
    ])
    const kinds = new Set(paths.map((path) => path.replace(/^[^.]*/, '')))
    expect([...kinds]).to.have.members(['.js', '.d.ts', '.css', '.sql', '.md', '.json', ''])
  })

  it(`takes less than ${MOST_BYTES / 1000} kB when it is installed`, () => {
    expect(packed.unpackedSize).to.be.below(MOST_BYTES)
  })

  it('brings three packages along, and none inside of it', () => {
    expect(Object.keys(manifest.dependencies)).to.have.members(['passport-strategy', 'qrcode', 'speakeasy'])
    expect(packed.bundled).to.deep.equal([])
  })

  it('runs nothing when it is installed', () => {
    expect(manifest.scripts).not.to.have.any.keys('preinstall', 'install', 'postinstall', 'prepare')
  })

  it('has every module of lib under its own name, and no other', () => {
    const modules = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[jt]s$/.test(name))
      .map((name) => `dist/${name.replace(/\.ts$/, '.js')}`)
    expect(endingIn('.js')).to.have.members(modules)
  })

  it('has what its exports name', () => {
    const named = Object.values(manifest.exports).flatMap((target) => Object.values(target))
    expect(paths).to.include.members(named.map((path) => posix.normalize(path)))
  })

  it('has the declarations that an entry point leads to, and no other', () => {
    const found = new Set<string>()
    const follow = (path: string) => {
      if (found.has(path)) return
      found.add(path)
      for (const { fileName } of ts.preProcessFile(read(path)).importedFiles)
        if (fileName.startsWith('.')) follow(posix.join(dirname(path), fileName.replace(/\.js$/, '.d.ts')))
    }
    entryPoints.forEach(follow)
    expect(endingIn('.d.ts')).to.have.members([...found])
  })

  it('has declarations that need no types but those of what applications import themselves', () => {
    const packages = endingIn('.d.ts').flatMap((path) =>
      ts
        .preProcessFile(read(path))
        .importedFiles.map(({ fileName }) => fileName)
        .filter((name) => !name.startsWith('.') && !name.startsWith('node:')),
    )
    expect([...new Set(packages)]).to.have.members(['express', 'express-session', 'passport'])
  })

  it('has declarations that are whole: they compile, and every value they export is documented', () => {
    const program = ts.createProgram(
      entryPoints.map((path) => join(ROOT, path)),
      {
        strict: true,
        module: ts.ModuleKind.NodeNext,
        target: ts.ScriptTarget.ES2023,
        noEmit: true,
        types: ['node'],
      },
    )
    const own = program.getSourceFiles().filter(({ fileName }) => fileName.includes('/dist/'))
    const faults = own.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ])
    const sentences = faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
    expect(sentences).to.deep.equal([])

    const checker = program.getTypeChecker()
    const exported = own
      .filter(({ fileName }) => entryPoints.some((path) => fileName.endsWith(`/${path}`)))
      .flatMap((file) => checker.getExportsOfModule(checker.getSymbolAtLocation(file) as ts.Symbol))
      .map((name) => (name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name))
    const values = exported.filter(({ flags }) => flags & ts.SymbolFlags.Value)
    expect(values.length).to.be.greaterThan(10)
    const bare = values.filter((value) => value.getDocumentationComment(checker).length === 0)
    expect(bare.map(({ name }) => name)).to.deep.equal([])
  })

  it('has code without comments, and declarations without what is private', () => {
    for (const path of endingIn('.js').filter((one) => !one.includes('/assets/')))
      expect(read(path), path).not.to.match(/^\s*\/[/*]/m)
    const session = read('dist/express/session.d.ts')
    expect(session).to.include('interface SecondFactorMark').and.include("declare module 'express-session'")
    expect(session).not.to.match(/renewSession|currentMark/)
  })
})
