import express, {
  type ErrorRequestHandler,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express'
import { checkFunction, checkRange } from '../check.js'
import type { SecondFactor } from '../service.js'
import { crossSiteCheck, type CrossSiteOptions } from './cross-site.js'
import { ENDPOINTS, type Endpoint, isProblem } from './endpoints.js'
import { type IdentityOptions, readIdentity } from './identity.js'
import { prepare, type Problem, problemOfError, sendProblem } from './problem.js'
import { hasEnded, noteArrival } from './session.js'
import { missing, type Standing, standingOf } from './standing.js'

/** Options of {@link secondFactorRouter}. */
export interface RouterOptions extends IdentityOptions, CrossSiteOptions {
  /** What authenticator apps call the account. Default: the user's email, else username, else id. */
  accountName?(this: void, user: Express.User): string
  /** How fresh the second factor must be to change anything about it. Default 600. */
  readonly managementMaxAgeSeconds?: number
}

const CONTENT_TYPES = ['application/json', 'application/x-www-form-urlencoded']

/**
 * The endpoints of the second factor as an Express Router. Mount it behind the session and Passport:
 * `app.use('/2fa', secondFactorRouter(secondFactor))`.
 *
 * It answers JSON, and refuses with RFC 9457 problem documents; what it has no endpoint for it leaves to the
 * application. It parses its own bodies, JSON and urlencoded.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function secondFactorRouter(secondFactor: SecondFactor, options: RouterOptions = {}): Router {
  const caller = 'secondFactorRouter'
  const identity = readIdentity(caller, secondFactor, options, [
    'accountName',
    'managementMaxAgeSeconds',
    'allowedOrigins',
  ])
  const isCrossSite = crossSiteCheck(caller, options)
  const { managementMaxAgeSeconds = 600 } = options
  checkRange(caller, 'managementMaxAgeSeconds', managementMaxAgeSeconds, 1, 86_400)
  const accountName =
    options.accountName ?? ((user: Express.User) => defaultAccountName(user, identity.userId(user)))
  checkFunction(caller, 'accountName', accountName)

  const router = express.Router()
  for (const endpoint of ENDPOINTS) {
    router[endpoint.method](
      endpoint.path,
      refuseForeign,
      express.json(),
      express.urlencoded({ extended: false }),
      answer(endpoint),
    )
  }
  router.use(answerErrors)
  return router

  function answer(endpoint: Endpoint): RequestHandler {
    return (req, res, next) => {
      respond(endpoint, req, res)
        .then((outcome) => {
          if (isProblem(outcome)) {
            sendProblem(res, outcome)
            return
          }
          prepare(res)
          res.status(outcome.status)
          if (outcome.body) res.json(outcome.body)
          else res.end()
        })
        .catch(next)
    }
  }

  async function respond(endpoint: Endpoint, req: Request, res: Response) {
    if (endpoint.method !== 'get' && identity.person(req) && (await hasEnded(req))) {
      return { code: 'not_authenticated' } satisfies Problem
    }
    const standing = await standingOf(req, secondFactor, identity)
    if (!standing) return { code: 'not_authenticated' } satisfies Problem
    const problem = unmet(endpoint, standing)
    if (problem) return problem
    const body = readBody(req)
    if (!body) return { code: 'invalid_request' } satisfies Problem
    return endpoint.run({ req, res, standing, secondFactor, body, accountName })
  }

  function unmet({ requires }: Endpoint, standing: Standing): Problem | undefined {
    if (requires === 'first_factor') return undefined
    if (requires === 'enrolment' && !standing.status.enabled) return undefined
    return missing(standing, requires === 'second_factor' ? undefined : managementMaxAgeSeconds)
  }

  /** Nothing of a request is read before it is known to come from this site, in a form that is understood. */
  function refuseForeign(req: Request, res: Response, next: NextFunction): void {
    noteArrival(req)
    if (isCrossSite(req)) sendProblem(res, { code: 'cross_site_request' })
    else if (hasBody(req) && !req.is(CONTENT_TYPES)) sendProblem(res, { code: 'unsupported_media_type' })
    else next()
  }
}

const answerErrors: ErrorRequestHandler = (error, _req, res, next) => {
  const problem = problemOfError(error)
  if (problem && !res.headersSent) sendProblem(res, problem)
  else next(error)
}

const hasBody = (req: Request): boolean =>
  req.get('Transfer-Encoding') !== undefined || Number(req.get('Content-Length') ?? 0) > 0

/** The body; none is an empty one. Undefined when it is no object with members. */
function readBody(req: Request): object | undefined {
  const body: unknown = hasBody(req) ? req.body : {}
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined
}

function defaultAccountName(user: Express.User, userId: string): string {
  const { email, username } = user as { email?: unknown; username?: unknown }
  for (const name of [email, username]) if (typeof name === 'string' && name.trim() !== '') return name
  return userId
}
