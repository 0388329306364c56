import type { Request, RequestHandler, Response } from 'express'
import { SecondFactorError } from '../errors.js'
import { checkNames, checkRange } from '../options.js'
import type { SecondFactor } from '../second-factor.js'
import {
  type Identity,
  IDENTITY_OPTIONS,
  type IdentityOptions,
  readIdentity,
  userProperty,
} from './identity.js'
import { problemOfError, sendProblem } from './problem.js'
import { safeReturnPath } from './return-path.js'
import { dropMark } from './session.js'
import { missing, standingOf } from './standing.js'

/** Options of {@link holdForSecondFactor}. */
export interface HoldOptions extends IdentityOptions {
  /**
   * Where a held person's browser is sent when it navigates (GET that accepts HTML), with the way back in
   * `?returnTo=`. Absent: the application's own guards answer, as they do to anybody not signed in.
   */
  readonly challengePath?: string
}

/**
 * Middleware that makes the second factor impossible to forget. Put it right after `passport.session()`.
 *
 * Whoever has a second factor and has not shown it in this session is *held*: `req.user` is taken away, so that
 * `req.isAuthenticated()` is false and every guard behind it answers as to a stranger. The held user is at
 * `req.secondFactor.user`. When the storage fails, the user is held too.
 *
 * It reads the record once per request of a signed-in user; the Router, the guards and the strategy behind it start
 * from what it read.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function holdForSecondFactor(secondFactor: SecondFactor, options: HoldOptions = {}): RequestHandler {
  const caller = 'holdForSecondFactor'
  checkSecondFactor(caller, secondFactor)
  checkNames(caller, options, [...IDENTITY_OPTIONS, 'challengePath'])
  const identity = readIdentity(caller, options)
  const { challengePath } = options
  if (challengePath !== undefined && safeReturnPath(challengePath, '') !== challengePath) {
    throw new TypeError(`${caller}: challengePath must be a path of this site, such as /2fa/challenge.`)
  }

  return (req, res, next) => {
    const user = identity.visible(req)
    if (!user) {
      dropMark(req)
      next()
      return
    }
    standingOf(req, secondFactor, identity)
      .then(
        (standing) => {
          if (standing?.state !== 'pending') {
            if (standing) req.secondFactor = { state: standing.state, user }
            return false
          }
          hold(req, user, identity)
          return challengePath !== undefined && sendToChallenge(req, res, challengePath)
        },
        (error: unknown) => {
          hold(req, user, identity)
          // A misconfigured application has to hear of it; an outage must only not open anything.
          if (!problemOfError(error)) throw error
          return false
        },
      )
      .then((answered) => {
        if (!answered) next()
      }, next)
  }
}

/** Options of {@link requireSecondFactor}. */
export interface RequireOptions extends IdentityOptions {
  /** How long ago the second factor may have been shown. Absent: any time in this session. */
  readonly maxAgeSeconds?: number
}

/**
 * Guard for routes that want a second factor, and perhaps a fresh one: the step-up before a transfer. It answers with
 * a problem document: 401 `not_authenticated`, 403 `enrolment_required`, `second_factor_required` or
 * `fresh_second_factor_required`, 503 `unavailable`.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function requireSecondFactor(
  secondFactor: SecondFactor,
  options: RequireOptions = {},
): RequestHandler {
  const caller = 'requireSecondFactor'
  checkSecondFactor(caller, secondFactor)
  checkNames(caller, options, [...IDENTITY_OPTIONS, 'maxAgeSeconds'])
  const identity = readIdentity(caller, options)
  const { maxAgeSeconds } = options
  if (maxAgeSeconds !== undefined) checkRange(caller, 'maxAgeSeconds', maxAgeSeconds, 1, 31_536_000)

  return (req, res, next) => {
    standingOf(req, secondFactor, identity).then(
      (standing) => {
        const problem = missing(standing, maxAgeSeconds)
        if (problem) sendProblem(res, problem)
        else next()
      },
      (error: unknown) => {
        const problem = problemOfError(error)
        if (problem) sendProblem(res, problem)
        else next(error)
      },
    )
  }
}

/** @throws TypeError when what should be the second factor is none */
export function checkSecondFactor(caller: string, secondFactor: unknown): void {
  if (typeof (secondFactor as Partial<SecondFactor> | undefined)?.verify !== 'function') {
    throw new TypeError(`${caller}: the first argument must be what createSecondFactor() returned.`)
  }
}

/** Take the user away from everything behind, and make sure that it is gone. */
function hold(req: Request, user: Express.User, identity: Identity): void {
  // Passport's isAuthenticated() looks at this property, and so does nearly every other guard.
  Reflect.deleteProperty(req, userProperty(req))
  req.secondFactor = { state: 'pending', user }
  if (identity.visible(req)) {
    throw new SecondFactorError(
      'user_exposed',
      'holdForSecondFactor cannot hold: the user option still finds the user after req.user is gone.',
    )
  }
}

/** Send a browser that navigates to the challenge; false when this is no such request, or the challenge itself. */
function sendToChallenge(req: Request, res: Response, challengePath: string): boolean {
  const navigates = req.method === 'GET' && req.accepts(['json', 'html']) === 'html'
  if (!navigates || req.originalUrl.split('?', 1)[0] === challengePath) return false
  res.setHeader('Cache-Control', 'no-store')
  res.redirect(303, `${challengePath}?returnTo=${encodeURIComponent(safeReturnPath(req.originalUrl))}`)
  return true
}
