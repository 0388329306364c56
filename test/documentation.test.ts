import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { examplesIn, undocumented } from '../scripts/documentation.js'
import { complaintsOf } from './support/compile.js'
import { GIVEN } from './support/given-names.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  noEmit: true,
  types: ['node'],
}

describe('the documentation in the declarations', () => {
  let checker: ts.TypeChecker
  let files: readonly ts.SourceFile[]
  before(() => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      exports: Readonly<Record<string, { readonly types: string }>>
    }
    const entryPoints = Object.values(exports).map(({ types }) => join(ROOT, types))
    const program = ts.createProgram(entryPoints, OPTIONS)
    checker = program.getTypeChecker()
    files = program.getSourceFiles().filter(({ fileName }) => fileName.includes('/dist/'))
  })

  it('says something of every name, and of every member; its @param and @throws are what there is', () => {
    expect(files.length).to.be.greaterThan(20)
    expect(undocumented(files, checker)).to.deep.equal([])
  })

  it('has examples that compile', () => {
    const examples = examplesIn(files)
    expect(examples.length).to.be.greaterThan(5)
    const programs = Object.fromEntries(
      examples.map(({ of, code }, index) => [`${of.replace(/\W+/g, '-')}-${index}.ts`, code]),
    )
    expect(complaintsOf(programs, GIVEN)).to.deep.equal([])
  })
})

describe('the compiler of documentation', () => {
  it('complains of what is wrong, and takes for granted what it is told to', () => {
    const programs = {
      'a.ts': "secondFactor.reset('1')",
      'b.ts': "const text: string = secondFactor.reset('1')",
    }
    expect(complaintsOf(programs).join()).to.match(/a\.ts: Cannot find name .*b\.ts: Cannot find name/)
    const [only, ...more] = complaintsOf(programs, GIVEN)
    expect(only).to.match(/^b\.ts: Type 'Promise<.*' is not assignable to type 'string'/)
    expect(more).to.deep.equal([])
  })
})

describe('what is looked for in documentation', () => {
  /** The faults of a module of its own. */
  function faultsOf(text: string): readonly string[] {
    const host = ts.createCompilerHost(OPTIONS)
    const read = host.getSourceFile.bind(host)
    host.getSourceFile = (name, ...rest) =>
      name === 'module.ts'
        ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2023, true)
        : read(name, ...rest)
    const program = ts.createProgram(['module.ts'], { ...OPTIONS, types: [] }, host)
    const file = program.getSourceFile('module.ts')
    return undocumented(file ? [file] : [], program.getTypeChecker())
  }

  it('is a sentence over every exported name', () => {
    expect(faultsOf('export const a = 1\n/** */\nexport function b() {}\nconst c = 1')).to.deep.equal([
      'module.ts: a is not documented.',
      'module.ts: b is not documented.',
    ])
    expect(faultsOf('/** One. */\nexport const a = 1')).to.deep.equal([])
  })

  it('is a sentence over every member, but what is private, or said by an interface', () => {
    const shape = '/** A. */\nexport interface A {\nb: string\n/** C. */\nc(): void\n}\n'
    expect(faultsOf(shape)).to.deep.equal(['module.ts: A.b is not documented.'])
    const one = '/** D. */\nexport class D implements A { private e = 1; #f = 1; b = ""; c() {} }'
    expect(faultsOf(shape.replace('b:', '/** B. */\nb:') + one)).to.deep.equal([])
  })

  it('is every @param and @throws by a name that there is', () => {
    const tags =
      ' * @param one - first\n * @param two - second\n * @throws TypeError when\n * @throws Oops when\n'
    expect(faultsOf(`/**\n * A.\n${tags} */\nexport function a(one: string) {}`)).to.deep.equal([
      'module.ts: a has no parameter two.',
      'module.ts: a throws no Oops.',
    ])
    const made = '/** A. */\nexport class A {\n/** @param two - second */\nconstructor(one: string) {}\n}'
    expect(faultsOf(made)).to.deep.equal(['module.ts: A.constructor has no parameter two.'])
  })
})
