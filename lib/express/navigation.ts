import type { Request, Response } from 'express'
import { safeReturnPath } from './return-path.js'

/**
 * Refuse an option that is no plain path of this site.
 *
 * @throws TypeError
 */
export function checkPath(caller: string, name: string, path: string | undefined): void {
  if (path === undefined || (/^\/[^?#]*$/.test(path) && safeReturnPath(path) === path)) return
  throw new TypeError(`${caller}: ${name} must be a path of this site, such as /2fa/challenge.`)
}

/** Whether a person's browser waits for a page, not a program for an answer. */
export const wantsPage = (req: Request): boolean => req.accepts(['json', 'html']) === 'html'

/** Send a browser to a page of this site, with the way back in `?returnTo=`; false when it asks for that very page. */
export function sendToPage(req: Request, res: Response, path: string): boolean {
  if (req.originalUrl.split('?', 1)[0] === path) return false
  res.setHeader('Cache-Control', 'no-store')
  res.redirect(303, `${path}?returnTo=${encodeURIComponent(wayBack(req))}`)
  return true
}

/** What was asked for; of a form that was sent, the page that it stands on, as what it sent is not kept. */
function wayBack(req: Request): string {
  if (req.method === 'GET') return safeReturnPath(req.originalUrl)
  const referer = req.get('Referer') ?? ''
  if (!URL.canParse(referer)) return '/'
  const { host, pathname, search } = new URL(referer)
  return host === req.get('Host') ? safeReturnPath(pathname + search) : '/'
}
