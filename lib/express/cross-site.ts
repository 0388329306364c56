import type { Request } from 'express'

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/**
 * True when another site's page made a browser send this unsafe request. Browsers say so by `Sec-Fetch-Site`, older
 * ones by `Origin`; programs that send neither are not browsers, and carry no other site's intent.
 */
export function isCrossSite(req: Request): boolean {
  if (SAFE_METHODS.includes(req.method)) return false
  const site = req.get('Sec-Fetch-Site')
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const origin = req.get('Origin')
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== req.get('Host')
}
