import type { Request } from 'express'

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/** Option of everything that a browser may be tricked into sending to. */
export interface CrossSiteOptions {
  /**
   * Other origins whose pages may send here, such as `https://app.example.com`; also this site's own origin, where a
   * proxy gives the application another `Host`.
   */
  readonly allowedOrigins?: readonly string[]
}

/** True when another site's page made a browser send this unsafe request. */
export type IsCrossSite = (req: Request) => boolean

/**
 * Browsers say by `Sec-Fetch-Site` whether a request comes from another site, older ones by `Origin`; programs that
 * send neither are not browsers, and carry no other site's intent.
 *
 * @throws TypeError when an allowed origin is none
 */
export function crossSiteCheck(caller: string, { allowedOrigins = [] }: CrossSiteOptions): IsCrossSite {
  checkOrigins(caller, 'allowedOrigins', allowedOrigins)
  return (req) => {
    if (SAFE_METHODS.includes(req.method)) return false
    const site = req.get('Sec-Fetch-Site')
    if (site === 'same-origin' || site === 'none') return false
    const origin = req.get('Origin')
    if (origin !== undefined && allowedOrigins.includes(origin)) return false
    if (site !== undefined) return true
    if (origin === undefined) return false
    return !URL.canParse(origin) || new URL(origin).host !== req.get('Host')
  }
}

/**
 * Refuse an option that is no list of origins.
 *
 * @throws TypeError
 */
export function checkOrigins(caller: string, name: string, origins: readonly string[]): void {
  if (Array.isArray(origins) && origins.every(isOrigin)) return
  throw new TypeError(`${caller}: ${name} must be a list of origins, such as https://app.example.com.`)
}

const isOrigin = (origin: unknown): boolean =>
  typeof origin === 'string' &&
  // A star is part of a host's name to the parser, and would match nothing.
  /^https?:[^*]+$/.test(origin) &&
  URL.canParse(origin) &&
  new URL(origin).origin === origin
