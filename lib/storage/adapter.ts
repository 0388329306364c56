import type { SecondFactorRecord } from '../record.js'

/** What a storage keeps for one user. */
export interface StoredEntry {
  /** Opaque, unique per write, made by the core. Compare for equality only. */
  readonly revision: string
  /** Plain JSON: no Date, no undefined, no class. Keep every member, also those that this version does not know. */
  readonly record: SecondFactorRecord
}

/**
 * The whole contract between this package and a database.
 *
 * Check and change are **one atomic step of the database**: never a read followed by a write. Anything unexpected
 * rejects; it never resolves to `false`, which means "somebody else was first" and nothing else. Only `true` counts as
 * won. There is no init, no close, no expiry and no transaction: the client is the application's own.
 *
 * `storageConformance` from `express-2fa/testing` checks every sentence of this contract.
 */
export interface StorageAdapter {
  /** The current entry (it must see completed writes), or undefined. Never an object shared with the storage. */
  read(userId: string): Promise<StoredEntry | undefined>
  /** Store the first entry. False, and no change, if one exists. */
  insert(userId: string, entry: StoredEntry): Promise<boolean>
  /** Replace the entry whose revision is `revision`. False, and no change, otherwise. */
  replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean>
  /** Remove the entry whose revision is `revision`. False, and no change, otherwise. */
  remove(userId: string, revision: string): Promise<boolean>
}
