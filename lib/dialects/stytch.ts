import express, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express'
import { checkFunction, checkNames } from '../check.js'
import { firstName } from '../express/account-name.js'
import { checkSecondFactor } from '../express/identity.js'
import { requestId } from '../express/origin.js'
import { prepare, problemOfError } from '../express/problem.js'
import type { SecondFactor } from '../service.js'
import { basicAuthorization } from './basic-authorization.js'
import { authenticate, recover } from './stytch-authentication.js'
import { isRefusal, type StytchCall, type StytchEndpoint, type StytchSettings } from './stytch-call.js'
import { sendError } from './stytch-errors.js'
import type { StytchSession, StytchSessionRequest } from './stytch-session.js'
import { create, deleteTotp, readRecoveryCodes } from './stytch-totps.js'

export type { StytchErrorType } from './stytch-errors.js'
export type {
  StytchFactor,
  StytchSession,
  StytchSessionFields,
  StytchSessionRequest,
} from './stytch-session.js'

/** Options of {@link stytchDialect}. */
export interface StytchDialectOptions<User extends object = object> {
  /**
   * The secret of each project, 16 characters or more, by `project_id`. Undefined is refused, so that `process.env`
   * may be passed.
   */
  readonly projects: Readonly<Record<string, string | undefined>>
  /**
   * The user object of the answers; undefined: there is no such user.
   * An own `user_id`, else `id`, has to be that very id: the second factor is kept under it.
   */
  user(this: void, userId: string): User | undefined | Promise<User | undefined>
  /** What authenticator apps call the account. Default: the user's first email, else the user id. */
  accountName?(this: void, user: User, userId: string): string
  /**
   * Open the session that is asked for, or add the factor to the one that is named, which has to be this user's own.
   * Undefined: there is no such session, which is answered with `session_not_found`; the code is spent by then.
   * Absent: whoever asks for a session is refused.
   */
  session?(
    this: void,
    asked: StytchSessionRequest<User>,
  ): StytchSession | undefined | Promise<StytchSession | undefined>
}

/**
 * The TOTP endpoints of Stytch's consumer API, for its backend clients to talk to unchanged. Mount it at the root of
 * a host: they leave no room for a path in front of `/v1`.
 *
 * - `POST /v1/totps`, `/v1/totps/authenticate`, `/v1/totps/recover`, `/v1/totps/recovery_codes`
 * - `DELETE /v1/users/totps/:totpId`
 *
 * A TOTP counts from its first successful authenticate on, and its recovery codes with it. They are shown once:
 * reading them again is answered with `recovery_codes_not_found`, always. What is answered otherwise than Stytch does
 * it, and which statuses its documents leave open, stands beside each error.
 *
 * Credentials are compared before anything else of a request is looked at. Whoever has them acts for all users.
 * Everything else is left to the application, and so is what its own functions throw.
 *
 * @throws TypeError naming the option that cannot be used
 *
 * @example
 * ```ts
 * import express from 'express'
 * import { createSecondFactor, MemoryStorage } from 'express-2fa'
 * import { stytchDialect } from 'express-2fa/dialects/stytch'
 *
 * const users = new Map([['user-1', { user_id: 'user-1', emails: [{ email: 'ann@example.com' }] }]])
 * const secondFactor = createSecondFactor({
 *   issuer: 'ACME',
 *   storage: new MemoryStorage(),
 *   secret: process.env.SECOND_FACTOR_SECRET,
 * })
 *
 * const app = express()
 * app.use(
 *   stytchDialect(secondFactor, {
 *     projects: { 'project-test-1': process.env.STYTCH_SECRET },
 *     user: (userId) => users.get(userId),
 *   }),
 * )
 * app.listen(3000, '127.0.0.1')
 * // new stytch.Client({ project_id: 'project-test-1', secret, env: 'http://127.0.0.1:3000/' })
 * ```
 */
