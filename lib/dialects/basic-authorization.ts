import { randomBytes } from 'node:crypto'
import { comparable, constantTimeEqual } from '../constant-time.js'

/**
 * Whether an `Authorization` header names one of these accounts, and its password (RFC 7617).
 *
 * What is compared are digests, for names that do not exist too: the time taken tells neither a name nor a password.
 *
 * @param passwords - by name; a name has no colon
 */
export function basicAuthorization(
  passwords: Readonly<Record<string, string>>,
): (header: string | undefined) => boolean {
  const digests = new Map(Object.entries(passwords).map(([name, password]) => [name, comparable(password)]))
  const nobodys = comparable(randomBytes(32).toString('hex'))
  return (header) => {
    const { name, password } = readCredentials(header)
    return constantTimeEqual(comparable(password), digests.get(name) ?? nobodys)
  }
}

/** What a header says; nothing that is malformed is anybody's. */
function readCredentials(header = ''): { readonly name: string; readonly password: string } {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header) ?? []
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return { name: text.slice(0, Math.max(colon, 0)), password: text.slice(colon + 1) }
}
