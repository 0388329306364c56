import { hkdfSync } from 'node:crypto'

/** What is derived from one of the application's secrets. */
export interface Key {
  /** Says which key it is, and nothing of it. */
  readonly id: string
  /** For encryption. */
  readonly sealing: Buffer
  /** For keyed digests. */
  readonly digesting: Buffer
}

/** The keys of an application: the newest does everything new, the others know what was done before. */
export interface KeyRing {
  readonly newest: Key
  byId(id: string): Key | undefined
}

/** Derive all keys once (HKDF-SHA-256, RFC 5869). */
export function createKeyRing([newest, ...older]: readonly [string, ...string[]]): KeyRing {
  const newestKey = deriveKey(newest)
  const keys = new Map([newestKey, ...older.map(deriveKey)].map((key) => [key.id, key]))
  return { newest: newestKey, byId: (id) => keys.get(id) }
}

function deriveKey(secret: string): Key {
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `express-2fa ${purpose}`, bytes))
  return {
    id: derive('key id', 6).toString('base64url'),
    sealing: derive('sealing', 32),
    digesting: derive('device tokens', 32),
  }
}
