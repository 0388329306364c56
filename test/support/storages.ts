import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import type { StorageAdapter } from '../../lib/index.js'
import { ENTRY } from './entry.js'

/** Every operation of the storage rejects: none answers false, which would mean that somebody else was first. */
export async function allReject(storage: StorageAdapter): Promise<void> {
  const attempts = [
    () => storage.read('somebody'),
    () => storage.insert('somebody', ENTRY),
    () => storage.replace('somebody', ENTRY, 'r'),
    () => storage.remove('somebody', 'r'),
  ]
  for (const attempt of attempts) {
    expect(await attempt().catch((error: unknown) => error)).to.be.instanceOf(Error)
  }
}

/** The statement in `sql/`, without its comment and its semicolon. */
export function shippedStatement(database: 'postgres' | 'mysql' | 'sqlite'): string {
  const text = readFileSync(new URL(`../../sql/${database}.sql`, import.meta.url), 'utf8')
  return text.replace(/^--.*\n/gm, '').replace(/;\n$/, '')
}
