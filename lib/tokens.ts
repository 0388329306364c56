import { randomFillSync } from 'node:crypto'

const BYTES = 12
/** Asked of the operating system for many at a time: a single one costs twenty times as much. */
const supply = Buffer.alloc(128 * BYTES)
let used = supply.length

/** A fresh random value: a revision, an epoch, an id; nothing that is kept secret. 96 bits, so none ever comes twice. */
export function newToken(): string {
  if (used === supply.length) {
    randomFillSync(supply)
    used = 0
  }
  used += BYTES
  return supply.toString('base64url', used - BYTES, used)
}
