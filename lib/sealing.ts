import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { SecondFactorError } from './errors.js'

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

/** Sealing under keys derived from the application's secrets, newest first (AES-256-GCM, HKDF-SHA-256). */
export function createSealing(secrets: readonly [string, ...string[]]): Sealing {
  const [newest, ...older] = secrets
  const newestKey = deriveKey(newest)
  const keys = new Map([newestKey, ...older.map(deriveKey)].map((key) => [key.id, key]))

  return {
    seal(plaintext, place) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, newestKey.bytes, nonce).setAAD(associatedData(place))
      const sealed = [nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]
      return `${newestKey.id}.${Buffer.concat(sealed).toString('base64url')}`
    },

    open(sealed, place) {
      const [keyId = '', body = '', ...more] = sealed.split('.')
      const key = keys.get(keyId)
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
        const decipher = createDecipheriv(CIPHER, key.bytes, bytes.subarray(0, NONCE_BYTES), {
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
    },
  }
}

/** JSON keeps the parts apart, whatever characters a user id has. */
const associatedData = ({ userId, kind, id }: SealedPlace) => Buffer.from(JSON.stringify([kind, userId, id]))

function deriveKey(secret: string): { readonly id: string; readonly bytes: Buffer } {
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `express-2fa ${purpose}`, bytes))
  return { id: derive('key id', 6).toString('base64url'), bytes: derive('sealing', 32) }
}
