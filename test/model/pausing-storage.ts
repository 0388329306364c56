import { setImmediate as turn } from 'node:timers/promises'
import type { StorageAdapter, StoredEntry } from '../../lib/index.js'

/** One worker's way to a storage, on which it can be made slow: others come first for so many turns of the event loop. */
export class PausingStorage implements StorageAdapter {
  #beforeReading = 0
  #beforeWriting = 0

  constructor(private readonly storage: StorageAdapter) {}

  pause([beforeReading, beforeWriting]: readonly [number, number]): void {
    this.#beforeReading = beforeReading
    this.#beforeWriting = beforeWriting
  }

  async read(userId: string): Promise<StoredEntry | undefined> {
    await turns(this.#beforeReading)
    return this.storage.read(userId)
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    await turns(this.#beforeWriting)
    return this.storage.insert(userId, entry)
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    await turns(this.#beforeWriting)
    return this.storage.replace(userId, entry, revision)
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    await turns(this.#beforeWriting)
    return this.storage.remove(userId, revision)
  }
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await turn()
}
