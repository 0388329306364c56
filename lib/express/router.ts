import express, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express'
import type { SecondFactor } from '../service.js'
import { type EndpointOptions, endpointCalls } from './endpoint-calls.js'
import { ENDPOINTS, type Endpoint, isProblem } from './endpoints.js'
import { type OpenApiRoute, openApiRoute } from './openapi-route.js'
import { prepare, problemOfError, sendProblem } from './problem.js'

/** Options of {@link secondFactorRouter}. */
export interface RouterOptions extends EndpointOptions {
  /**
   * Where the OpenAPI document of the Router is served, to anybody: a path relative to the mount, such as
   * `/openapi.json`, and, where the session's cookie has a name of its own, that name. Absent: nowhere.
   */
  readonly openapi?: string | OpenApiRoute
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
  const calls = endpointCalls('secondFactorRouter', secondFactor, options, ['openapi'])
  const openApi = openApiRoute('secondFactorRouter', options.openapi)

  /** Nothing of a request is read before it is known to come from this site, in a form that is understood. */
  const refuseForeign: RequestHandler = (req, res, next) => {
    const problem = calls.refusal(req, CONTENT_TYPES)
    if (problem) sendProblem(res, problem)
    else next()
  }

  const answer =
    (endpoint: Endpoint): RequestHandler =>
    (req, res, next) => {
      calls
        .call(endpoint, req, res)
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

  const router = express.Router()
  for (const endpoint of Object.values<Endpoint>(ENDPOINTS)) {
    router[endpoint.method](
      endpoint.path,
      refuseForeign,
      express.json(),
      express.urlencoded({ extended: false }),
      answer(endpoint),
    )
  }
  if (openApi) router.get(openApi.path, openApi.send)
  router.use(answerErrors)
  return router
}

const answerErrors: ErrorRequestHandler = (error, _req, res, next) => {
  const problem = problemOfError(error)
  if (problem && !res.headersSent) sendProblem(res, problem)
  else next(error)
}
