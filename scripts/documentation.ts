import { basename } from 'node:path'
import ts from 'typescript'

/** A block of code in the documentation. */
export interface Example {
  /** What it documents. */
  readonly of: string
  readonly code: string
}

/**
 * What the declarations of a package lack in documentation, one line each: every name that is exported, every member of
 * an interface or a class (its constructor says what it takes by its tags), and every `@param` and `@throws`.
 */
export function undocumented(files: readonly ts.SourceFile[], checker: ts.TypeChecker): readonly string[] {
  return files.flatMap((file) =>
    file.statements.filter(isExported).flatMap((statement) => faultsOf(statement, checker)),
  )
}

/** The `ts` blocks of every `@example`. */
export function examplesIn(files: readonly ts.SourceFile[]): readonly Example[] {
  const found: Example[] = []
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node).filter(({ tagName }) => tagName.text === 'example')) {
      const text = ts.getTextOfJSDocComment(tag.comment) ?? ''
      for (const [, code = ''] of text.matchAll(/```ts\n([\s\S]*?)```/g))
        found.push({ of: nameOf(node), code })
    }
    ts.forEachChild(node, visit)
  }
  for (const file of files) file.statements.forEach(visit)
  return found
}

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)

function faultsOf(statement: ts.Statement, checker: ts.TypeChecker): readonly string[] {
  const members =
    ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement)
      ? [...statement.members].filter((member) => !isPrivate(member))
      : []
  return [statement, ...members].flatMap((node) => [
    ...(ts.isConstructorDeclaration(node) || hasSentence(node, checker)
      ? []
      : [`${nameOf(node)} is not documented.`]),
    ...tagFaultsOf(node),
  ])
}

const isPrivate = (member: ts.ClassElement | ts.TypeElement): boolean =>
  (member.name !== undefined && ts.isPrivateIdentifier(member.name)) ||
  (ts.canHaveModifiers(member) &&
    (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword))

/** What a class has from an interface is documented there. */
function hasSentence(node: ts.Node, checker: ts.TypeChecker): boolean {
  const [named] = ts.isVariableStatement(node) ? node.declarationList.declarations : [node]
  const name = ts.getNameOfDeclaration(named as ts.Declaration | undefined)
  const comment = name && checker.getSymbolAtLocation(name)?.getDocumentationComment(checker)
  return /\w.*[.:](?:\s|$)/s.test(ts.displayPartsToString(comment))
}

function tagFaultsOf(node: ts.Node): readonly string[] {
  const parameters = parametersOf(node)
  return ts.getJSDocTags(node).flatMap((tag) => {
    if (ts.isJSDocParameterTag(tag)) {
      const name = tag.name.getText()
      return parameters.includes(name) ? [] : [`${nameOf(node)} has no parameter ${name}.`]
    }
    if (tag.tagName.text === 'throws') {
      const [, type = ''] = /^\s*@throws\s+\{?(\w+)\}?/.exec(tag.getText()) ?? []
      return /^(?:TypeError|SecondFactorError)$/.test(type) ? [] : [`${nameOf(node)} throws no ${type}.`]
    }
    return []
  })
}

const parametersOf = (node: ts.Node): readonly string[] =>
  ts.isFunctionLike(node) ? node.parameters.map(({ name }) => name.getText()) : []

/** As it is found in the code: `file: Name.member`. */
function nameOf(node: ts.Node): string {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.map(nameOf).join(', ')
  const name = ts.isConstructorDeclaration(node)
    ? 'constructor'
    : ts.getNameOfDeclaration(node as ts.Declaration)
  const own = typeof name === 'string' ? name : (name?.getText() ?? '')
  const { parent } = node
  if (ts.isInterfaceDeclaration(parent) || ts.isClassDeclaration(parent)) return `${nameOf(parent)}.${own}`
  return `${basename(node.getSourceFile().fileName)}: ${own}`
}
