import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { SecondFactorError } from './errors.js'
import type { KeyRing } from './key-ring.js'

/** Encryption at rest (RFC 6238 §5.1), bound to where the value belongs. */
export interface Sealing {
  /**
   * Encrypt under the newest key. The place (user, kind, id) is authenticated with it: the value opens nowhere else.
   */
  seal(plaintext: Uint8Array, place: SealedPlace): string
  /**
   * Decrypt under whichever known key sealed it.
   *
   * @throws {SecondFactorError} `sealing_key_missing` when that key is not known any more, `sealed_value_rejected`
   * when the value was changed or belongs to another place
   */
  open(sealed: string, place: SealedPlace): Buffer
  /**
   * The same value under the newest key; as it is, where it is under that already. It is opened in either case.
   *
   * @throws {SecondFactorError} as `open` does
   */
  renew(sealed: string, place: SealedPlace): string
  /** Whether it says itself that it is under another key than the newest. */
  readonly isStale: (sealed: string) => boolean
}

/** Where a sealed value belongs. */
export interface SealedPlace {
  readonly userId: string
  readonly kind: 'totp' | 'backup-codes'
  readonly id: string
}

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Sealing under the keys of the ring (AES-256-GCM). */
export function createSealing(keys: KeyRing): Sealing {
  function seal(plaintext: Uint8Array, place: SealedPlace): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, keys.newest.sealing, nonce).setAAD(associatedData(place))
    const sealed = [nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]
    return `${keys.newest.id}.${Buffer.concat(sealed).toString('base64url')}`
  }

  function open(sealed: string, place: SealedPlace): Buffer {
    const [keyId = '', body = '', ...more] = sealed.split('.')
    const key = keys.byId(keyId)
    if (!key) {
      throw new SecondFactorError(
        'sealing_key_missing',
        'A value was sealed under a key that is not among the `secret` option.',
      )
    }
    const bytes = Buffer.from(body, 'base64url')
    try {
      // Decoders overlook what they cannot read. Here nothing is overlooked: one value, one way to write it.
      if (more.length > 0 || bytes.toString('base64url') !== body) throw new Error('not canonical')
      const decipher = createDecipheriv(CIPHER, key.sealing, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(associatedData(place))
        .setAuthTag(bytes.subarray(-TAG_BYTES))
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
    } catch (cause) {
      throw new SecondFactorError(
        'sealed_value_rejected',
        'A sealed value was changed, or belongs to another user.',
        { cause },
      )
    }
  }

  const isStale = (sealed: string) => !sealed.startsWith(`${keys.newest.id}.`)

  return {
    seal,
    open,
    isStale,
    renew(sealed, place) {
      const plaintext = open(sealed, place)
      return isStale(sealed) ? seal(plaintext, place) : sealed
    },
  }
}

/** JSON keeps the parts apart, whatever characters a user id has. */
const associatedData = ({ userId, kind, id }: SealedPlace) => Buffer.from(JSON.stringify([kind, userId, id]))
