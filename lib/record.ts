import { SecondFactorError } from './errors.js'

/** The hash inside HMAC, as RFC 6238 §1.2 and the key URI format name it. */
export type TotpAlgorithm = 'SHA1' | 'SHA256' | 'SHA512'

export const ALGORITHMS: readonly TotpAlgorithm[] = ['SHA1', 'SHA256', 'SHA512']

/** How wrong codes have been charged. Absent where nothing is owed. */
export interface ThrottleState {
  /** Wrong codes since the last right one. */
  readonly failures: number
  /** What of the rolling budget was used up at the instant `at`. */
  readonly spent: number
  /** The latest wrong code, epoch milliseconds. */
  readonly at: number
}

/** One TOTP authenticator of a user. Pending until a first code has confirmed it (`verifiedAt`). */
export interface AuthenticatorRecord {
  /** Random. */
  readonly id: string
  /** What its owner calls it. */
  readonly label: string
  /** The shared secret, sealed (see `sealing.ts`). */
  readonly secret: string
  /** As its app was given it. */
  readonly algorithm: TotpAlgorithm
  /** Digits of a code. */
  readonly digits: number
  /** Seconds in one time step. */
  readonly period: number
  /** Epoch milliseconds, as all instants here. */
  readonly createdAt: number
  /** When it was last changed. */
  readonly updatedAt: number
  /** When its first code came. */
  readonly verifiedAt?: number
  /** Set when too many consecutive wrong codes disabled it (NIST SP 800-63B-4 §3.2.2). */
  readonly disabledAt?: number
  /** When a code of it last counted. */
  readonly lastUsedAt?: number
  /** The newest time step that counted. Steps up to it never count again (RFC 6238 §5.2). */
  readonly lastStep?: number
  /** Wrong confirmation codes, while pending. */
  readonly throttle?: ThrottleState
  /** When it stops waiting for its confirmation, where it was given a time of its own. Gone once confirmed. */
  readonly pendingUntil?: number
  /** Backup codes that were handed out with it. They count from its confirmation on, and are moved then. */
  readonly backupCodes?: BackupCodeSetRecord
  /** Imported with a secret of less than 128 bits (RFC 4226 R6). */
  readonly weak?: true
}

/** One set of backup codes. Only digests are kept. */
export interface BackupCodeSetRecord {
  /** Random. */
  readonly id: string
  /** The set's own digest key, sealed. */
  readonly key: string
  /** Of each code, used ones included. */
  readonly digests: readonly string[]
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** When the code at an index of `digests` was used, epoch milliseconds. */
  readonly usedAt?: Readonly<Record<string, number>>
  /** Codes of another system, in its own form: their digests are scrypt's, or still that system's bcrypt. */
  readonly imported?: true
}

/** One browser that its owner trusts for a while. Only digests of its token are kept. */
export interface TrustedDeviceRecord {
  /** Random. */
  readonly id: string
  /** What its owner knows it by. */
  readonly label: string
  /** Of the present token. */
  readonly digest: string
  /** The digest of the token before, until the browser can be expected to have the new one. */
  readonly previousDigest?: string
  /** When the present token was handed out. */
  readonly rotatedAt: number
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** When trust ends. */
  readonly expiresAt: number
}

/**
 * All second-factor state of one user: plain JSON, replaced as a whole. Storage adapters treat it as opaque.
 */
export interface SecondFactorRecord {
  /** The form of the record. */
  readonly schema: 1
  /** Session marks are bound to it; a new epoch voids them. */
  readonly epoch: string
  /** Pending ones included. */
  readonly authenticators: readonly AuthenticatorRecord[]
  /** The set in force. */
  readonly backupCodes?: BackupCodeSetRecord
  /** A fresh set that its owner has not yet said to have saved. Its codes do not count. */
  readonly unconfirmedBackupCodes?: BackupCodeSetRecord
  /** Wrong TOTP codes. */
  readonly totpThrottle?: ThrottleState
  /** Wrong backup codes. */
  readonly backupCodeThrottle?: ThrottleState
  /** The browsers that are trusted. */
  readonly trustedDevices?: readonly TrustedDeviceRecord[]
}

/** The one schema that this version writes. */
export const RECORD_SCHEMA = 1

/**
 * Take a record as a storage handed it over. Earlier schemas would be upgraded here; a later or a damaged one is
 * refused, because guessing at half-understood state would fail open. Members it does not know are kept.
 *
 * @throws {SecondFactorError} `record_invalid`
 */
export function parseRecord(value: unknown): SecondFactorRecord {
  if (!isRecord(value)) {
    throw new SecondFactorError(
      'record_invalid',
      'The stored record has a shape or a schema that this version does not know.',
    )
  }
  return value as SecondFactorRecord
}

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const integer =
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
const count = integer(0, 1e9)
/** Epoch milliseconds, up to the year 9999. */
const instant: Check = (value) =>
  Number.isFinite(value) && Number(value) >= 0 && Number(value) < 253_402_300_800_000
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const shape = (members: Readonly<Record<string, Check>>): Check => {
  const checks = Object.entries(members)
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    checks.every(([name, check]) => check((value as Record<string, unknown>)[name]))
}

const isThrottle = shape({
  failures: count,
  spent: (value) => Number.isFinite(value) && Number(value) >= 0 && Number(value) <= 1e6,
  at: instant,
})

const isBackupCodeSet = shape({
  id: text,
  key: text,
  digests: listOf(text),
  createdAt: instant,
  usedAt: optional((value) => shape({})(value) && Object.values(value as object).every(instant)),
  imported: optional((value) => value === true),
})

const isAuthenticator = shape({
  id: text,
  label: text,
  secret: text,
  algorithm: (value) => ALGORITHMS.includes(value as TotpAlgorithm),
  digits: integer(6, 8),
  period: integer(1, 3600),
  createdAt: instant,
  updatedAt: instant,
  verifiedAt: optional(instant),
  disabledAt: optional(instant),
  lastUsedAt: optional(instant),
  lastStep: optional(integer(0, Number.MAX_SAFE_INTEGER)),
  throttle: optional(isThrottle),
  pendingUntil: optional(instant),
  backupCodes: optional(isBackupCodeSet),
  weak: optional((value) => value === true),
})

const isTrustedDevice = shape({
  id: text,
  label: text,
  digest: text,
  previousDigest: optional(text),
  rotatedAt: instant,
  createdAt: instant,
  expiresAt: instant,
})

const isRecord = shape({
  schema: (value) => value === RECORD_SCHEMA,
  epoch: (value) => text(value) && value !== '',
  authenticators: listOf(isAuthenticator),
  backupCodes: optional(isBackupCodeSet),
  unconfirmedBackupCodes: optional(isBackupCodeSet),
  totpThrottle: optional(isThrottle),
  backupCodeThrottle: optional(isThrottle),
  trustedDevices: optional(listOf(isTrustedDevice)),
})
