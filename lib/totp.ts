import { randomBytes } from 'node:crypto'
import speakeasy from 'speakeasy'
import { encodeBase32 } from './base32.js'
import { constantTimeEqual } from './constant-time.js'
import type { TotpAlgorithm } from './record.js'

/** What an authenticator app has to know of the code beside the secret. */
export interface TotpParameters {
  /** The hash. */
  readonly algorithm: TotpAlgorithm
  /** Digits of a code. */
  readonly digits: number
  /** Seconds in one time step. */
  readonly period: number
}

/** A fresh shared secret from the operating system's generator (RFC 4226 §7.5). */
export const newSecret = (bytes: number): Buffer => randomBytes(bytes)

/**
 * The `otpauth:` key URI. The label is `issuer:account` with each part percent-encoded, so that a colon, a space or a
 * plus sign in an account name stays what it is.
 */
export function keyUri(
  secret: Buffer,
  issuer: string,
  accountName: string,
  parameters: TotpParameters,
): string {
  const { algorithm, digits, period } = parameters
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(accountName)}`
  return (
    `otpauth://totp/${label}?secret=${encodeBase32(secret)}&issuer=${encodeURIComponent(issuer)}` +
    `&algorithm=${algorithm}&digits=${digits}&period=${period}`
  )
}

const SPEAKEASY_NAMES = { SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' } as const

/** speakeasy counts with 32-bit shifts: from this step on its codes are wrong (RFC 6238 §4.2). */
const FIRST_WRONG_STEP = 2 ** 31

/**
 * The newest time step within `window` steps of `now` at which `code` is right, or undefined.
 *
 * The newest, because the caller keeps it as the last step that counted: were the same digits right at two steps, the
 * older one would leave the newer one open for a replay. Every step is computed and compared in constant time, also
 * after a match, so that the time taken tells nothing.
 *
 * @param code - exactly `digits` ASCII digits; anything else matches nothing
 * @param now - epoch milliseconds; time steps count from the epoch (RFC 6238 §4.2, T0 = 0)
 */
export function matchingStep(
  secret: Buffer,
  code: string,
  now: number,
  parameters: TotpParameters & { readonly window: number },
): number | undefined {
  const { algorithm, digits, period, window } = parameters
  if (secret.length === 0 || code.length !== digits || !/^[0-9]+$/.test(code)) return undefined
  const present = Math.floor(now / 1000 / period)
  let newest: number | undefined
  for (let step = Math.max(0, present - window); step <= present + window; step++) {
    if (step >= FIRST_WRONG_STEP) break
    const right = speakeasy.hotp({
      secret: secret as unknown as string,
      counter: step,
      digits,
      algorithm: SPEAKEASY_NAMES[algorithm],
    })
    if (constantTimeEqual(right, code)) newest = step
  }
  return newest
}
