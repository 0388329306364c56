import type { Request } from 'express'
import type { SecondFactorStatus, Verification } from '../outcomes.js'
import type { SecondFactor } from '../second-factor.js'
import { type Identity, type Person, userProperty } from './identity.js'
import type { Problem } from './problem.js'
import { currentMark, markOf, renewSession, type SecondFactorMark } from './session.js'

/**
 * Where a signed-in user stands.
 *
 * - `not_enrolled`: has no second factor
 * - `must_enrol`: has none, and the policy asks for one
 * - `pending`: has one, and has not shown it in this session
 * - `satisfied`: has shown it in this session
 */
export type SecondFactorState = 'not_enrolled' | 'must_enrol' | 'pending' | 'satisfied'

/** What `holdForSecondFactor` leaves on a signed-in user's request. */
export interface RequestSecondFactor {
  readonly state: SecondFactorState
  /** The user, also while `req.user` is taken away. */
  readonly user: Express.User
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the way to declare a member of Express' Request
  namespace Express {
    interface Request {
      secondFactor?: RequestSecondFactor
    }
  }
}

/** Where a user stands, and what that was read from. */
export interface Standing extends Person {
  readonly state: SecondFactorState
  readonly status: SecondFactorStatus
  /** The mark that counts, when satisfied. */
  readonly mark: SecondFactorMark | undefined
}

interface KnownStanding {
  readonly secondFactor: SecondFactor
  readonly userId: string
  readonly standing: Promise<Standing>
}

/** Read once per request, whoever asks first; a failure is one for all who ask. */
const known = new WeakMap<Request, KnownStanding>()

/**
 * Where the request's user stands, or undefined when the first factor is missing.
 *
 * @throws {SecondFactorError} when the storage fails, or the session is none that could hold a mark
 */
export async function standingOf(
  req: Request,
  secondFactor: SecondFactor,
  identity: Identity,
): Promise<Standing | undefined> {
  const person = identity.person(req)
  if (!person) return undefined
  const before = known.get(req)
  if (before?.secondFactor === secondFactor && before.userId === person.userId) return before.standing
  const standing = readStanding(req, secondFactor, person)
  known.set(req, { secondFactor, userId: person.userId, standing })
  return standing
}

async function readStanding(req: Request, secondFactor: SecondFactor, person: Person): Promise<Standing> {
  const status = await secondFactor.status(person.userId)
  const mark = currentMark(req, person.userId, status)
  const state = mark ? 'satisfied' : status.enabled ? 'pending' : 'not_enrolled'
  return { ...person, status, mark, state }
}

/** What a user would have to show before going on, or undefined when nothing. */
export function missing(
  standing: Standing | undefined,
  maxAgeSeconds: number | undefined,
): Problem | undefined {
  if (!standing) return { code: 'not_authenticated' }
  if (!standing.status.enabled) return { code: 'enrolment_required' }
  if (!standing.mark) return { code: 'second_factor_required' }
  const fresh = maxAgeSeconds === undefined || isFresh(standing.mark, maxAgeSeconds, standing.status.readAt)
  return fresh ? undefined : { code: 'fresh_second_factor_required' }
}

const isFresh = (mark: SecondFactorMark, maxAgeSeconds: number, now: number): boolean =>
  now - mark.at <= maxAgeSeconds * 1000

/**
 * The user has shown the second factor: mark the session under a new id, and stop holding.
 *
 * @throws {SecondFactorError} `session_unavailable` when the session store fails; then nothing is marked
 */
export async function satisfy(
  req: Request,
  person: Person,
  shown: Pick<Verification, 'method' | 'authenticatorId' | 'at' | 'epoch'>,
): Promise<void> {
  await renewSession(req, markOf(person.userId, shown))
  release(req, person.user)
}

/** The request's user is whom the application's own guards see, from here on. */
export function release(req: Request, user: Express.User): void {
  known.delete(req)
  req[userProperty(req)] = user
  req.secondFactor = { state: 'satisfied', user }
}

/** Something about the user has changed: read again before judging again. */
export function forget(req: Request): void {
  known.delete(req)
}
