import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LIB = join(ROOT, 'lib')
const LONGEST_FILE = 300
/** A list of cases, one after the other, is read from case to case. */
const LONGEST_LIST = { 'testing/storage-conformance.ts': 350 }

interface SourceFile {
  /** Within lib/, with slashes. */
  readonly path: string
  readonly folder: string
  readonly lines: number
  /** What it says, comments apart. */
  readonly code: string
  /** Modules of lib/ by path, packages by name. */
  readonly imports: readonly string[]
  /** The same, without those of which nothing is left when types are gone. */
  readonly importsAtRunTime: readonly string[]
}

function readSource(file: string): SourceFile {
  const text = readFileSync(file, 'utf8')
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
  const path = relative(LIB, file).split(sep).join('/')
  const named = (pattern: RegExp) =>
    Array.from(code.matchAll(pattern), ([, specifier = '']) =>
      specifier.startsWith('.')
        ? normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts')
        : specifier,
    )
  const bare = [...named(/^import '([^']+)'/gm), ...named(/\bimport\(\s*'([^']+)'/g)]
  const names = String.raw`(?:\{[^}]*\}|\* as \w+|\*|\w+(?:, \{[^}]*\})?)`
  return {
    path,
    folder: path.includes('/') ? dirname(path) : '',
    lines: text.split('\n').length - 1,
    code,
    imports: [...named(new RegExp(`^(?:import|export) (?:type )?${names} from '([^']+)'`, 'gm')), ...bare],
    importsAtRunTime: [
      ...named(new RegExp(`^(?:import|export) (?!type\\b)${names} from '([^']+)'`, 'gm')),
      ...bare,
    ],
  }
}

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readSource(join(LIB, name)))

const byPath = new Map(files.map((file) => [file.path, file]))
const inFolder = (folder: string) => files.filter((file) => file.folder === folder)
const pathsOf = (chosen: readonly SourceFile[]) => chosen.map(({ path }) => path).sort()

/** `importer -> imported`, for every import that is not allowed. */
const forbidden = (chosen: readonly SourceFile[], allowed: (imported: string, importer: string) => boolean) =>
  chosen.flatMap(({ path, imports }) =>
    imports.filter((imported) => !allowed(imported, path)).map((imported) => `${path} -> ${imported}`),
  )

/** A module, and everything that it needs, and so on; types too. */
function closureOf(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(path)) return found
  found.add(path)
  for (const imported of byPath.get(path)?.imports ?? []) closureOf(imported, found)
  return found
}

/** The boxes of the picture in CONTRIBUTING.md. What is in none is known to all of them. */
const BOXES: Readonly<Record<string, RegExp>> = {
  pages: /^pages\//,
  dialects: /^dialects\//,
  passport: /^passport\//,
  express: /^express\//,
  contract: /^service\.ts/,
  operations: /^(?:second-factor\.ts|operations\/)/,
  shell: /^(?:shell|evidence|watch)\.ts/,
  transact: /^transact\.ts/,
  core: /^core\//,
  codes: /^(?:backup-codes|base32|constant-time|device-tokens|key-ring|png|qr|sealing|tokens|totp)\.ts/,
  adapter: /^storage\/adapter\.ts/,
  storages: /^storage\/(?!adapter)/,
  testing: /^testing\//,
}
const SHARED =
  /^(?:check|errors|events|index|input|misconfiguration|options|outcomes|record|totp-import|user-id)\.ts/
const boxOf = (path: string) => Object.keys(BOXES).find((name) => BOXES[name]?.test(path))

const isPackage = (name: string) => !name.endsWith('.ts')

