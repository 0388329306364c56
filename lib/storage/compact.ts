import { randomBytes } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { StoredEntry } from './adapter.js'

/**
 * What records are made of, the usual last. Only a hint to the compressor: whatever a record holds comes back the same.
 * Stored values depend on every character of it: another one would need a mark other than `1:`.
 */
const DICTIONARY = Buffer.from(
  ',"throttle":{"disabledAt":1,"digits":8,"algorithm":"SHA512""algorithm":"SHA256"' +
    ',"backupCodeThrottle":{,"totpThrottle":{"failures":1,"spent":1,"at":1' +
    ',"unconfirmedBackupCodes":{"id":"","usedAt":{"1":1' +
    '{"schema":1,"epoch":"","authenticators":[{"id":"","secret":"' +
    '","algorithm":"SHA1","digits":6,"period":30,"label":"Authenticator 1"' +
    ',"createdAt":1,"updatedAt":1,"verifiedAt":1,"lastUsedAt":1,"lastStep":6' +
    '}],"backupCodes":{"id":"","key":"","digests":["","","","","","","","","",""],"createdAt":1}}',
)
/** A window of 4 kB sees the whole of a record, and is set up faster than the usual 32 kB; so are chunks of 1 kB. */
const COMPRESSION = { dictionary: DICTIONARY, windowBits: 12, memLevel: 5, chunkSize: 1024 }

/** How every value with this revision begins, and no value with another: the length comes first. */
export const beginning = (revision: string): Buffer =>
  Buffer.from(`1:${Buffer.byteLength(revision)}:${revision}`)

const NONCE_BYTES = 6

/**
 * The entry as bytes: its revision, readable for the comparison, something that no other call of this has, and the
 * record, compressed.
 */
export function compact({ revision, record }: StoredEntry): Buffer {
  const compressed = deflateRawSync(JSON.stringify(record), COMPRESSION)
  return Buffer.concat([beginning(revision), randomBytes(NONCE_BYTES), compressed])
}

/**
 * The entry that `compact` wrote.
 *
 * @throws Error when the bytes are none of its
 */
export function expand(value: Buffer): StoredEntry {
  const [mark, length] = /^1:(\d+):/.exec(value.toString('latin1', 0, 16)) ?? []
  if (mark === undefined) throw new Error('RedisStorage: the stored value is not one of its own.')
  const end = mark.length + Number(length)
  const record = inflateRawSync(value.subarray(end + NONCE_BYTES), COMPRESSION).toString()
  return {
    revision: value.toString('utf8', mark.length, end),
    record: JSON.parse(record) as StoredEntry['record'],
  }
}
