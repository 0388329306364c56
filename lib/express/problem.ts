import { STATUS_CODES } from 'node:http'
import type { Response } from 'express'
import { RETRY_AFTER_SECONDS, SecondFactorError } from '../errors.js'
import type { AnyRefusal } from '../outcomes.js'
import { requestId } from './origin.js'

/** The stable `code` of every problem document. */
export type ProblemCode =
  | AnyRefusal['reason']
  | 'unsupported_media_type'
  | 'not_authenticated'
  | 'fresh_second_factor_required'
  | 'enrolment_required'
  | 'cross_site_request'
  | 'unavailable'

/** A problem to answer with. */
export interface Problem {
  /** Stable, for programs. */
  readonly code: ProblemCode
  /** For people, in place of the general sentence. */
  readonly detail?: string
  /** For `locked`: epoch milliseconds. */
  readonly retryAt?: number
  /** For `locked`. */
  readonly retryAfterSeconds?: number
  /** For `fresh_second_factor_required`: how long ago it may have been shown. */
  readonly maxAgeSeconds?: number
}

const PROBLEMS: Readonly<Record<ProblemCode, readonly [status: number, detail: string]>> = {
  invalid_request: [400, 'The request is not what this endpoint takes.'],
  not_authenticated: [401, 'Sign in first.'],
  second_factor_required: [403, 'This session has not shown the second factor.'],
  fresh_second_factor_required: [403, 'The second factor was shown too long ago. Show it again.'],
  enrolment_required: [403, 'This needs a second factor, and there is none yet.'],
  cross_site_request: [403, 'The request came from another site.'],
  authenticator_disabled: [403, 'Too many wrong codes disabled the authenticator. Use a backup code.'],
  not_found: [404, 'There is no such thing here.'],
  not_enrolled: [409, 'There is no second factor to check.'],
  already_verified: [409, 'This authenticator is confirmed already.'],
  too_many_authenticators: [409, 'There is no room for another authenticator.'],
  enrolment_expired: [410, 'This was not confirmed in time. Start again.'],
  unsupported_media_type: [415, 'Send application/json or application/x-www-form-urlencoded.'],
  invalid_code: [422, 'This code does not count.'],
  locked: [429, 'Too many wrong codes. Wait before the next one.'],
  unavailable: [503, 'This cannot be decided now. Try again.'],
}

/** The HTTP status that goes with a problem code. */
export const statusOf = (code: ProblemCode): number => PROBLEMS[code][0]

/** What people may be told of a problem. */
export const detailOf = ({ code, detail }: Problem): string => detail ?? PROBLEMS[code][1]

/** A refused outcome of the service as a problem. */
export const problemOf = (refusal: AnyRefusal): Problem => ({ ...refusal, code: refusal.reason })

/** Say when to try again, where that is known. */
export function setRetryAfter(res: Response, { code, retryAfterSeconds }: Problem): void {
  const seconds = retryAfterSeconds ?? (code === 'unavailable' ? RETRY_AFTER_SECONDS : undefined)
  if (seconds !== undefined) res.setHeader('Retry-After', String(seconds))
}

/** The RFC 9457 problem document of a problem. */
export function problemDocument(problem: Problem) {
  const { code, retryAt, maxAgeSeconds } = problem
  const status = statusOf(code)
  return {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    code,
    detail: detailOf(problem),
    ...(retryAt !== undefined && { retryAt: new Date(retryAt).toISOString() }),
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
  }
}

/** Answer with a problem document. */
export function sendProblem(res: Response, problem: Problem): void {
  setRetryAfter(res, problem)
  prepare(res)
  res
    .status(statusOf(problem.code))
    .type('application/problem+json')
    .send(JSON.stringify(problemDocument(problem)))
}

/** The problem that a thrown error is to a client, or undefined when it is the application's own to handle. */
export function problemOfError(error: unknown): Problem | undefined {
  if (error instanceof SecondFactorError && error.status === 503) return { code: 'unavailable' }
  const { status } = (error ?? {}) as { status?: unknown }
  // Body parsers and the router say by a status what was wrong with a request.
  if (status === 415) return { code: 'unsupported_media_type' }
  if (typeof status === 'number' && status >= 400 && status < 500) return { code: 'invalid_request' }
  return undefined
}

/** Headers of every answer of ours: never stored, and with an id to ask about. */
export function prepare(res: Response): void {
  res.setHeader('Cache-Control', 'no-store')
  if (!res.hasHeader('X-Request-Id')) res.setHeader('X-Request-Id', requestId(res.req))
}
