import type { Request, RequestHandler, Response } from 'express'
import { SecondFactorError } from '../errors.js'
import { checkRange } from '../check.js'
import type { SecondFactor } from '../second-factor.js'
import { hasPassportLogin, type IdentityOptions, readIdentity, userProperty } from './identity.js'
import { problemOfError, sendProblem } from './problem.js'
import { safeReturnPath } from './return-path.js'
import { dropMark } from './session.js'
import { hold, missing, standingOf } from './standing.js'

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
  const identity = readIdentity(caller, secondFactor, options, ['challengePath'])
  const { challengePath } = options
  if (
    challengePath !== undefined &&
    (!/^\/[^?#]*$/.test(challengePath) || safeReturnPath(challengePath) !== challengePath)
  ) {
    throw new TypeError(`${caller}: challengePath must be a path of this site, such as /2fa/challenge.`)
  }

  return (req, res, next) => {
    const user = identity.visible(req)
    if (!user) {
      if (!options.user) checkPlace(req)
      if (!req.secondFactor && !hasPassportLogin(req)) dropMark(req)
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
      })
      .catch(next)
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
  const identity = readIdentity(caller, secondFactor, options, ['maxAgeSeconds'])
  const { maxAgeSeconds } = options
  if (maxAgeSeconds !== undefined) checkRange(caller, 'maxAgeSeconds', maxAgeSeconds, 1, 31_536_000)

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
        if (problem) sendProblem(res, problem)
        else next()
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
function checkPlace(req: Request): void {
  if (!req.secondFactor && hasPassportLogin(req) && !(userProperty(req) in req)) {
    throw new SecondFactorError(
      'hold_misplaced',
      'holdForSecondFactor must stand behind passport.session(): there is a login, and no user yet.',
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
