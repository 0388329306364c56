import type { Request, RequestHandler, Response } from 'express'
import { checkFunction, checkRange } from '../check.js'
import { misconfigured, SecondFactorError } from '../errors.js'
import type { SecondFactor } from '../service.js'
import { clearDeviceToken, readDeviceToken, setDeviceToken } from './device-cookie.js'
import {
  hasPassportLogin,
  type Identity,
  type IdentityOptions,
  readIdentity,
  userProperty,
} from './identity.js'
import { checkPath, sendToPage, wantsPage } from './navigation.js'
import { originOf } from './origin.js'
import { type Problem, problemOfError, sendProblem } from './problem.js'
import { dropMark, noteArrival } from './session.js'
import { hold, missing, satisfy, type SecondFactorState, type Standing, standingOf } from './standing.js'

type Requirement = 'optional' | 'required'

/** Options of {@link holdForSecondFactor}. */
export interface HoldOptions extends IdentityOptions {
  /**
   * Where a held person's browser is sent when it navigates (GET that accepts HTML), with the way back in
   * `?returnTo=`. Absent: the application's own guards answer, as they do to anybody not signed in.
   */
  readonly challengePath?: string
  /** The same for somebody who must enrol first. */
  readonly enrolPath?: string
  /** Whether this user has to have a second factor. Default: nobody has to. */
  policy?(this: void, user: Express.User): Requirement | Promise<Requirement>
}

/**
 * Middleware that makes the second factor impossible to forget. Put it right after `passport.session()`.
 *
 * Whoever has a second factor and has not shown it in this session is *held*: `req.user` is taken away, so that
 * `req.isAuthenticated()` is false and every guard behind it answers as to a stranger. The held user is at
 * `req.secondFactor.user`. Whoever must have one and has none is held until a first authenticator is confirmed. When
 * the storage fails, the user is held too.
 *
 * A browser that is trusted is let in, under a new session id and with a new token.
 *
 * It reads the record once per request of a signed-in user; the Router, the guards and the strategy behind it start
 * from what it read.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function holdForSecondFactor(secondFactor: SecondFactor, options: HoldOptions = {}): RequestHandler {
  const caller = 'holdForSecondFactor'
  const identity = readIdentity(caller, secondFactor, options, ['challengePath', 'enrolPath', 'policy'])
  const { challengePath, enrolPath, policy = () => 'optional' } = options
  checkPath(caller, 'challengePath', challengePath)
  checkPath(caller, 'enrolPath', enrolPath)
  checkFunction(caller, 'policy', policy)

  async function stateOf(req: Request, res: Response, standing: Standing): Promise<SecondFactorState> {
    if (standing.state === 'pending') {
      return (await admitTrusted(req, res, standing, secondFactor)) ? 'satisfied' : 'pending'
    }
    if (standing.state === 'not_enrolled' && isRequired(await policy(standing.user))) return 'must_enrol'
    return standing.state
  }

  /** Hold the user, or let them pass; true when the request is answered by that. */
  async function judge(req: Request, res: Response, user: Express.User): Promise<boolean> {
    try {
      const standing = await standingOf(req, secondFactor, identity)
      if (!standing) return false
      const state = await stateOf(req, res, standing)
      if (state !== 'pending' && state !== 'must_enrol') {
        req.secondFactor = { state, user }
        return false
      }
      hold(req, user, identity, state)
      const path = state === 'pending' ? challengePath : enrolPath
      return path !== undefined && req.method === 'GET' && wantsPage(req) && sendToPage(req, res, path)
    } catch (error) {
      hold(req, user, identity)
      // A misconfigured application has to hear of it; an outage must only not open anything.
      if (!(error instanceof SecondFactorError && error.status === 503)) throw error
      return false
    }
  }

  return (req, res, next) => {
    noteArrival(req)
    const user = identity.visible(req)
    if (!user) {
      checkPlace(req, identity)
      if (!req.secondFactor && !hasPassportLogin(req)) dropMark(req)
      next()
      return
    }
    judge(req, res, user)
      .then((answered) => {
        if (!answered) next()
      })
      .catch(next)
  }
}

