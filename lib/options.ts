import { type BackupCodeFormat, backupCodeFormat } from './backup-codes.js'
import { checkFunction, checkInteger, checkNames, checkRange } from './check.js'
import type { Policy } from './core/policy.js'
import type { ThrottlePolicy } from './core/throttle.js'
import type { SecondFactorEvent } from './events.js'
import { ALGORITHMS, type TotpAlgorithm } from './record.js'
import type { StorageAdapter } from './storage/adapter.js'
import type { TotpParameters } from './totp.js'

/** New TOTP authenticators. Enrolled ones keep the parameters that their app was given. */
export interface TotpOptions {
  /** Default `SHA1`: the only one that every authenticator app follows. */
  readonly algorithm?: TotpAlgorithm
  /** 6 (default), 7 or 8. */
  readonly digits?: number
  /** Seconds in one time step, 15 to 120. Default 30. */
  readonly period?: number
  /**
   * Time steps accepted before and after the present one, 0 to 10. Default 1 (RFC 6238 §5.2). Each one more is two
   * more right codes for a guesser.
   */
  readonly window?: number
  /** Bytes of a shared secret, 16 to 64. Default 20 (RFC 4226 R6). */
  readonly secretBytes?: number
  /** How long an enrolment, or a fresh set of backup codes, waits for its confirmation. Default 600. */
  readonly pendingSeconds?: number
  /** Authenticators that one user may have, 1 to 20. Default 5. */
  readonly maxAuthenticators?: number
}

/** Backup codes: characters of Crockford's base32, 5 bits each. */
export interface BackupCodeOptions {
  /** Codes in a set, 1 to 50. Default 10. */
  readonly count?: number
  /** Characters in a code, 13 to 50. Default 25 (125 bits). Below 23, digests are scrypt's and take their time. */
  readonly length?: number
  /** Characters between two dashes. Default 5. */
  readonly groupLength?: number
  /** Compares a code with an imported digest: `compare` of "bcryptjs" or "bcrypt". Needed for importing such digests. */
  readonly compareBcrypt?: (code: string, digest: string) => Promise<boolean>
}

/** Options of {@link createSecondFactor}. */
export interface SecondFactorOptions {
  /** The name that authenticator apps show. No colon (key URI format). */
  readonly issuer: string
  /** Where the records live. */
  readonly storage: StorageAdapter
  /**
   * What secrets are sealed under: 32 bytes or more. An array is a key ring, the newest first. Undefined is refused,
   * and only has a place in the type so that `process.env` may be passed as it is.
   */
  readonly secret: string | readonly string[] | undefined
  /** New authenticators. */
  readonly totp?: TotpOptions
  /** New sets of backup codes. */
  readonly backupCodes?: BackupCodeOptions
  /** The bounds on guessing. */
  readonly throttle?: Partial<ThrottlePolicy>
  /** How long a browser may be trusted, at most 365 days. Default 30 days; 0 turns trust off. */
  readonly trustedDeviceSeconds?: number
  /** How long one operation may wait for the storage, its retries included. Default 5. */
  readonly storageTimeoutSeconds?: number
  /** The clock, epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number
  /** Told of everything that happened, after it was written. What it throws, or rejects with, changes nothing. */
  readonly onEvent?: (event: SecondFactorEvent) => void | Promise<void>
}

/** The options, checked and complete. */
export interface Settings {
  readonly issuer: string
  readonly storage: StorageAdapter
  readonly secrets: readonly [string, ...string[]]
  readonly totp: TotpParameters & { readonly window: number; readonly secretBytes: number }
  readonly backupCodes: {
    readonly count: number
    readonly format: BackupCodeFormat
    readonly compareBcrypt: BackupCodeOptions['compareBcrypt']
  }
  readonly policy: Policy
  readonly storageTimeoutSeconds: number
  readonly now: () => number
  readonly onEvent: (event: SecondFactorEvent) => void | Promise<void>
}

/**
 * The default bounds on guessing. A year has room for 60 + 52 × 60 wrong codes, three of a million are right at any
 * time: a chance of 0.95 % for somebody who has the password and guesses at full speed.
 */
const THROTTLE: ThrottlePolicy = {
  freeAttempts: 5,
  firstWaitSeconds: 30,
  longestWaitSeconds: 3600,
  weeklyBudget: 60,
  disableAfter: 100,
}

/**
 * A backup code has 65 bits or more, so nobody guesses one. Wrong ones cost a short wait each and nothing that adds up:
 * what somebody else has tried must not keep the owner from the recovery once it stops.
 */
const UNGUESSABLE = { weeklyBudget: Number.MAX_SAFE_INTEGER }
const MINIMUM_SECRET_BYTES = 32
const THIRTY_DAYS = 30 * 86_400
const A_YEAR = 365 * 86_400

