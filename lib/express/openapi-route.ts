import type { RequestHandler } from 'express'
import { checkNames } from '../check.js'
import { ENDPOINTS } from './endpoints.js'
import { openApiDocument, type OpenApiOptions } from './openapi.js'
import { prepare } from './problem.js'

/** Where a Router serves its document. */
export interface OpenApiRoute extends Pick<OpenApiOptions, 'sessionCookie'> {
  /** Relative to the mount, such as `/openapi.json`. */
  readonly path: string
}

/**
 * What serves the document, and where; undefined where nothing does.
 *
 * It is `application/json`, which browsers show and every tool reads; the media type of its own,
 * `application/vnd.oai.openapi+json`, is one that browsers save to a file.
 *
 * @throws TypeError when the option is no path, or one that is an endpoint's
 */
export function openApiRoute(
  caller: string,
  openapi: string | OpenApiRoute | undefined,
): { readonly path: string; readonly send: RequestHandler } | undefined {
  if (openapi === undefined) return undefined
  const route = typeof openapi === 'string' ? { path: openapi } : openapi
  checkNames(`${caller}: openapi`, route, ['path', 'sessionCookie'])
  const { path, ...options } = route
  // Nothing that Express would read as a pattern, or a browser as a way up.
  if (typeof (path as unknown) !== 'string' || !/^(?:\/\w[\w.-]*)+$/.test(path)) {
    throw new TypeError(`${caller}: openapi must be a path below the Router, such as /openapi.json.`)
  }
  if (Object.values(ENDPOINTS).some((endpoint) => endpoint.path === path.toLowerCase())) {
    throw new TypeError(`${caller}: openapi must be a path of its own, and ${path} is an endpoint's.`)
  }
  // Made once: anybody may ask. What is wrong with the options is said here, and not to who asks.
  const document = openApiDocument(options)
  return {
    path,
    send(req, res) {
      prepare(res)
      res.json({ ...document, servers: [{ url: req.baseUrl || '/' }] })
    },
  }
}
