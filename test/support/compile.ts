import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What a block of documentation takes for granted, by the name that it uses. */
export type Given = Readonly<Record<string, string>>

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules/@types')],
}

/** `Cannot find name …`, and the same of a shorthand property and of a name that is known as one of a browser. */
const UNKNOWN_NAME = [2304, 2552, 2581, 2582, 18004]

/** A folder within the project, where the package and its peers are found by their names. */
export function folderWithin(name: string): { readonly path: string; remove(): void } {
  mkdirSync(join(ROOT, 'build'), { recursive: true })
  const path = mkdtempSync(join(ROOT, 'build', `${name}-`))
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/**
 * What the compiler says of programs against the built package, one line each; none when all is well.
 *
 * @param programs - by the name of their file; a name that one does not know is looked up in `given`
 */
export function complaintsOf(
  programs: Readonly<Record<string, string>>,
  given: Given = {},
): readonly string[] {
  const folder = folderWithin('compiled')
  try {
    const preambles = new Map<string, Set<string>>()
    const write = () => {
      for (const [name, program] of Object.entries(programs)) {
        const lines = Array.from(preambles.get(name) ?? [], (unknown) => given[unknown] ?? '')
        writeFileSync(join(folder.path, name), `${lines.join('\n')}\n${program}\nexport {}\n`)
      }
      return diagnosticsOf(Object.keys(programs).map((name) => join(folder.path, name)))
    }
    for (const { name, unknown } of write()) {
      if (unknown !== undefined && unknown in given)
        preambles.set(name, (preambles.get(name) ?? new Set()).add(unknown))
    }
    return write().map(({ name, message }) => `${name}: ${message}`)
  } finally {
    folder.remove()
  }
}

function diagnosticsOf(files: readonly string[]) {
  return ts.getPreEmitDiagnostics(ts.createProgram(files, OPTIONS)).map(({ file, code, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n')
    const [, unknown] = UNKNOWN_NAME.includes(code) ? (/'(\w+)'/.exec(message) ?? []) : []
    return { name: file?.fileName.split('/').at(-1) ?? '', message, unknown }
  })
}
