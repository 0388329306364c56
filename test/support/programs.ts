import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where packages put servers that are not meant for everybody's PATH; a star stands for a version. */
const MORE_FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/lib/postgresql/*/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
  '/opt/homebrew/opt/mariadb/bin',
]

/** Where a program is, or undefined when this machine has none of that name. */
export function findProgram(name: string): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...onPath, ...MORE_FOLDERS.flatMap(versions)].map((folder) => join(folder, name)).find(isExecutable)
}

/** Where a program is that the tests need. */
export function programAt(name: string): string {
  const path = findProgram(name)
  if (path === undefined) throw new Error(`There is no ${name} on this machine.`)
  return path
}

/** The folders that a pattern stands for, the newest version first. */
function versions(pattern: string): readonly string[] {
  const [, parent = '', before = '', after = ''] = /^(.*\/)([^/*]*)\*(.*)$/.exec(pattern) ?? []
  if (parent === '') return [pattern]
  try {
    return readdirSync(parent)
      .filter((name) => name.startsWith(before))
      .sort((left, right) => right.localeCompare(left, 'en', { numeric: true }))
      .map((name) => parent + name + after)
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