describe('the architecture', () => {
  it('is read right: every import of lib is found, and leads somewhere', () => {
    const specifiers = files.reduce(
      (count, { code }) => count + (code.match(/\bfrom '|^import '|\bimport\('/gm) ?? []).length,
      0,
    )
    const imports = files.flatMap((file) => file.imports)
    expect(imports).to.have.length(specifiers)
    for (const imported of imports)
      expect(isPackage(imported) || byPath.has(imported), imported).to.equal(true)
    expect(byPath.get('shell.ts')?.imports).to.include.members(['core/status.ts', 'outcomes.ts'])
    expect(byPath.get('shell.ts')?.importsAtRunTime)
      .to.include('core/status.ts')
      .and.not.include('outcomes.ts')
    expect(files.length).to.be.greaterThan(30)
  })

  it('has a core that knows records, outcomes and events, and nothing else', () => {
    expect(inFolder('core')).not.to.have.length(0)
    const known = ['record.ts', 'outcomes.ts', 'events.ts']
    expect(
      forbidden(inFolder('core'), (imported) => imported.startsWith('core/') || known.includes(imported)),
    ).to.deep.equal([])
  })

  it('has a core without a clock, without chance, and without a word to the world', () => {
    const impure =
      /\b(?:Date\.now|new Date|Date\(|Math\.random|performance|randomBytes|randomUUID|crypto|process|globalThis|console|fetch|setTimeout|setImmediate|setInterval|queueMicrotask|Buffer|async|await|Promise|throw)\b/
    for (const { path, code } of inFolder('core')) expect(code.match(impure)?.[0], path).to.equal(undefined)
  })

  it('has storages that know the adapter, how they write, how options are named, and nothing else', () => {
    const parts = [
      'storage/adapter.ts',
      'storage/table-name.ts',
      'storage/compact.ts',
      'storage/pack.ts',
      'check.ts',
    ]
    const storages = inFolder('storage').filter(({ path }) => path !== 'storage/adapter.ts')
    expect(pathsOf(storages)).to.include('storage/memory.ts')
    expect(forbidden(storages, (imported) => [...parts, 'node:crypto'].includes(imported))).to.deep.equal([])
    expect(byPath.get('check.ts')?.imports).to.deep.equal([])
    expect(byPath.get('storage/adapter.ts')?.imports).to.deep.equal(['record.ts'])
    expect(byPath.get('storage/adapter.ts')?.importsAtRunTime).to.deep.equal([])
  })

  const fences = { speakeasy: 'totp.ts', qrcode: 'qr.ts' }
  for (const [name, fence] of Object.entries(fences)) {
    it(`has ${name} behind ${fence}, and nowhere else`, () => {
      const importers = files.filter(({ imports }) => imports.some((imported) => imported.startsWith(name)))
      expect(pathsOf(importers)).to.deep.equal([fence])
    })
  }

  it('has one place that writes to the storage, and one that reads', () => {
    const callers = files.filter(({ code }) => /\bstorage\.(?:read|insert|replace|remove)\(/.test(code))
    expect(pathsOf(callers)).to.deep.equal(['testing/storage-conformance.ts', 'transact.ts'])
  })

  it('has a shell that knows neither Express nor Passport, nor any storage', () => {
    const closure = [...closureOf('second-factor.ts')]
    expect(closure).to.include.members(['core/verify.ts', 'transact.ts', 'storage/adapter.ts'])
    const known = closure.filter(
      (path) => /^(?:express|passport|pages|dialects|testing)\b/.test(path) || path.startsWith('storage/'),
    )
    expect(known).to.deep.equal(['storage/adapter.ts'])
    expect(closure).not.to.include('index.ts')
  })

  it('has Express and Passport parts that know verdicts, not records, secrets or storages', () => {
    const outer = files.filter(({ folder }) => /^(?:express|passport|pages|dialects)\b/.test(folder))
    const inner =
      /^(?:core\/(?!authority\.ts)|operations\/|storage\/|testing\/|record|sealing|key-ring|totp|backup-codes|evidence|transact|input|tokens|base32)/
    expect(outer.length).to.be.greaterThan(30)
    expect(forbidden(outer, (imported) => !inner.test(imported))).to.deep.equal([])
    const painters = files.filter(({ imports }) => imports.includes('qr.ts')).map(({ folder }) => folder)
    expect(painters).to.have.members(['dialects', 'operations', 'pages'])
    expect(
      forbidden(inFolder('express'), (imported) => !/^(?:passport|pages|dialects)\b/.test(imported)),
    ).to.deep.equal([])
  })

  it('has a testing kit that brings no test runner', () => {
    const runners = /^(?:mocha|chai|vitest|jest|@jest\/.*|node:test|ava|tap|supertest)$/
    expect(inFolder('testing')).not.to.have.length(0)
    expect(forbidden(files, (imported) => !runners.test(imported))).to.deep.equal([])
    expect(
      forbidden(inFolder('testing'), (imported) => !/^(?:core|express|passport)\b/.test(imported)),
    ).to.deep.equal([])
  })

  it('has no module of the package that needs the testing kit or the index', () => {
    const others = files.filter(({ folder }) => folder !== 'testing')
    expect(
      forbidden(others, (imported) => imported !== 'index.ts' && !imported.startsWith('testing/')),
    ).to.deep.equal([])
  })

  it('has no module that needs itself by way of others', () => {
    const circular = files.filter(({ path, imports }) =>
      imports.some((imported) => closureOf(imported).has(path)),
    )
    expect(pathsOf(circular)).to.deep.equal([])
  })

  it('needs no package at run time but those that package.json installs or asks for', () => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    ) as Record<'dependencies' | 'peerDependencies', Readonly<Record<string, string>>>
    const provided = Object.keys({ ...dependencies, ...peerDependencies })
    const needed = new Set(
      files.flatMap(({ importsAtRunTime }) =>
        importsAtRunTime.filter((name) => isPackage(name) && !name.startsWith('node:')),
      ),
    )
    expect(provided).to.include.members([...needed])
    expect([...needed]).to.include.members(Object.keys(dependencies))
  })

  it('is what CONTRIBUTING.md draws: every arrow is an import, and every import an arrow', () => {
    const [, picture = ''] =
      /```mermaid\nflowchart TD\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')) ??
      []
    const drawn = Array.from(
      picture.matchAll(/^ {2}(\w+)(?:\[".*?"\])? --> (\w+)$/gm),
      ([, from, to]) => `${from} -> ${to}`,
    )
    const imports = files.flatMap(({ path, imports: imported }) =>
      imported.map((one) => [boxOf(path), boxOf(one)]),
    )
    const real = imports.flatMap(([from, to]) => (from && to && from !== to ? [`${from} -> ${to}`] : []))
    expect(drawn).to.have.members([...new Set(real)])
    expect(pathsOf(files.filter(({ path }) => !boxOf(path) && !SHARED.test(path)))).to.deep.equal([])
  })

  it('has no default exports', () => {
    const defaults = files.filter(({ code }) =>
      /^export (?:default\b|\{[^}]*\bas default\b)|^export =/m.test(code),
    )
    expect(pathsOf(defaults)).to.deep.equal([])
  })

  it('has no drawer for odds and ends', () => {
    const drawers = files.filter(({ path }) => /\b(?:utils?|helpers?|common|misc|shared)\b/.test(path))
    expect(pathsOf(drawers)).to.deep.equal([])
  })

  for (const { path, lines } of files) {
    const longest = new Map(Object.entries(LONGEST_LIST)).get(path) ?? LONGEST_FILE
    it(`has no file that goes on and on: ${path} has up to ${longest} lines`, () => {
      expect(lines).to.be.at.most(longest)
    })
  }
})