export function stytchDialect<User extends object>(
  secondFactor: SecondFactor,
  options: StytchDialectOptions<User>,
): Router {
  const { isAuthorized, settings } = readOptions(secondFactor, options)

  /** Nothing of a request is read for whoever has no credentials. */
  const refuseStrangers: RequestHandler = (req, res, next) => {
    if (isAuthorized(req.get('Authorization'))) {
      next()
      return
    }
    res.setHeader('WWW-Authenticate', 'Basic realm="Stytch projects", charset="UTF-8"')
    sendError(res, { error: 'unauthorized_credentials' })
  }

  const answer =
    (endpoint: StytchEndpoint): RequestHandler =>
    (req, res, next) => {
      endpoint(settings, { req, body: (req.body ?? {}) as StytchCall['body'] })
        .then((outcome) => {
          if (isRefusal(outcome)) {
            sendError(res, outcome)
            return
          }
          prepare(res)
          res.json({ status_code: 200, request_id: requestId(req), ...outcome.fields })
        })
        .catch(next)
    }

  const router = express.Router()
  const post = (path: string, endpoint: StytchEndpoint) => {
    const read = [express.json(), answerUnreadable, refuseForeign]
    router.post(path, refuseStrangers, read, answer(endpoint), answerUnavailable)
  }
  post('/v1/totps', create)
  post('/v1/totps/authenticate', authenticate)
  post('/v1/totps/recover', recover)
  post('/v1/totps/recovery_codes', readRecoveryCodes)
  // Clients send an empty object along, which says nothing.
  router.delete('/v1/users/totps/:totpId', refuseStrangers, answer(deleteTotp), answerUnavailable)
  return router
}

/** A body is a JSON object; without one there is nothing that could be asked for. */
const refuseForeign: RequestHandler = (req, res, next) => {
  const body: unknown = req.body
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  if (req.is('application/json') && isObject) next()
  else sendError(res, { error: 'bad_request' })
}

const answerUnreadable: ErrorRequestHandler = (error, _req, res, next) => {
  if (problemOfError(error)) sendError(res, { error: 'bad_request' })
  else next(error)
}

/** Nothing was decided. What the application's own functions throw is the application's to answer. */
const answerUnavailable: ErrorRequestHandler = (error, _req, res, next) => {
  const problem = problemOfError(error)
  if (problem?.code === 'unavailable') sendError(res, { error: 'server_unavailable', problem })
  else next(error)
}

function readOptions<User extends object>(secondFactor: SecondFactor, options: StytchDialectOptions<User>) {
  const caller = 'stytchDialect'
  checkSecondFactor(caller, secondFactor)
  checkNames(caller, options, ['projects', 'user', 'accountName', 'session'])
  const { user, accountName = defaultAccountName, session } = options
  checkFunction(caller, 'user', user)
  checkFunction(caller, 'accountName', accountName)
  if (session !== undefined) checkFunction(caller, 'session', session)
  return {
    isAuthorized: basicAuthorization(readProjects(caller, options.projects)),
    // The functions are given the users that `user` has returned, and no others.
    settings: { secondFactor, user, accountName, session } as StytchSettings,
  }
}

/** What a setting that got lost turns into is shorter. */
const SHORTEST_SECRET = 16

function readProjects(caller: string, projects: unknown): Readonly<Record<string, string>> {
  const isObject = typeof projects === 'object' && projects !== null && !Array.isArray(projects)
  const entries = Object.entries(isObject ? projects : {})
  if (entries.length === 0) {
    throw new TypeError(`${caller}: projects must have the secret of at least one project, by its id.`)
  }
  for (const [id, secret] of entries) {
    if (id === '' || id.includes(':')) {
      throw new TypeError(`${caller}: projects must have ids without a colon.`)
    }
    if (typeof secret !== 'string' || secret.length < SHORTEST_SECRET) {
      throw new TypeError(
        `${caller}: projects["${id}"] must be the secret of this project, ${SHORTEST_SECRET} characters or more.`,
      )
    }
  }
  return Object.fromEntries<string>(entries)
}

function defaultAccountName(user: object, userId: string): string {
  const { emails } = user as { emails?: unknown }
  const [first] = (Array.isArray(emails) ? emails : []) as readonly ({ email?: unknown } | null | undefined)[]
  return firstName([first?.email], userId)
}
