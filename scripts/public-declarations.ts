import { dirname, resolve } from 'node:path'
import ts from 'typescript'

/**
 * What is left of declaration files when everything goes that no name of an entry point leads to, by path.
 *
 * What the compiler writes says how every module is typed. Whoever has installed the package can reach a part of that.
 *
 * @param entryPoints - their declaration files; all others that they import stand in or below the folder of one of them
 * @param folder - declarations elsewhere are other packages', and are left alone
 */
export function publicDeclarations(
  entryPoints: readonly string[],
  folder: string,
): ReadonlyMap<string, string> {
  const program = ts.createProgram(entryPoints.map(absolute), OPTIONS)
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(`${absolute(folder)}/`))
  const checker = program.getTypeChecker()
  const reached = reachedFrom(entryPoints.map(absolute), files, checker)
  const left = ({ statements }: ts.SourceFile) =>
    statements.map((one) => textOf(one, reached, checker)).join('')
  const texts = new Map(
    files.map((file) => [file.fileName, left(file)] as const).filter(([, text]) => text.trim() !== ''),
  )
  for (const path of texts.keys())
    if (!importedFrom(entryPoints.map(absolute), texts).has(path)) texts.delete(path)
  for (const file of files)
    if (file.statements.some(augments) && !texts.has(file.fileName))
      throw new Error(`${file.fileName} adds to the types of others, and no entry point leads to it.`)
  return texts
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  types: ['node'],
  noEmit: true,
}

const absolute = (path: string): string => resolve(path).replaceAll('\\', '/')

/** `declare module` and `declare global`: they are named by nobody, and count all the same. */
const augments = (statement: ts.Statement): boolean => ts.isModuleDeclaration(statement)

/** The statements, and the names of imports and exports, that the entry points need. */
function reachedFrom(
  entryPoints: readonly string[],
  files: readonly ts.SourceFile[],
  checker: ts.TypeChecker,
): ReadonlySet<ts.Node> {
  const reached = new Set<ts.Node>()
  const own = new Set(files)

  function reach(symbol: ts.Symbol | undefined): void {
    for (const declaration of symbol?.declarations ?? []) {
      if (!own.has(declaration.getSourceFile()) || ts.isSourceFile(declaration)) continue
      if (!isAlias(declaration)) reachAllOf(statementOf(declaration))
      else if (symbol && !reached.has(declaration)) {
        reached.add(declaration)
        reach(checker.getImmediateAliasedSymbol(symbol))
      }
    }
  }

  function reachAllOf(statement: ts.Node): void {
    if (reached.has(statement)) return
    reached.add(statement)
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) reach(checker.getSymbolAtLocation(node))
      ts.forEachChild(node, visit)
    }
    if (!isKeysOfConstant(statement)) visit(statement)
  }

  for (const file of files) {
    const module = entryPoints.includes(file.fileName) && checker.getSymbolAtLocation(file)
    if (module) checker.getExportsOfModule(module).forEach(reach)
    file.statements.filter(augments).forEach(reachAllOf)
  }
  return reached
}

const isAlias = (declaration: ts.Declaration): boolean =>
  ts.isImportClause(declaration) ||
  ts.isImportSpecifier(declaration) ||
  ts.isNamespaceImport(declaration) ||
  ts.isExportSpecifier(declaration)

/** `type Name = keyof typeof TABLE`: of the table, which may be long, the keys are all that counts. */
function isKeysOfConstant(statement: ts.Node): statement is ts.TypeAliasDeclaration {
  return (
    ts.isTypeAliasDeclaration(statement) &&
    ts.isTypeOperatorNode(statement.type) &&
    statement.type.operator === ts.SyntaxKind.KeyOfKeyword &&
    ts.isTypeQueryNode(statement.type.type)
  )
}

/** The statement of the file that something stands in. */
function statementOf(node: ts.Node): ts.Node {
  return ts.isSourceFile(node.parent) ? node : statementOf(node.parent)
}

/** What stays of a statement, with the comments above it. */
function textOf(statement: ts.Statement, reached: ReadonlySet<ts.Node>, checker: ts.TypeChecker): string {
  if (ts.isImportDeclaration(statement) && statement.importClause) return importOf(statement, reached)
  if (isKeysOfConstant(statement) && reached.has(statement)) return keysOf(statement, checker)
  if (!ts.isExportDeclaration(statement))
    return reached.has(statement) || ts.isImportDeclaration(statement) ? statement.getFullText() : ''
  const { exportClause: names } = statement
  // `export *` may be all there is; `export {}` says that what is not exported is not public.
  if (!names || !ts.isNamedExports(names) || names.elements.length === 0) return statement.getFullText()
  return listed('export', statement.isTypeOnly, namesOf(names, reached), statement.moduleSpecifier)
}

/** The keys, one by one, each with what the table says above it. */
function keysOf(statement: ts.TypeAliasDeclaration, checker: ts.TypeChecker): string {
  const { type } = statement
  const before = statement.getFullText().slice(0, type.getStart() - statement.getFullStart())
  const table = checker.getTypeAtLocation((type as ts.TypeOperatorNode).type)
  const keys = checker.getPropertiesOfType(table).map((key) => {
    const comment = ts.displayPartsToString(key.getDocumentationComment(checker))
    return `${comment && `/** ${comment} */ `}${JSON.stringify(key.name)}`
  })
  return before + keys.join(' | ')
}

function importOf(
  { importClause: clause, moduleSpecifier }: ts.ImportDeclaration,
  reached: ReadonlySet<ts.Node>,
) {
  const names = clause?.namedBindings
  if (!clause || !names || !ts.isNamedImports(names) || clause.name)
    throw new Error(`Declarations import by names alone so far: ${moduleSpecifier.getText()}`)
  return listed(
    'import',
    clause.phaseModifier === ts.SyntaxKind.TypeKeyword,
    namesOf(names, reached),
    moduleSpecifier,
  )
}

const namesOf = ({ elements }: ts.NamedImports | ts.NamedExports, reached: ReadonlySet<ts.Node>) =>
  elements.filter((name) => reached.has(name)).map((name) => name.getText())

function listed(
  keyword: 'import' | 'export',
  typeOnly: boolean,
  names: readonly string[],
  from: ts.Expression | undefined,
): string {
  if (names.length === 0) return ''
  return `\n${keyword}${typeOnly ? ' type' : ''} { ${names.join(', ')} }${from ? ` from ${from.getText()}` : ''}`
}

/** The files that imports lead to, from file to file. */
function importedFrom(
  paths: readonly string[],
  texts: ReadonlyMap<string, string>,
  found = new Set<string>(),
): ReadonlySet<string> {
  for (const path of paths) {
    const text = texts.get(path)
    if (text === undefined || found.has(path)) continue
    found.add(path)
    const imported = ts.preProcessFile(text).importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    const next = imported.map(({ fileName }) =>
      absolute(resolve(dirname(path), fileName.replace(/\.js$/, '.d.ts'))),
    )
    importedFrom(next, texts, found)
  }
  return found
}
