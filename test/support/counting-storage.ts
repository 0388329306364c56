import { MemoryStorage, type StorageAdapter, type StoredEntry } from '../../lib/index.js'

/** A storage that counts what is asked of it, also what fails or loses. */
export class CountingStorage implements StorageAdapter {
  readonly counts = { read: 0, insert: 0, replace: 0, remove: 0 }
  readonly #storage: StorageAdapter

  constructor(storage: StorageAdapter = new MemoryStorage()) {
    this.#storage = storage
  }

  /** Count from nought again. */
  reset(): void {
    Object.assign(this.counts, { read: 0, insert: 0, replace: 0, remove: 0 })
  }

  read(userId: string): Promise<StoredEntry | undefined> {
    this.counts.read++
    return this.#storage.read(userId)
  }

  insert(userId: string, entry: StoredEntry): Promise<boolean> {
    this.counts.insert++
    return this.#storage.insert(userId, entry)
  }

  replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    this.counts.replace++
    return this.#storage.replace(userId, entry, revision)
  }

  remove(userId: string, revision: string): Promise<boolean> {
    this.counts.remove++
    return this.#storage.remove(userId, revision)
  }
}
