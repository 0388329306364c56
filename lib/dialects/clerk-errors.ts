import type { Response } from 'express'
import { type Answer, isProblem } from '../express/endpoints.js'
import { requestId } from '../express/origin.js'
import { prepare, type Problem, type ProblemCode, setRetryAfter } from '../express/problem.js'

/**
 * Every error, in one place. Clients look at the code; the sentences are ours.
 *
 * Confirmed: Clerk's own documents have the code, with this status. Two occasions are our choice: Clerk may well answer
 * with `authentication_invalid` where the Authorization header is absent, and with `user_locked` where too many codes for
 * a new secret were wrong.
 */
const CONFIRMED = {
  request_body_invalid: [400, 'Invalid body', 'The body is not what this endpoint takes.'],
  totp_disabled: [400, 'No TOTP', 'The user has no TOTP authenticator that is verified.'],
  totp_already_enabled: [
    400,
    'TOTP is on already',
    'There is a verified TOTP authenticator. Delete it first.',
  ],
  backup_codes_not_available: [400, 'No backup codes', 'Backup codes need a verified TOTP authenticator.'],
  verification_missing: [400, 'Nothing to verify', 'Create a TOTP secret first, then send its code.'],
  verification_expired: [400, 'Expired', 'The TOTP secret was not verified in time. Create another one.'],
  verification_already_verified: [400, 'Verified already', 'The TOTP authenticator counts already.'],
  /** For a new secret alone: another one can be created at once, which is why no account is locked by it. */
  verification_failed: [400, 'Too many wrong codes', 'Too many wrong codes for this TOTP secret.'],
  authentication_invalid: [401, 'Not signed in', 'Sign in first.'],
  authorization_header_format_invalid: [401, 'No secret key', 'Send the header Authorization: Bearer sk_….'],
  clerk_key_invalid: [401, 'Unknown secret key', 'The secret key is none of this application.'],
  session_reverification_required: [403, 'Verify again', 'This session has to show the second factor first.'],
  user_locked: [403, 'Locked', 'Too many wrong codes. Another authenticator or a backup code is needed.'],
  resource_not_found: [404, 'Not found', 'There is no such thing here.'],
  resource_locked: [409, 'Changed meanwhile', 'Somebody else has changed this at the same time. Try again.'],
  unsupported_content_type: [415, 'Unsupported type', 'The Content-Type is none that this endpoint takes.'],
  form_param_missing: [422, 'Missing', 'The parameter code is missing.'],
  form_code_incorrect: [422, 'Incorrect', 'This code does not count.'],
  totp_incorrect_code: [422, 'Incorrect', 'This code does not count.'],
  totp_invalid_length: [422, 'No code', 'code must be the digits of an authenticator, or a backup code.'],
} as const satisfies ClerkErrorTable

/** Chosen here: Clerk has the first one for whatever is forbidden, and no documented one for an outage. */
const CHOSEN = {
  authorization_invalid: [403, 'Another site', 'The request came from another site.'],
  service_unavailable: [503, 'Unavailable', 'This cannot be decided now. Try again.'],
} as const satisfies ClerkErrorTable

type ClerkErrorTable = Readonly<
  Record<string, readonly [status: number, message: string, longMessage: string]>
>

const ERRORS = { ...CONFIRMED, ...CHOSEN }

/**
 * The stable `code` of an answer that is not success. Clerk's own documents have each of them, with its status, but for
 * `authorization_invalid` and `service_unavailable`, which were chosen here.
 */
export type ClerkErrorCode = keyof typeof ERRORS

/** What the problems of an endpoint are called, where it calls them otherwise. */
export type ClerkProblemNames = Readonly<Partial<Record<ProblemCode, ClerkErrorCode>>>

const CODES: Readonly<Record<ProblemCode, ClerkErrorCode>> = {
  invalid_request: 'request_body_invalid',
  unsupported_media_type: 'unsupported_content_type',
  invalid_code: 'form_code_incorrect',
  locked: 'user_locked',
  authenticator_disabled: 'user_locked',
  not_authenticated: 'authentication_invalid',
  second_factor_required: 'session_reverification_required',
  fresh_second_factor_required: 'session_reverification_required',
  cross_site_request: 'authorization_invalid',
  not_found: 'resource_not_found',
  enrolment_required: 'resource_not_found',
  not_enrolled: 'totp_disabled',
  already_verified: 'verification_already_verified',
  enrolment_expired: 'verification_expired',
  too_many_authenticators: 'totp_already_enabled',
  unavailable: 'service_unavailable',
}

/** The errors that are about the one parameter there is, which clients then mark. */
const ABOUT_THE_CODE: readonly ClerkErrorCode[] = [
  'form_param_missing',
  'form_code_incorrect',
  'totp_incorrect_code',
  'totp_invalid_length',
]

interface Refused {
  readonly status: number
  readonly body: { readonly errors: readonly object[] }
}

/** Refuse. */
export function refusal(code: ClerkErrorCode, retryAfterSeconds?: number): Refused {
  const [status, message, longMessage] = ERRORS[code]
  const again = retryAfterSeconds === undefined ? undefined : `Try again in ${timeOf(retryAfterSeconds)}.`
  const meta = {
    ...(ABOUT_THE_CODE.includes(code) && { param_name: 'code' }),
    ...(code === 'user_locked' && again && { lockout_expires_in_seconds: retryAfterSeconds }),
  }
  return {
    status,
    body: {
      errors: [{ message, long_message: again ? `Too many wrong codes. ${again}` : longMessage, code, meta }],
    },
  }
}

/** Answer, in Clerk's shape where it is a problem. */
export function sendAnswer(res: Response, answer: Answer, names: ClerkProblemNames = {}): void {
  prepare(res)
  if (isProblem(answer)) setRetryAfter(res, answer)
  const { status, body } = isProblem(answer) ? refusalOf(answer, names) : answer
  const traced = body && 'errors' in body ? { ...body, clerk_trace_id: requestId(res.req) } : body
  res.status(status)
  // Without a charset, which Express would add: Clerk's client parses nothing else.
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify(traced))
}

const refusalOf = ({ code, retryAfterSeconds }: Problem, names: ClerkProblemNames): Refused =>
  refusal(names[code] ?? CODES[code], retryAfterSeconds)

/** `5 minutes`: never less than it is. */
function timeOf(seconds: number): string {
  const [unit, length] = seconds > 90 ? (['minute', 60] as const) : (['second', 1] as const)
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.ceil(seconds / length),
  )
}
