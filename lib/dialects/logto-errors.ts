import type { Response } from 'express'
import { type Answer, isProblem } from '../express/endpoints.js'
import { detailOf, prepare, type Problem, type ProblemCode, setRetryAfter } from '../express/problem.js'

/**
 * Every error, in one place. Clients look at the code; the sentences are ours.
 *
 * Confirmed: Logto's source has the code, with this status, for this occasion.
 */
const CONFIRMED = {
  'session.mfa.invalid_totp_code': [400, 'This TOTP code does not count.'],
  'session.mfa.invalid_backup_code': [400, 'This backup code does not count.'],
  'session.mfa.mfa_factor_not_enabled': [400, 'There is no such factor here.'],
  'session.verification_failed': [400, 'The code of this secret has not been shown yet.'],
  'session.verification_blocked_too_many_attempts': [400, 'Too many wrong codes.'],
  'user.totp_secret_invalid': [400, 'The secret must be 16 to 32 upper-case base32 characters.'],
  'auth.unauthorized': [401, 'These credentials do not reach.'],
  'session.mfa.require_mfa_verification': [403, 'This session has to show the second factor first.'],
  'session.identifier_not_found': [404, 'Sign in first.'],
  'session.verification_session_not_found': [404, 'There is no such verification, or not any more.'],
  'entity.not_found': [404, 'There is no such thing here.'],
  'session.mfa.backup_code_can_not_be_alone': [422, 'Backup codes need a TOTP authenticator beside them.'],
  'user.totp_already_in_use': [422, 'There is a TOTP authenticator already.'],
  'user.backup_code_already_in_use': [422, 'There are backup codes already.'],
  'user.wrong_backup_code_format': [422, 'codes must be ten different texts of ten lower-case hex digits.'],
} as const satisfies LogtoErrors

/** Chosen here: the first two are codes of Logto's for the like, the third is none of Logto's. */
const CHOSEN = {
  'guard.invalid_input': [400, 'The request is not what this endpoint takes.'],
  'auth.forbidden': [403, 'The request came from another site.'],
  unavailable: [503, 'This cannot be decided now. Try again.'],
} as const satisfies LogtoErrors

type LogtoErrors = Readonly<Record<string, readonly [status: number, message: string]>>

const ERRORS = { ...CONFIRMED, ...CHOSEN }

/**
 * The stable `code` of an answer that is not success. Logto's source has each of them, with its status, but for
 * `guard.invalid_input`, `auth.forbidden` and `unavailable`, which were chosen here.
 */
export type LogtoErrorCode = keyof typeof ERRORS

/** An answer that is not success, as Logto's clients read it. */
export interface LogtoErrorBody {
  readonly message: string
  readonly code: LogtoErrorCode
  readonly data?: object
  readonly details?: string
}

/** What the problems of the endpoints are called. */
const CODES: Readonly<Record<ProblemCode, LogtoErrorCode>> = {
  invalid_request: 'guard.invalid_input',
  unsupported_media_type: 'guard.invalid_input',
  invalid_code: 'session.mfa.invalid_totp_code',
  locked: 'session.verification_blocked_too_many_attempts',
  authenticator_disabled: 'session.verification_blocked_too_many_attempts',
  not_authenticated: 'session.identifier_not_found',
  second_factor_required: 'session.mfa.require_mfa_verification',
  fresh_second_factor_required: 'session.mfa.require_mfa_verification',
  cross_site_request: 'auth.forbidden',
  not_found: 'session.verification_session_not_found',
  enrolment_expired: 'session.verification_session_not_found',
  // Nothing but backup codes asks for an authenticator that is there.
  enrolment_required: 'session.mfa.backup_code_can_not_be_alone',
  not_enrolled: 'session.mfa.backup_code_can_not_be_alone',
  already_verified: 'user.totp_already_in_use',
  too_many_authenticators: 'user.totp_already_in_use',
  unavailable: 'unavailable',
}

/** Refuse. */
export function refusal(
  code: LogtoErrorCode,
  more: Partial<LogtoErrorBody> = {},
): { readonly status: number; readonly body: LogtoErrorBody } {
  const [status, message] = ERRORS[code]
  return { status, body: { message, code, ...more } }
}

/** Answer, in Logto's shape where it is a problem. */
export function sendAnswer(res: Response, answer: Answer): void {
  prepare(res)
  if (isProblem(answer)) setRetryAfter(res, answer)
  const { status, body } = isProblem(answer) ? refusalOf(answer) : answer
  res.status(status)
  if (body) res.json(body)
  else res.end()
}

function refusalOf(problem: Problem) {
  const { code, detail, retryAfterSeconds } = problem
  if (retryAfterSeconds !== undefined) {
    return refusal(CODES[code], { message: `Too many wrong codes. Try again ${fromNow(retryAfterSeconds)}.` })
  }
  if (code === 'authenticator_disabled') return refusal(CODES[code], { message: detailOf(problem) })
  if (code === 'unsupported_media_type') return refusal(CODES[code], { details: 'Send application/json.' })
  return refusal(CODES[code], detail === undefined ? {} : { details: detail })
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const
const relativeTime = new Intl.RelativeTimeFormat('en')

/** `in 5 minutes`: never sooner than it is. */
function fromNow(seconds: number): string {
  const [unit, length] = UNITS.find(([, least]) => seconds >= least) ?? (['second', 1] as const)
  return relativeTime.format(Math.ceil(seconds / length), unit)
}
