import { createHash } from 'node:crypto'
import type { Request, Response } from 'express'
import { deviceIdOf } from '../device-tokens.js'
import type { DeviceDetails } from '../service.js'

/** How the cookie is kept: with `__Host-`, browsers take it from this very host, over TLS, for all its paths. */
const COOKIE = { httpOnly: true, secure: true, sameSite: 'lax', path: '/' } as const

/** A name for each user, so that people who share a browser do not share its trust. */
const nameOf = (userId: string): string =>
  `__Host-second-factor-${createHash('sha256').update(userId).digest('base64url').slice(0, 16)}`

/** The token that the browser brings for this user. */
export function readDeviceToken(req: Request, userId: string): string | undefined {
  const name = `${nameOf(userId)}=`
  const cookies = (req.headers.cookie ?? '').split(';').map((cookie) => cookie.trim())
  return cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length)
}

/** What is known of the browser, for trusting it: its own name, and the device that it has been so far. */
export const deviceOf = (req: Request, userId: string): DeviceDetails => ({
  label: req.get('User-Agent'),
  replaces: deviceIdOf(readDeviceToken(req, userId)),
})

/** Give the browser a token to bring. */
export function setDeviceToken(
  res: Response,
  userId: string,
  { token, expiresAt }: { readonly token: string; readonly expiresAt: number },
  now: number,
): void {
  res.cookie(nameOf(userId), token, { ...COOKIE, maxAge: expiresAt - now })
}

/** Take the token from the browser, if it has one. */
export function clearDeviceToken(req: Request, res: Response, userId: string): void {
  if (readDeviceToken(req, userId) !== undefined) res.clearCookie(nameOf(userId), COOKIE)
}
