import { inTheReadme } from './misconfiguration.js'

/**
 * What went wrong around a decision, never the decision itself.
 *
 * - `storage_unavailable`: the storage rejected; the reason is `cause`
 * - `storage_timeout`: the storage did not answer within `storageTimeoutSeconds`
 * - `storage_contention`: other writers won every retry
 * - `record_invalid`: the stored record is damaged, or of a later schema
 * - `sealing_key_missing`: a secret was sealed under a key that is not among `secret` any more
 * - `sealed_value_rejected`: a sealed value was changed, or moved from another user or place
 * - `session_unsupported`: no session on the request, or one that cannot be regenerated (cookie-session)
 * - `session_unavailable`: the session store failed while the session was renewed; the reason is `cause`
 * - `user_exposed`: the held user is still visible through the `user` option
 * - `hold_misplaced`: `holdForSecondFactor` stands in front of the session or of `passport.session()`, where there is nobody
 *   to hold
 * - `identity_mismatch`: two parts of the application give one user two ids
 */
export type SecondFactorErrorCode =
  | 'storage_unavailable'
  | 'storage_timeout'
  | 'storage_contention'
  | 'record_invalid'
  | 'sealing_key_missing'
  | 'sealed_value_rejected'
  | 'session_unsupported'
  | 'session_unavailable'
  | 'user_exposed'
  | 'hold_misplaced'
  | 'identity_mismatch'

/** The application is put together wrongly: no time will heal it. */
export const MISCONFIGURED = [
  'session_unsupported',
  'user_exposed',
  'hold_misplaced',
  'identity_mismatch',
] as const satisfies readonly SecondFactorErrorCode[]

/** Seconds after which a client may try again when infrastructure failed. */
export const RETRY_AFTER_SECONDS = 2

/**
 * The one error class of this package: infrastructure failed, so nothing was decided. Expected outcomes (a wrong
 * code, a lock) are returned, never thrown; wrong options are a `TypeError` when the object is made.
 *
 * Express' error handling reads `status` and `headers`: 503 with `Retry-After` for failures that pass, 500 for a
 * misconfigured application. No message holds a code, a secret or a key.
 */
export class SecondFactorError extends Error {
  /** Always `SecondFactorError`. */
  override readonly name = 'SecondFactorError'
  /** What failed; stable. */
  readonly code: SecondFactorErrorCode
  /** 503 for what passes, 500 for what does not. */
  readonly status: 500 | 503
  /** `Retry-After`, with 503. */
  readonly headers: Readonly<Record<string, string>>

  constructor(code: SecondFactorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.status = MISCONFIGURED.some((one) => one === code) ? 500 : 503
    this.headers = this.status === 503 ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {}
  }
}

/** The error of an application that is put together wrongly; it says where to read on. */
export const misconfigured = (code: (typeof MISCONFIGURED)[number], message: string): SecondFactorError =>
  new SecondFactorError(code, `${message} ${inTheReadme(code)}`)
