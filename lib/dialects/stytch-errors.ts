import type { Response } from 'express'
import { prepare, type Problem, setRetryAfter } from '../express/problem.js'
import { requestId } from '../express/origin.js'

/**
 * Every error, in one place. Stytch's own documents confirm the status of those that are marked so. Of the others it
 * confirms the name alone, and the status is what the name suggests: Stytch's clients look at the name.
 */
const ERRORS = {
  /** Confirmed. */
  active_totp_exists: [
    400,
    'The user has an active TOTP already. Users may only have one active TOTP at a time.',
  ],
  pending_totp_exists: [400, 'The user has a TOTP that waits for its first code. Authenticate or delete it.'],
  invalid_expiration: [400, 'expiration_minutes must be a whole number from 5 to 1440.'],
  expired_totp: [400, 'The TOTP was not authenticated in time, or was deleted. Create another one.'],
  /** Confirmed. */
  invalid_user_id: [400, 'user_id format is invalid.'],
  invalid_totp_code: [400, 'totp_code must be the digits that an authenticator app shows.'],
  invalid_recovery_code: [400, 'recovery_code format is invalid.'],
  recovery_code_used_as_totp_code: [400, 'This looks like a recovery code. Send it to /v1/totps/recover.'],
  totp_code_used_as_recovery_code: [400, 'This looks like a TOTP code. Send it to /v1/totps/authenticate.'],
  no_active_recovery_code_backed_factor: [400, 'The user has no TOTP that recovery codes count for.'],
  invalid_session_duration_minutes: [
    400,
    'session_duration_minutes must be a whole number from 5 to 527040.',
  ],
  bad_request: [400, 'Send a JSON object with the fields that the endpoint has.'],
  /** Not Stytch's, which has sessions. */
  sessions_not_available: [400, 'There are no sessions here. Send none of the session_… fields.'],
  /** Confirmed. */
  unauthorized_credentials: [401, 'Unauthorized credentials.'],
  unable_to_authenticate_totp: [401, 'The TOTP code could not be authenticated.'],
  totp_code_already_authenticated: [
    401,
    'This TOTP code has already been authenticated. Please attempt with the next generated code.',
  ],
  unable_to_authenticate_recovery_code: [401, 'The recovery code could not be authenticated.'],
  /** Confirmed. */
  user_not_found: [404, 'User could not be found.'],
  totp_not_found: [404, 'TOTP could not be found.'],
  totps_not_found_for_user: [404, 'The user has no TOTP.'],
  recovery_codes_not_found: [
    404,
    'Recovery codes are shown once, when the TOTP is created, and never again.',
  ],
  /** Confirmed. */
  session_not_found: [404, 'Session could not be found.'],
  /** Confirmed. Without Retry-After: until the user has another TOTP. */
  user_lock_limit_reached: [429, 'Too many wrong codes. The next one is looked at later.'],
  server_unavailable: [503, 'This cannot be decided now. Try again.'],
} as const satisfies Readonly<Record<string, readonly [status: number, message: string]>>

/**
 * The stable `error_type` of an answer that is not success. Stytch's own documents confirm the status of those that are
 * marked so, and of the others the name alone.
 */
export type StytchErrorType = keyof typeof ERRORS

/** An answer that is not success. */
export interface StytchRefusal {
  readonly error: StytchErrorType
  /** What it is to the service, where that says when to try again. */
  readonly problem?: Problem
}

/** Answer in the shape that Stytch's clients make their errors of. */
export function sendError(res: Response, { error, problem }: StytchRefusal): void {
  const [status, message] = ERRORS[error]
  if (problem) setRetryAfter(res, problem)
  prepare(res)
  res.status(status).json({
    status_code: status,
    request_id: requestId(res.req),
    error_type: error,
    error_message: message,
    error_url: `https://stytch.com/docs/api/errors/${status}`,
  })
}
