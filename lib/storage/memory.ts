import type { StorageAdapter, StoredEntry } from './adapter.js'

/* eslint-disable @typescript-eslint/require-await -- Async, so that what goes wrong is a rejection. */

/**
 * Records in this process' memory, for tests and first steps: gone at the end of the process, unknown to any other.
 */
export class MemoryStorage implements StorageAdapter {
  /** Nothing of it outlives the process: `createSecondFactor` warns of that in production. */
  readonly isVolatile = true
  readonly #entries = new Map<string, { readonly revision: string; readonly json: string }>()

  async read(userId: string): Promise<StoredEntry | undefined> {
    const entry = this.#entries.get(userId)
    return entry && { revision: entry.revision, record: JSON.parse(entry.json) as StoredEntry['record'] }
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.#change(userId, undefined, entry)
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    return this.#change(userId, revision, entry)
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    return this.#change(userId, revision, undefined)
  }

  #change(userId: string, expected: string | undefined, next: StoredEntry | undefined): boolean {
    if (this.#entries.get(userId)?.revision !== expected) return false
    if (next) this.#entries.set(userId, { revision: next.revision, json: JSON.stringify(next.record) })
    else this.#entries.delete(userId)
    return true
  }
}
