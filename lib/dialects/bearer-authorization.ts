import { comparable, constantTimeEqual } from '../constant-time.js'

/** What an `Authorization` header shows: one of the tokens, another one, or none. */
export type Bearer = 'known' | 'unknown' | 'none'

/**
 * Look at `Authorization` headers for one of these tokens (RFC 6750 §2.1).
 *
 * What is compared are digests, with every token there is: the time taken tells nothing about any of them.
 */
export function bearerAuthorization(tokens: readonly string[]): (header: string | undefined) => Bearer {
  const digests = tokens.map(comparable)
  return (header = '') => {
    const [, token] = /^Bearer +([\x21-\x7e]+)$/i.exec(header) ?? []
    if (token === undefined) return 'none'
    const shown = comparable(token)
    return digests.map((digest) => constantTimeEqual(digest, shown)).includes(true) ? 'known' : 'unknown'
  }
}
