// What the package holds is read in editors and in stack traces: JavaScript without its comments, and declarations with
// theirs, but of public names alone. Each module stays a file of its own, and every name is what it is in lib/.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { format, type Options } from 'prettier'
import ts from 'typescript'
import { publicDeclarations } from './public-declarations.js'

/** A tab is the shortest indentation that can still be read, and fewer lines are wrapped. */
const FORMAT: Options = {
  useTabs: true,
  printWidth: 320,
  objectWrap: 'collapse',
  bracketSpacing: false,
  semi: false,
  singleQuote: true,
  trailingComma: 'none',
  arrowParens: 'avoid',
}

const ASSETS = { removeComments: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }

await writeJavaScript()
await keepPublicDeclarations()
await writeAssets()

async function writeJavaScript(): Promise<void> {
  const { options } = ts.getParsedCommandLineOfConfigFile(
    'tsconfig.build.json',
    // Of a single file, the compiler cannot tell what kind of modules the package has.
    { module: ts.ModuleKind.ESNext, emitDeclarationOnly: false, declaration: false, removeComments: true },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail },
  ) ?? { options: {} }
  for (const name of filesIn('lib', '.ts')) {
    const source = readFileSync(join('lib', name), 'utf8')
    const { outputText } = ts.transpileModule(source, { compilerOptions: options, fileName: name })
    await write(join('dist', name.replace(/\.ts$/, '.js')), outputText, 'babel')
  }
}

/** What browsers get: nobody reads it in an editor. */
async function writeAssets(): Promise<void> {
  const read = (name: string) => readFileSync(join('lib/pages/assets', name), 'utf8')
  const script = ts.transpileModule(read('pages.js'), { compilerOptions: ASSETS }).outputText
  await write('dist/pages/assets/pages.js', script, 'babel')
  const style = read('pages.css').replace(/\/\*[\s\S]*?\*\//g, '')
  writeFileSync('dist/pages/assets/pages.css', style.replace(/\n\s+/g, '\n').trim() + '\n')
}

async function keepPublicDeclarations(): Promise<void> {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Readonly<Record<string, { readonly types: string }>>
  }
  const entryPoints = Object.values(exports).map(({ types }) => types)
  const declarations = publicDeclarations(entryPoints, 'dist')
  for (const name of filesIn('dist', '.d.ts')) rmSync(join('dist', name))
  for (const [path, text] of declarations) await write(path, text, 'typescript')
}

function filesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending))
}

async function write(path: string, text: string, parser: 'babel' | 'typescript'): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, await format(text, { ...FORMAT, parser }))
}

function fail(diagnostic: ts.Diagnostic): never {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'))
}