/**
 * Read the options once.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function readOptions(options: SecondFactorOptions): Settings {
  const caller = 'createSecondFactor'
  checkNames(caller, options, [
    'issuer',
    'storage',
    'secret',
    'totp',
    'backupCodes',
    'throttle',
    'trustedDeviceSeconds',
    'storageTimeoutSeconds',
    'now',
    'onEvent',
  ])
  const totp = readTotp(options.totp ?? {})
  const { count, length, groupLength, compareBcrypt } = readBackupCodes(options.backupCodes ?? {})
  const throttle = readThrottle(options.throttle ?? {}, totp.maxAuthenticators)
  const format = backupCodeFormat(length, groupLength)
  const { now = Date.now, onEvent = () => undefined, storageTimeoutSeconds = 5 } = options
  const { trustedDeviceSeconds = THIRTY_DAYS } = options
  checkInteger(caller, 'trustedDeviceSeconds', trustedDeviceSeconds, 0, A_YEAR)
  checkFunction(caller, 'now', now)
  checkFunction(caller, 'onEvent', onEvent)
  return {
    issuer: readIssuer(options.issuer),
    storage: readStorage(options.storage),
    secrets: readSecrets(options.secret),
    totp,
    backupCodes: { count, format, compareBcrypt },
    policy: {
      pendingSeconds: totp.pendingSeconds,
      maxAuthenticators: totp.maxAuthenticators,
      totpThrottle: throttle,
      backupCodeThrottle: { ...throttle, ...UNGUESSABLE, longestWaitSeconds: throttle.firstWaitSeconds },
      trustedDeviceSeconds,
    },
    storageTimeoutSeconds: checkRange(caller, 'storageTimeoutSeconds', storageTimeoutSeconds, 0.05, 60),
    now,
    onEvent,
  }
}

function readIssuer(issuer: unknown): string {
  if (typeof issuer !== 'string' || issuer.trim() === '' || /:|\p{Cs}/u.test(issuer)) {
    throw new TypeError(
      'createSecondFactor: issuer must be a name without a colon, as authenticator apps show it.',
    )
  }
  if (encodeURIComponent(issuer).length > 256) throw new TypeError('createSecondFactor: issuer is too long.')
  return issuer
}

function readStorage(storage: Partial<StorageAdapter> | undefined): StorageAdapter {
  for (const method of ['read', 'insert', 'replace', 'remove'] as const) {
    if (typeof storage?.[method] !== 'function') {
      throw new TypeError(`createSecondFactor: storage must be a StorageAdapter (it has no ${method}()).`)
    }
  }
  return storage as StorageAdapter
}

function readSecrets(secret: unknown): readonly [string, ...string[]] {
  const secrets: readonly unknown[] = Array.isArray(secret) ? secret : [secret]
  const [newest, ...older] = secrets.map((one) => {
    if (typeof one !== 'string' || Buffer.byteLength(one) < MINIMUM_SECRET_BYTES) {
      throw new TypeError(
        `createSecondFactor: secret must be a string of ${MINIMUM_SECRET_BYTES} bytes or more, or an array of such, newest first.`,
      )
    }
    return one
  })
  if (newest === undefined) throw new TypeError('createSecondFactor: secret must not be an empty array.')
  return [newest, ...older]
}

function readTotp(options: TotpOptions): Required<TotpOptions> {
  const caller = 'createSecondFactor: totp'
  const totp = {
    algorithm: 'SHA1' as TotpAlgorithm,
    digits: 6,
    period: 30,
    window: 1,
    secretBytes: 20,
    pendingSeconds: 600,
    maxAuthenticators: 5,
  }
  checkNames(caller, options, Object.keys(totp))
  Object.assign(totp, options)
  if (!ALGORITHMS.includes(totp.algorithm)) {
    throw new TypeError(`${caller}: algorithm must be one of ${ALGORITHMS.join(', ')}.`)
  }
  checkInteger(caller, 'digits', totp.digits, 6, 8)
  checkInteger(caller, 'period', totp.period, 15, 120)
  checkInteger(caller, 'window', totp.window, 0, 10)
  checkInteger(caller, 'secretBytes', totp.secretBytes, 16, 64)
  checkInteger(caller, 'pendingSeconds', totp.pendingSeconds, 30, 86_400)
  checkInteger(caller, 'maxAuthenticators', totp.maxAuthenticators, 1, 20)
  return totp
}

function readBackupCodes(options: BackupCodeOptions) {
  const caller = 'createSecondFactor: backupCodes'
  const backupCodes = { count: 10, length: 25, groupLength: 5, compareBcrypt: options.compareBcrypt }
  checkNames(caller, options, Object.keys(backupCodes))
  Object.assign(backupCodes, options)
  checkInteger(caller, 'count', backupCodes.count, 1, 50)
  // 64 bits or more (NIST SP 800-63B-4 §4.2), and longer than any TOTP code, so that its form tells the two apart.
  checkInteger(caller, 'length', backupCodes.length, 13, 50)
  checkInteger(caller, 'groupLength', backupCodes.groupLength, 1, 50)
  if (backupCodes.compareBcrypt) checkFunction(caller, 'compareBcrypt', backupCodes.compareBcrypt)
  return backupCodes
}

function readThrottle(options: Partial<ThrottlePolicy>, maxAuthenticators: number): ThrottlePolicy {
  const caller = 'createSecondFactor: throttle'
  checkNames(caller, options, Object.keys(THROTTLE))
  const throttle = { ...THROTTLE, ...options }
  checkInteger(caller, 'freeAttempts', throttle.freeAttempts, 1, 100)
  checkInteger(caller, 'firstWaitSeconds', throttle.firstWaitSeconds, 1, 3600)
  checkInteger(caller, 'longestWaitSeconds', throttle.longestWaitSeconds, throttle.firstWaitSeconds, 86_400)
  // One guess is charged once for each authenticator that it was tried against: a budget below that admits none.
  checkInteger(caller, 'weeklyBudget', throttle.weeklyBudget, maxAuthenticators, 10_000)
  checkInteger(caller, 'disableAfter', throttle.disableAfter, throttle.freeAttempts, 100)
  return throttle
}
