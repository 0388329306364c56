import { randomBytes } from 'node:crypto'
import type { StoredEntry } from './adapter.js'
import { pack, unpack } from './pack.js'

/** How every value with this revision begins, and no value with another: the length comes first. */
export const beginning = (revision: string): Buffer =>
  Buffer.from(`1:${Buffer.byteLength(revision)}:${revision}`)

const NONCE_BYTES = 6

/**
 * The entry as bytes: its revision, readable for the comparison, something that no other call of this has, and the
 * record, packed.
 */
export function compact({ revision, record }: StoredEntry): Buffer {
  return Buffer.concat([beginning(revision), randomBytes(NONCE_BYTES), pack(JSON.stringify(record))])
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
  return {
    revision: value.toString('utf8', mark.length, end),
    record: JSON.parse(unpack(value.subarray(end + NONCE_BYTES))) as StoredEntry['record'],
  }
}
