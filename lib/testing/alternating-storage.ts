import type { StorageAdapter, StoredEntry } from '../storage/adapter.js'

/** Several ways to one database, used in turn: what one has written, the next one must see. */
export class AlternatingStorage implements StorageAdapter {
  #calls = 0

  constructor(private readonly storages: readonly StorageAdapter[]) {}

  read(userId: string): Promise<StoredEntry | undefined> {
    return this.#next().read(userId)
  }

  insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.#next().insert(userId, entry)
  }

  replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    return this.#next().replace(userId, entry, revision)
  }

  remove(userId: string, revision: string): Promise<boolean> {
    return this.#next().remove(userId, revision)
  }

  #next(): StorageAdapter {
    const next = this.storages[this.#calls++ % this.storages.length]
    if (!next) throw new TypeError('There is no storage to use.')
    return next
  }
}
