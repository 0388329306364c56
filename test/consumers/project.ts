import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const APPLICATIONS = fileURLToPath(new URL('applications', import.meta.url))
const COMPILER = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

/** What a project installs beside the package, `name@range` each. */
export type Combination = readonly string[]

/** A folder that has installed the package and a combination of others, with the applications in it. */
export interface Project {
  readonly folder: string
  /** The packages that make the difference, with their versions. */
  readonly versions: string
  /** The oldest major version of Node that all of the packages say they run on. */
  readonly oldestNode: number
}

/** How an application is started in the folder of a project. */
export interface Style {
  readonly name: string
  readonly file: string
  /** An option of Node that loads every entry point of the package in front of the application. */
  readonly entryPoints: readonly [option: string, file: string]
  /** How TypeScript is told to find modules, where it has to be compiled first. */
  readonly compilerOptions?: Readonly<Record<string, string>>
}

export const STYLES: readonly Style[] = [
  { name: 'ESM', file: './esm.js', entryPoints: ['--import', './entry-points.mjs'] },
  { name: 'CommonJS', file: './commonjs.cjs', entryPoints: ['--require', './entry-points.cjs'] },
  {
    name: 'TypeScript, nodenext',
    file: './nodenext/application.js',
    entryPoints: ['--import', './nodenext/entry-points.js'],
    compilerOptions: { module: 'nodenext', outDir: 'nodenext' },
  },
  {
    name: 'TypeScript, bundler',
    file: './bundler/application.js',
    entryPoints: ['--import', './bundler/entry-points.js'],
    compilerOptions: { module: 'esnext', moduleResolution: 'bundler', outDir: 'bundler' },
  },
]

const run = promisify(execFile)

/** Run npm in a folder, and say what it said when it fails. */
export async function npm(folder: string, ...words: readonly string[]): Promise<void> {
  await run('npm', [...words], { cwd: folder }).catch((error: unknown) => {
    throw new Error(`npm ${words.join(' ')}: ${(error as { stderr: string }).stderr}`)
  })
}

/** Install what an application of somebody's needs, as somebody would, and write the applications. */
export async function createProject(
  folder: string,
  tarball: string,
  combination: Combination,
): Promise<Project> {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const types = ['@types/passport', '@types/express-session', '@types/node@20']
  await npm(
    folder,
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    tarball,
    ...combination,
    'express-session',
    ...types,
  )
  cpSync(APPLICATIONS, folder, { recursive: true })
  writeEntryPoints(folder)
  const installed = combination
    .map(nameOf)
    .filter((name) => !name.startsWith('@types/'))
    .map((name) => ({ name, ...manifestOf(folder, name) }))
  return {
    folder,
    versions: installed.map(({ name, version }) => `${name} ${version}`).join('  '),
    oldestNode: Math.max(
      ...installed.map(({ engines }) => Number(/\d+/.exec(engines?.node ?? '')?.[0] ?? 0)),
    ),
  }
}

interface Manifest {
  readonly version: string
  readonly engines?: { readonly node?: string }
  readonly exports: Readonly<Record<string, unknown>>
}

const nameOf = (packageAndRange: string): string => packageAndRange.replace(/(?<=.)@.*/, '')

const manifestOf = (folder: string, name: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')) as Manifest

/** A module of each kind that does nothing but load all that the package exports. */
function writeEntryPoints(folder: string): void {
  const names = Object.keys(manifestOf(folder, 'express-2fa').exports).map(
    (path) => `express-2fa${path.slice(1)}`,
  )
  const write = (ending: string, lines: readonly string[]) => {
    writeFileSync(join(folder, `entry-points.${ending}`), lines.join('\n'))
  }
  write(
    'mjs',
    names.map((name) => `import '${name}'`),
  )
  write(
    'cjs',
    names.map((name) => `require('${name}')`),
  )
  write(
    'ts',
    names.map((name, index) => `export * as entryPoint${index} from '${name}'`),
  )
}

/** Compile the application, and the types of every entry point, where the style wants it. */
export async function compile({ folder }: Project, { name, compilerOptions }: Style): Promise<void> {
  if (!compilerOptions) return
  const config = join(folder, `tsconfig.${compilerOptions['outDir']}.json`)
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true }
  const options = { ...strict, target: 'es2023', types: ['node'], rootDir: '.', ...compilerOptions }
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions: options, files: ['application.ts', 'entry-points.ts'] }),
  )
  await run(process.execPath, [COMPILER, '-p', config], { cwd: folder }).catch((error: unknown) => {
    throw new Error(`${name}: ${(error as { stdout: string }).stdout}`)
  })
}
