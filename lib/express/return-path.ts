/**
 * A path of this site to send a browser back to, or `fallback`.
 *
 * Only a path counts: no scheme, no host, no `//host` and no backslash that browsers read as one, so that nobody is
 * sent to another site by a link.
 */
export function safeReturnPath(path: unknown, fallback = '/'): string {
  if (typeof path !== 'string' || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path)) return fallback
  const { origin, pathname, search, hash } = new URL(path, SOME_ORIGIN)
  const safe = pathname + search + hash
  return origin === SOME_ORIGIN && !safe.startsWith('//') ? safe : fallback
}

const SOME_ORIGIN = 'http://localhost'
