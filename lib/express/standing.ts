import type { Request } from 'express'
import { misconfigured } from '../errors.js'
import type { SecondFactorStatus } from '../outcomes.js'
import type { SecondFactor } from '../service.js'
import { hasPassportLogin, type Identity, type Person, userProperty } from './identity.js'
import type { Problem } from './problem.js'
import { currentMark, dropMark, markOf, renewSession, type SecondFactorMark, type Shown } from './session.js'
import { originOf } from './origin.js'
import { RequestNote } from './request-note.js'

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
  /** Where the user stands. */
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

interface KnownStanding extends Person {
  readonly secondFactor: SecondFactor
  readonly standing: Promise<Standing>
  readonly session: Request['session']
  readonly readAt: number
}

/** Read once per request, whoever asks first; a failure is one for all who ask. */
const known = new RequestNote<KnownStanding>()

/** A request may take its time, and its user's standing change meanwhile: what was read longer ago is read again. */
const FRESH_MILLISECONDS = 1000

/**
 * Where the request's user stands, or undefined when the first factor is missing.
 *
 * @throws {SecondFactorError} when the storage fails, the session is none that could hold a mark, or the user has
 * another id here than in front
 */
export async function standingOf(
  req: Request,
  secondFactor: SecondFactor,
  identity: Identity,
): Promise<Standing | undefined> {
  const person = identity.person(req)
  if (!person) {
    if (!hasPassportLogin(req)) dropMark(req)
    return undefined
  }
  const before = known.get(req)
  if (before?.secondFactor === secondFactor) {
    if (before.userId === person.userId) {
      const fresh = performance.now() - before.readAt < FRESH_MILLISECONDS
      if (fresh && before.session === req.session) return before.standing
    } else if (before.user === person.user) {
      throw misconfigured(
        'identity_mismatch',
        'The userId options of the Router, the guards and the strategy give one user two ids.',
      )
    }
  }
  const standing = readStanding(req, secondFactor, person)
  known.set(req, { ...person, secondFactor, standing, session: req.session, readAt: performance.now() })
  return standing
}

async function readStanding(req: Request, secondFactor: SecondFactor, person: Person): Promise<Standing> {
  const status = await secondFactor.status(person.userId, { origin: originOf(req) })
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
  return fresh ? undefined : { code: 'fresh_second_factor_required', maxAgeSeconds }
}

/** Trust in a browser shows nothing now, however new it is. */
const isFresh = ({ method, at }: SecondFactorMark, maxAgeSeconds: number, now: number): boolean =>
  method !== 'trusted_device' && now - at <= maxAgeSeconds * 1000

/**
 * Take the user away from everything behind: Passport's isAuthenticated() looks at this property, and so does nearly
 * every other guard.
 *
 * @throws {SecondFactorError} `user_exposed` when the user is still to be seen
 */
export function hold(
  req: Request,
  user: Express.User,
  identity: Identity,
  state: 'pending' | 'must_enrol' = 'pending',
): void {
  const property = userProperty(req)
  taken.set(req, { user, property, value: property in req ? req[property] : undefined })
  Reflect.deleteProperty(req, property)
  req.secondFactor = { state, user }
  if (identity.visible(req)) {
    throw misconfigured(
      'user_exposed',
      'holdForSecondFactor cannot hold: the user option still finds the user after req.user is gone.',
    )
  }
}

/**
 * The user has shown the second factor: mark the session under a new id, and stop holding.
 *
 * @throws {SecondFactorError} `session_unavailable` when the session store fails; then nothing is marked
 */
export async function satisfy(req: Request, { userId, user }: Person, shown: Shown): Promise<void> {
  await renewSession(req, markOf(userId, shown))
  forget(req)
  giveBack(req, user)
  req.secondFactor = { state: 'satisfied', user }
}

/** What `hold` took from a request, and whose it was. */
interface Taken {
  readonly user: Express.User
  readonly property: 'user'
  readonly value: Express.User | undefined
}

const taken = new RequestNote<Taken>()

/** Only to the one it was taken from, and only where nobody else has been signed in to the request since. */
function giveBack(req: Request, user: Express.User): void {
  const from = taken.get(req)
  taken.set(req, undefined)
  if (from?.user === user && from.value !== undefined && !(from.property in req)) {
    req[from.property] = from.value
  }
}

/** Something about the user has changed: read again before judging again. */
export function forget(req: Request): void {
  known.set(req, undefined)
}
