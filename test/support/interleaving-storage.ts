import { MemoryStorage, type StorageAdapter, type StoredEntry } from '../../lib/index.js'
import type { StorageMethod } from './failing-storage.js'

/** A storage in which somebody else can be made to come first. */
export class InterleavingStorage implements StorageAdapter {
  readonly #storage: StorageAdapter
  readonly #meanwhile = new Map<StorageMethod, () => Promise<unknown>>()

  constructor(storage: StorageAdapter = new MemoryStorage()) {
    this.#storage = storage
  }

  /** The next call of this method, and no later one, reaches the storage after `meanwhile` has ended. */
  before(method: StorageMethod, meanwhile: () => Promise<unknown>): void {
    this.#meanwhile.set(method, meanwhile)
  }

  async read(userId: string): Promise<StoredEntry | undefined> {
    await this.#letOthersFirst('read')
    return this.#storage.read(userId)
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    await this.#letOthersFirst('insert')
    return this.#storage.insert(userId, entry)
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    await this.#letOthersFirst('replace')
    return this.#storage.replace(userId, entry, revision)
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    await this.#letOthersFirst('remove')
    return this.#storage.remove(userId, revision)
  }

  async #letOthersFirst(method: StorageMethod): Promise<void> {
    const meanwhile = this.#meanwhile.get(method)
    this.#meanwhile.delete(method)
    await meanwhile?.()
  }
}
