import { createHmac, randomBytes } from 'node:crypto'
import { constantTimeEqual } from './constant-time.js'
import type { KeyRing } from './key-ring.js'
import { newToken } from './tokens.js'

/** The tokens of trusted browsers: the id of the device, a dot, and a random part. Only digests of them are kept. */
export interface DeviceTokens {
  /** A token for a device that there is, or for a new one. */
  issue(userId: string, id?: string): { readonly id: string; readonly token: string; readonly digest: string }
  /** Whether the digest is this token's, of this user, under whichever key of the ring. */
  matches(userId: string, token: string, digest: string): boolean
  /** Whether the digest was made under a key of the ring, so that a token that does not match is another one. */
  knows(digest: string): boolean
}

const RANDOM_BYTES = 32

/** Digests are keyed and bound to the user (HMAC-SHA-256): one that was moved to another user's record fits nothing. */
export function createDeviceTokens(keys: KeyRing): DeviceTokens {
  const digestOf = (userId: string, token: string, { id, digesting }: KeyRing['newest']): string =>
    `${id}.${createHmac('sha256', digesting)
      .update(JSON.stringify([userId, token]))
      .digest('base64url')}`

  const keyOf = (digest: string) => keys.byId(digest.split('.', 1)[0] ?? '')

  return {
    issue(userId, id = newToken()) {
      const token = `${id}.${randomBytes(RANDOM_BYTES).toString('base64url')}`
      return { id, token, digest: digestOf(userId, token, keys.newest) }
    },
    matches(userId, token, digest) {
      const key = keyOf(digest)
      return key !== undefined && constantTimeEqual(digestOf(userId, token, key), digest)
    },
    knows: (digest) => keyOf(digest) !== undefined,
  }
}

/** The id of the device that a token speaks of, or undefined when it can be no token. */
export const deviceIdOf = (token: unknown): string | undefined =>
  typeof token === 'string' && token.length <= 128 ? /^([\w-]+)\.[\w-]+$/.exec(token)?.[1] : undefined
