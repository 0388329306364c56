import { createHmac, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { constantTimeEqual } from './constant-time.js'

/** How backup codes look, and how they are kept. */
export interface BackupCodeFormat {
  /** Entropy of one code. */
  readonly bits: number
  /** A fresh code: as a person reads it, and its own characters. */
  generate(): { readonly code: string; readonly normalised: string }
  /** What was typed as the code's own characters, or undefined when it cannot be a backup code. */
  normalise(typed: string): string | undefined
  /**
   * What is stored of a code.
   *
   * @param normalised - as `normalise` returns it
   * @param key - the set's own random key; the salt for slow digests
   */
  digest(normalised: string, key: Buffer): Promise<string>
}

/** Crockford's base32: no I, L, O, U; 5 bits a character. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const BITS_PER_CHARACTER = 5
/** From here on a keyed hash is enough (NIST SP 800-63B-4 §3.1.2.2, OWASP ASVS 6.5.2); below, a password hash. */
const FAST_DIGEST_BITS = 112
const DIGEST_BYTES = 16

const scryptAsync = promisify<string, Buffer, number, Buffer>(scrypt)

/**
 * Backup codes of `length` characters, written in groups of `groupLength`.
 *
 * A digest is 128 bits, either way: HMAC-SHA-256 (RFC 2104 §5 allows half), or scrypt where a code has less than
 * 112 bits of entropy.
 */
export function backupCodeFormat(length: number, groupLength: number): BackupCodeFormat {
  const bits = length * BITS_PER_CHARACTER
  const wellFormed = new RegExp(`^[${ALPHABET}]{${length}}$`)
  const groupEnds = new RegExp(`.{${groupLength}}(?=.)`, 'g')
  return {
    bits,
    generate() {
      const bytes = randomBytes(length)
      const normalised = Array.from(bytes, (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('')
      return { normalised, code: normalised.replace(groupEnds, '$&-') }
    },
    normalise(typed) {
      // Other alphabets have letters whose upper case is an ASCII one.
      if (!/^[0-9A-Za-z\s-]*$/.test(typed)) return undefined
      const normalised = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
      return wellFormed.test(normalised) ? normalised : undefined
    },
    async digest(normalised, key) {
      if (bits < FAST_DIGEST_BITS) return slowDigest(normalised, key)
      const digest = createHmac('sha256', key).update(normalised).digest()
      return digest.subarray(0, DIGEST_BYTES).toString('base64url')
    },
  }
}

/** What a code of another system may look like, without what people put between its characters, in one case. */
export function normaliseForeign(typed: string): string | undefined {
  const characters = typed.replace(/[\s-]/g, '')
  // Before the case is changed: other alphabets have letters whose lower case is an ASCII one.
  return /^[A-Za-z0-9]{8,64}$/.test(characters) ? characters.toLowerCase() : undefined
}

/** A digest of bcrypt, as other systems keep backup codes; with more than 16 rounds, one comparison takes seconds. */
export const isBcrypt = (digest: string): boolean =>
  /^\$2[aby]\$(?:0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/.test(digest)

/** What is stored of a code of another system, whose entropy nobody knows: always a password hash. */
export const slowDigest = async (normalised: string, key: Buffer): Promise<string> =>
  (await scryptAsync(normalised, key, DIGEST_BYTES)).toString('base64url')

/** Where a digest stands in a set, each compared in constant time and none left out; undefined when it is not there. */
export function indexOfDigest(digests: readonly string[], digest: string): number | undefined {
  let found: number | undefined
  digests.forEach((candidate, index) => {
    if (constantTimeEqual(candidate, digest)) found = index
  })
  return found
}
