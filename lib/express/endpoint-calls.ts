import type { Request, Response } from 'express'
import { checkFunction, checkRange } from '../check.js'
import type { SecondFactor } from '../service.js'
import { firstName } from './account-name.js'
import { crossSiteCheck, type CrossSiteOptions } from './cross-site.js'
import type { Answer, Endpoint } from './endpoints.js'
import { type Identity, type IdentityOptions, readIdentity } from './identity.js'
import type { Problem } from './problem.js'
import { hasEnded, noteArrival } from './session.js'
import { missing, type Standing, standingOf } from './standing.js'

/** Options of everything that lets people manage their second factor: the Router, and the pages. */
export interface EndpointOptions extends IdentityOptions, CrossSiteOptions {
  /** What authenticator apps call the account. Default: the user's email, else username, else id. */
  accountName?(this: void, user: Express.User): string
  /** How fresh the second factor must be to change anything about it. Default 600. */
  readonly managementMaxAgeSeconds?: number
}

/** The endpoints, ready to be called for a request. */
export interface EndpointCalls {
  readonly identity: Identity
  /** What forbids to read the request: it does not come from this site, or not in one of these forms. */
  refusal(req: Request, contentTypes: readonly string[]): Problem | undefined
  /** Call an endpoint for a request whose body has been parsed. */
  call<Body extends object>(endpoint: Endpoint<Body>, req: Request, res: Response): Promise<Answer<Body>>
  /** What this person would have to show before managing anything, or undefined when nothing. */
  missing(standing: Standing): Problem | undefined
}

/**
 * Read the options of the endpoints.
 *
 * @param names - the option names that the caller has besides
 * @throws TypeError naming the argument or option that cannot be used
 */
export function endpointCalls(
  caller: string,
  secondFactor: SecondFactor,
  options: EndpointOptions,
  names: readonly string[] = [],
): EndpointCalls {
  const identity = readIdentity(caller, secondFactor, options, [
    'accountName',
    'managementMaxAgeSeconds',
    'allowedOrigins',
    ...names,
  ])
  const isCrossSite = crossSiteCheck(caller, options)
  const { managementMaxAgeSeconds = 600 } = options
  checkRange(caller, 'managementMaxAgeSeconds', managementMaxAgeSeconds, 1, 86_400)
  const accountName =
    options.accountName ?? ((user: Express.User) => defaultAccountName(user, identity.userId(user)))
  checkFunction(caller, 'accountName', accountName)

  function unmet({ requires }: Endpoint, standing: Standing): Problem | undefined {
    if (requires === 'first_factor') return undefined
    if (requires === 'enrolment' && !standing.status.enabled) return undefined
    return missing(standing, requires === 'second_factor' ? undefined : managementMaxAgeSeconds)
  }

  return {
    identity,
    missing: (standing) => missing(standing, managementMaxAgeSeconds),

    refusal(req, contentTypes) {
      noteArrival(req)
      if (isCrossSite(req)) return { code: 'cross_site_request' }
      return hasBody(req) && !req.is([...contentTypes]) ? { code: 'unsupported_media_type' } : undefined
    },

    async call(endpoint, req, res) {
      if (endpoint.method !== 'get' && identity.person(req) && (await hasEnded(req))) {
        return { code: 'not_authenticated' }
      }
      const standing = await standingOf(req, secondFactor, identity)
      if (!standing) return { code: 'not_authenticated' }
      const problem = unmet(endpoint, standing)
      if (problem) return problem
      const body = readBody(req)
      if (!body) return { code: 'invalid_request' }
      return endpoint.run({ req, res, standing, secondFactor, body, accountName })
    },
  }
}

/** Whether a request brings anything but its headers. */
export const hasBody = (req: Request): boolean =>
  req.get('Transfer-Encoding') !== undefined || Number(req.get('Content-Length') ?? 0) > 0

/** The body; none is an empty one. Undefined when it is no object with members. */
function readBody(req: Request): object | undefined {
  const body: unknown = hasBody(req) ? req.body : {}
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined
}

function defaultAccountName(user: Express.User, userId: string): string {
  const { email, username } = user as { email?: unknown; username?: unknown }
  return firstName([email, username], userId)
}
