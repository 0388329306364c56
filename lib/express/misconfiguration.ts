import type { Request } from 'express'
import type { Session } from 'express-session'
import { isProduction, noticed, warn } from '../misconfiguration.js'

/** What so many requests have not shown, the next ones will not. */
export const looks = { left: 10_000 }

/**
 * Notice what a request shows of how the application was put together. It changes nothing, and never throws.
 *
 * A session's cookie is judged by what was sent: settings can be overridden, by `proxy: true` or by the application.
 */
export function lookAt(req: Request): void {
  if (looks.left === 0) return
  looks.left--
  quietly(() => {
    if (isProduction() && isMemoryStore(req.sessionStore)) warn('EXPRESS_2FA_MEMORY_SESSIONS')
    const isSecure = req.secure
    if (isSecure ? isProduction() : saysHttps(req)) {
      req.res?.once('finish', () => {
        quietly(() => {
          lookAtCookie(req, isSecure)
        })
      })
    }
    // Each is told once: then there is nothing left to look for.
    if (REQUEST_CODES.every((code) => noticed.has(code))) looks.left = 0
  })
}

const REQUEST_CODES = [
  'EXPRESS_2FA_MEMORY_SESSIONS',
  'EXPRESS_2FA_UNTRUSTED_PROXY',
  'EXPRESS_2FA_INSECURE_COOKIE',
] as const

/** The one of express-session; packages that have a `MemoryStore` of their own have no such list. */
const isMemoryStore = (store: object | undefined): boolean =>
  store?.constructor.name === 'MemoryStore' && Object.hasOwn(store, 'sessions')

/** The first one is what the browser used; others were added on the way. */
const saysHttps = (req: Request): boolean => /^\s*https\s*(?:,|$)/i.test(req.get('X-Forwarded-Proto') ?? '')

/** The request is answered, and came by https to the first of all proxies. */
function lookAtCookie(req: Request, isSecure: boolean): void {
  const { session, res } = req as { session?: Session; res?: Request['res'] }
  if (typeof session?.id !== 'string') return
  const isOurs = (cookie: string) =>
    cookie.includes(session.id) || cookie.includes(encodeURIComponent(session.id))
  const sent = [res?.getHeader('Set-Cookie') ?? []].flat().map(String).find(isOurs)
  if (sent !== undefined) {
    if (isProduction() && !/;\s*secure\b/i.test(sent)) warn('EXPRESS_2FA_INSECURE_COOKIE')
    return
  }
  // Something was put into a session that the browser did not have, and does not have now.
  const isNew = !isOurs(req.get('Cookie') ?? '') && Object.keys(session).some((name) => name !== 'cookie')
  if (isNew && !isSecure && session.cookie.secure === true) warn('EXPRESS_2FA_UNTRUSTED_PROXY')
}

/** What cannot be looked at is not what is looked for. */
function quietly(look: () => void): void {
  try {
    look()
  } catch {
    // Nobody's request fails for it.
  }
}