/** A browser that brings a trusted token is let in; the token is replaced, or taken away when it is none. */
async function admitTrusted(
  req: Request,
  res: Response,
  standing: Standing,
  secondFactor: SecondFactor,
): Promise<boolean> {
  const { userId, status } = standing
  const token = readDeviceToken(req, userId)
  if (token === undefined) return false
  const outcome = await secondFactor.recogniseDevice(userId, token, { basis: status, origin: originOf(req) })
  if (!outcome.ok) {
    clearDeviceToken(req, res, userId)
    return false
  }
  // First of all: the browser's old token is as good as gone.
  if (outcome.next) setDeviceToken(res, userId, outcome.next, outcome.at)
  await satisfy(req, standing, outcome)
  return true
}

/** Fail closed: what is neither is not taken for no. */
function isRequired(policy: unknown): boolean {
  if (policy === 'required' || policy === 'optional') return policy === 'required'
  throw new TypeError("holdForSecondFactor: policy must return 'optional' or 'required'.")
}

/** Options of {@link requireSecondFactor}. */
export interface RequireOptions extends IdentityOptions {
  /** How long ago the second factor may have been shown. Absent: any time in this session, by a trusted browser too. */
  readonly maxAgeSeconds?: number
  /**
   * Where a person's browser is sent to show the second factor, with the way back in `?returnTo=`. Absent: people get
   * the same answer as programs.
   */
  readonly challengePath?: string
  /** The same for somebody who has none yet. */
  readonly enrolPath?: string
}

/**
 * Guard for routes that want a second factor, and perhaps a fresh one: the step-up before a transfer. Programs get a
 * problem document: 401 `not_authenticated`, 403 `enrolment_required`, `second_factor_required` or
 * `fresh_second_factor_required` (with `maxAgeSeconds`), 503 `unavailable`.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function requireSecondFactor(
  secondFactor: SecondFactor,
  options: RequireOptions = {},
): RequestHandler {
  const caller = 'requireSecondFactor'
  const identity = readIdentity(caller, secondFactor, options, [
    'maxAgeSeconds',
    'challengePath',
    'enrolPath',
  ])
  const { maxAgeSeconds, challengePath, enrolPath } = options
  // Given, and undefined, it is a setting that got lost, not the wish for none.
  if ('maxAgeSeconds' in options) checkRange(caller, 'maxAgeSeconds', maxAgeSeconds, 1, 31_536_000)
  checkPath(caller, 'challengePath', challengePath)
  checkPath(caller, 'enrolPath', enrolPath)
  const pages: Partial<Record<Problem['code'], string | undefined>> = {
    second_factor_required: challengePath,
    fresh_second_factor_required: challengePath,
    enrolment_required: enrolPath,
  }

  return (req, res, next) => {
    standingOf(req, secondFactor, identity)
      .then(
        (standing) => missing(standing, maxAgeSeconds),
        (error: unknown) => {
          const problem = problemOfError(error)
          if (problem) return problem
          throw error
        },
      )
      .then((problem) => {
        if (!problem) {
          next()
          return
        }
        const page = pages[problem.code]
        if (page === undefined || !wantsPage(req) || !sendToPage(req, res, page)) sendProblem(res, problem)
      })
      // Also when something has answered meanwhile, and nothing can be sent any more.
      .catch(next)
  }
}

/**
 * Passport has a login in the session, and nothing has looked for its user yet: then nobody would ever be held here.
 *
 * @throws {SecondFactorError} `hold_misplaced`
 */
function checkPlace(req: Request, identity: Identity): void {
  if (!req.secondFactor && hasPassportLogin(req) && !(userProperty(req) in req)) throw misplaced()
  if (!('session' in req)) refuseLateLogin(req, identity)
}

/** Where the session itself comes only behind this, its login is as unseen: refused when it comes. */
function refuseLateLogin(req: Request, identity: Identity): void {
  Object.defineProperty(req, 'session', {
    configurable: true,
    get: () => undefined,
    set(value: unknown) {
      const property = { value, configurable: true, enumerable: true, writable: true }
      Object.defineProperty(req, 'session', property)
      if (hasPassportLogin(req) || identity.visible(req)) {
        // express-session hands on what is thrown here. Whoever goes on all the same sees nobody.
        Object.defineProperty(req, 'session', { ...property, value: undefined })
        throw misplaced()
      }
    },
  })
}

const misplaced = () =>
  misconfigured(
    'hold_misplaced',
    'holdForSecondFactor must stand behind passport.session(): there is a login, and no user yet.',
  )
