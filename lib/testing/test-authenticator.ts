import { createHmac } from 'node:crypto'
import { decodeBase32 } from '../base32.js'
import { ALGORITHMS, type TotpAlgorithm } from '../record.js'

/**
 * An authenticator app for the tests of an application: what a person's phone would show.
 *
 * It computes codes by itself (RFC 6238 on `node:crypto`), not by what the package under test uses.
 *
 * @example
 * ```ts
 * const { body } = await agent.post('/2fa/totp').expect(201)
 * const phone = new TestAuthenticator(body.uri)
 * await agent.post(`/2fa/totp/${body.id}/verify`).send({ code: phone.codeAt() }).expect(200)
 * ```
 */
export class TestAuthenticator {
  readonly #secret: Buffer
  readonly #algorithm: string
  readonly #digits: number
  readonly #period: number

  /**
   * @param uriOrSecret - an `otpauth://totp/` key URI, or a base32 secret with the usual SHA1, 6 digits, 30 seconds
   * @throws TypeError when it is neither
   */
  constructor(uriOrSecret: string) {
    const isUri = uriOrSecret.startsWith('otpauth:')
    const uri = isUri ? new URL(uriOrSecret) : undefined
    if (uri && uri.host !== 'totp') throw new TypeError('TestAuthenticator: the key URI is not for TOTP.')
    const parameters = uri?.searchParams ?? new URLSearchParams({ secret: uriOrSecret })
    const secret = decodeBase32(parameters.get('secret') ?? '')
    if (!secret) throw new TypeError('TestAuthenticator: no base32 secret.')
    this.#secret = secret
    this.#algorithm = parameters.get('algorithm') ?? 'SHA1'
    this.#digits = Number(parameters.get('digits') ?? 6)
    this.#period = Number(parameters.get('period') ?? 30)
    const known =
      ALGORITHMS.includes(this.#algorithm as TotpAlgorithm) &&
      [6, 7, 8].includes(this.#digits) &&
      Number.isInteger(this.#period) &&
      this.#period > 0
    if (!known) {
      throw new TypeError('TestAuthenticator: the key URI has parameters that no authenticator app knows.')
    }
  }

  /**
   * The code that is shown at an instant.
   *
   * @param instant - epoch milliseconds; default now
   */
  codeAt(instant: number = Date.now()): string {
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(Math.floor(instant / 1000 / this.#period)))
    const digest = createHmac(this.#algorithm, this.#secret).update(counter).digest()
    const offset = (digest.at(-1) ?? 0) & 0xf
    const number = (digest.readUInt32BE(offset) & 0x7fffffff) % 10 ** this.#digits
    return String(number).padStart(this.#digits, '0')
  }
}
