import { randomUUID } from 'node:crypto'
import type { Request } from 'express'
import type { RequestOrigin } from '../events.js'
import { RequestNote } from './request-note.js'

const LONGEST_USER_AGENT = 256

const ids = new RequestNote<string>()

/**
 * The id of a request: the one that the application has put on its answer, else one made by us. What a client says of
 * itself is no id to ask about.
 */
export function requestId(req: Request): string {
  const given = req.res?.getHeader('X-Request-Id')
  const id = given === undefined ? (ids.get(req) ?? randomUUID()) : String(given)
  ids.set(req, id)
  return id
}

/** Where a request came from, for events. */
export const originOf = (req: Request): RequestOrigin => ({
  requestId: requestId(req),
  ip: req.ip,
  userAgent: req.get('User-Agent')?.slice(0, LONGEST_USER_AGENT),
})
