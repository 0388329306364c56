import type { StoredEntry } from '../../lib/index.js'
import { BreakableStorage } from '../support/broken-storages.js'

/* eslint-disable @typescript-eslint/require-await -- Async like the storages they stand for. */

/** Says that it has written, and has not. */
export class HollowWrite extends BreakableStorage {
  constructor(private readonly hollow: 'insert' | 'replace' | 'remove') {
    super()
  }

  override async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.hollow === 'insert' ? !this.present(userId) : super.insert(userId, entry)
  }

  override async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    const hollow = this.hollow === 'replace' && this.present(userId)?.revision === revision
    return hollow || super.replace(userId, entry, revision)
  }

  override async remove(userId: string, revision: string): Promise<boolean> {
    const hollow = this.hollow === 'remove' && this.present(userId)?.revision === revision
    return hollow || super.remove(userId, revision)
  }
}

/**
 * Counts the versions of a record instead of keeping the revision that it is given. A record that was removed and made
 * again has the versions that the old one had: what was read of the old one is written over the new one.
 */
export class CountsVersions extends BreakableStorage {
  override async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return super.insert(userId, { ...entry, revision: '1' })
  }

  override async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    return super.replace(userId, { ...entry, revision: String(Number(revision) + 1) }, revision)
  }
}

/** A replica that every now and then has not heard of the last write. */
export class LaggingReads extends BreakableStorage {
  readonly #before = new Map<string, StoredEntry | undefined>()
  #reads = 0

  override async read(userId: string): Promise<StoredEntry | undefined> {
    return this.#reads++ % 3 === 0 && this.#before.has(userId)
      ? this.#before.get(userId)
      : this.present(userId)
  }

  override async remove(userId: string, revision: string): Promise<boolean> {
    const before = this.present(userId)
    const removed = await super.remove(userId, revision)
    if (removed) this.#before.set(userId, before)
    return removed
  }

  protected override store(userId: string, entry: StoredEntry): boolean {
    this.#before.set(userId, this.present(userId))
    return super.store(userId, entry)
  }
}
