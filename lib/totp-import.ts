import { decodeBase32 } from './base32.js'
import { checkNames } from './check.js'
import { invalid } from './input.js'
import type { InvalidRequest } from './outcomes.js'
import { ALGORITHMS, type TotpAlgorithm } from './record.js'
import type { TotpParameters } from './totp.js'

/**
 * An authenticator of another system: its secret in one of four forms, and what its app knows beside it.
 *
 * `ascii` is the text whose bytes are the key: speakeasy's `secret.ascii`, and what better-auth keeps. `hex` and
 * `base32` are speakeasy's other two. `uri` is any `otpauth://totp/` key URI, and says everything by itself.
 */
export type TotpImport = {
  /** What the owner calls it, 1 to 64 characters. Default: `Authenticator` and a number. */
  readonly label?: string
} & (
  | { readonly uri: string }
  | (Partial<TotpParameters> &
      ({ readonly ascii: string } | { readonly hex: string } | { readonly base32: string }))
)

type ReadImport =
  { readonly ok: true; readonly secret: Buffer; readonly parameters: TotpParameters } | InvalidRequest

/** 80 bits: what authenticators of the first hour have. Less is nobody's secret. */
const LEAST_BYTES = 10
const MOST_BYTES = 128
/** RFC 4226 R6. */
const STRONG_BYTES = 16

const NAMES = ['label', 'uri', 'ascii', 'hex', 'base32', 'algorithm', 'digits', 'period']

/**
 * The secret and the parameters of an import; no message repeats any of it.
 *
 * @throws TypeError for a name that does not exist: misspelt, its default would make another authenticator
 */
export function readImport(given: TotpImport): ReadImport {
  checkNames('importTotp', given, NAMES)
  const { ascii, hex, base32, uri, ...rest } = given as Readonly<Record<string, unknown>>
  const forms = [ascii, hex, base32, uri].filter((form) => form !== undefined)
  if (forms.length !== 1 || typeof forms[0] !== 'string') {
    return invalid('an import has exactly one of ascii, hex, base32 and uri, a text.')
  }
  if (typeof uri === 'string') return readKeyUri(uri)
  return read(
    typeof ascii === 'string' ? fromAscii(ascii) : typeof hex === 'string' ? fromHex(hex) : decode(base32),
    upperCase(rest['algorithm'] ?? 'SHA1'),
    rest['digits'] ?? 6,
    rest['period'] ?? 30,
  )
}

/** Whether a secret is shorter than RFC 4226 asks for. */
export const isWeak = (secret: Buffer): boolean => secret.length < STRONG_BYTES

function readKeyUri(uri: string): ReadImport {
  const { protocol, host, searchParams } = URL.canParse(uri) ? new URL(uri) : new URL('none:')
  if (protocol !== 'otpauth:' || host !== 'totp') return invalid('uri must be an otpauth://totp/ key URI.')
  return read(
    decode(searchParams.get('secret') ?? ''),
    upperCase(searchParams.get('algorithm') ?? 'SHA1'),
    Number(searchParams.get('digits') ?? 6),
    Number(searchParams.get('period') ?? 30),
  )
}

function read(secret: Buffer | undefined, algorithm: unknown, digits: unknown, period: unknown): ReadImport {
  if (!secret || secret.length < LEAST_BYTES || secret.length > MOST_BYTES) {
    return invalid(
      `the secret must have ${LEAST_BYTES} to ${MOST_BYTES} bytes, in the form it is said to have.`,
    )
  }
  if (
    !ALGORITHMS.includes(algorithm as TotpAlgorithm) ||
    ![6, 7, 8].includes(digits as number) ||
    !Number.isInteger(period) ||
    Number(period) < 1 ||
    Number(period) > 3600
  ) {
    return invalid('algorithm, digits or period is none that can be checked.')
  }
  return {
    ok: true,
    secret,
    parameters: { algorithm: algorithm as TotpAlgorithm, digits: Number(digits), period: Number(period) },
  }
}

/** Systems with spaces in the secrets that they show mean the same without. */
const decode = (text: unknown): Buffer | undefined => decodeBase32(String(text).replace(/[\s-]/g, ''))
/** As speakeasy and some key URIs write them. */
const upperCase = (algorithm: unknown): unknown =>
  typeof algorithm === 'string' ? algorithm.toUpperCase() : algorithm
const fromHex = (text: string): Buffer | undefined =>
  /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined
const fromAscii = (text: string): Buffer | undefined =>
  /^[\x20-\x7e]+$/.test(text) ? Buffer.from(text, 'ascii') : undefined
