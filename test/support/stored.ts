import type { BackupCodeSetRecord, SecondFactorRecord, StorageAdapter } from '../../lib/index.js'
import { createKeyRing } from '../../lib/key-ring.js'

/** What a storage has of a user, who must have something. */
export async function storedRecord(storage: StorageAdapter, userId: string): Promise<SecondFactorRecord> {
  const entry = await storage.read(userId)
  if (!entry) throw new Error('Nothing is stored.')
  return entry.record
}

/** Change what a storage has of a user, past everything that would notice. */
export async function changeStored(
  storage: StorageAdapter,
  userId: string,
  change: (record: SecondFactorRecord) => SecondFactorRecord,
): Promise<void> {
  const entry = await storage.read(userId)
  const next = entry && { revision: `${entry.revision} changed`, record: change(entry.record) }
  if (!next || !(await storage.replace(userId, next, entry.revision))) throw new Error('It did not change.')
}

/** The places of a record in which something is sealed. */
export const SEALED_PLACES = [
  'the authenticator',
  'the backup codes',
  'the unconfirmed backup codes',
  'the backup codes that were handed out',
] as const
export type SealedName = (typeof SEALED_PLACES)[number]

/** Everything that is sealed in a record. */
export function sealedValues({
  authenticators,
  backupCodes,
  unconfirmedBackupCodes,
}: SecondFactorRecord): readonly string[] {
  const keys = [backupCodes, unconfirmedBackupCodes].flatMap((set) => (set ? [set.key] : []))
  const ofAuthenticators = authenticators.flatMap(({ secret, backupCodes: pending }) => [
    secret,
    ...(pending ? [pending.key] : []),
  ])
  return [...ofAuthenticators, ...keys]
}

/** The record with one sealed value changed: of the authenticators, that of the first. */
export function withSealed(
  record: SecondFactorRecord,
  place: SealedName,
  change: (sealed: string) => string,
): SecondFactorRecord {
  const changeSet = (set: BackupCodeSetRecord | undefined) => {
    if (!set) throw new Error('There is no such set.')
    return { ...set, key: change(set.key) }
  }
  switch (place) {
    case 'the authenticator':
      return {
        ...record,
        authenticators: record.authenticators.map((one, index) =>
          index === 0 ? { ...one, secret: change(one.secret) } : one,
        ),
      }
    case 'the backup codes':
      return { ...record, backupCodes: changeSet(record.backupCodes) }
    case 'the unconfirmed backup codes':
      return { ...record, unconfirmedBackupCodes: changeSet(record.unconfirmedBackupCodes) }
    case 'the backup codes that were handed out':
      return {
        ...record,
        authenticators: record.authenticators.map((one) =>
          one.verifiedAt === undefined ? { ...one, backupCodes: changeSet(one.backupCodes) } : one,
        ),
      }
  }
}

/** A sealed value with one bit of its last byte changed. */
export function withBitChanged(sealed: string): string {
  const [keyId = '', body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return `${keyId}.${bytes.toString('base64url')}`
}

/** How everything begins that was sealed under a secret. */
export const beginsUnder = (secret: string): string => `${createKeyRing([secret]).newest.id}.`
