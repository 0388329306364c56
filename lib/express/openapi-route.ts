import type { RequestHandler } from 'express'
import { checkNames } from '../check.js'
import { ENDPOINTS } from './endpoints.js'
import { openApiDocument, type OpenApiDocument, type OpenApiOptions } from './openapi.js'
import { prepare } from './problem.js'

/** Where a Router serves its document. */
export interface OpenApiRoute extends Pick<OpenApiOptions, 'sessionCookie'> {
  /** Relative to the mount, such as `/openapi.json`. */
  readonly path: string
}

/** @throws TypeError when the option is no path, or one that is an endpoint's */
export function readOpenApiRoute(
  caller: string,
  openapi: string | OpenApiRoute | undefined,
): OpenApiRoute | undefined {
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
  // What is wrong with the rest is said now, not to who asks for the document.
  openApiDocument(options)
  return route
}

/**
 * Answer with the document. It is `application/json`, which browsers show and every tool reads; the media type of its
 * own, `application/vnd.oai.openapi+json`, is one that browsers save to a file.
 */
export function sendOpenApiDocument({ path: _path, ...options }: OpenApiRoute): RequestHandler {
  // Made when it is first asked for, and once: anybody may ask.
  let document: OpenApiDocument | undefined
  return (req, res) => {
    document ??= openApiDocument(options)
    prepare(res)
    res.json({ ...document, servers: [{ url: req.baseUrl || '/' }] })
  }
}
