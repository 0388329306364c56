import type { Sent } from './sent.js'
import { type Answer, membersOf, outcomeOf } from './wire.js'

/** The problems that the README documents, and no others. */
const PROBLEMS = new Set([
  '400 invalid_request',
  '401 not_authenticated',
  '403 second_factor_required',
  '403 fresh_second_factor_required',
  '403 enrolment_required',
  '403 authenticator_disabled',
  '403 cross_site_request',
  '404 not_found',
  '409 not_enrolled',
  '409 already_verified',
  '409 too_many_authenticators',
  '410 enrolment_expired',
  '415 unsupported_media_type',
  '422 invalid_code',
  '429 locked',
  '503 unavailable',
])

/** Which answers may show what, each for this once. */
const SHOWN_BY = {
  'POST /2fa/totp': ['secret', 'uri', 'qrCode'],
  'POST /2fa/totp/:id/verify': ['backupCodes'],
  'POST /2fa/backup-codes': ['codes'],
} as Readonly<Record<string, readonly string[]>>
const TELLTALES = /otpauth:|data:image|"(?:secret|uri|qrCode|codes)":|"backupCodes":\[/

/** What was shown once must not be seen again. */
export class Secrets {
  readonly #secrets: string[] = []

  /** @throws Error when an answer tells what no answer may tell, or tells it again */
  check(sent: Sent, answer: Answer): void {
    const told = this.#secrets.find((secret) => answer.text.includes(secret))
    if (told !== undefined) throw new Error('A secret was told a second time.')
    const shown = answer.status < 300 ? (SHOWN_BY[sent.route] ?? []) : []
    if (shown.length === 0 && TELLTALES.test(answer.text)) throw new Error('Secrets in the wrong answer.')
    const members = membersOf(answer)
    this.#secrets.push(...shown.flatMap((name) => members[name] ?? []).map(String))
    for (const [name, token] of answer.cookies) {
      if (name.startsWith('__Host-') && token !== '') this.#secrets.push(token)
    }
  }
}

/** @throws Error when an answer is none of those that the README promises, whatever led to it */
export function checkForm(sent: Sent, answer: Answer): void {
  const { status, headers } = answer
  const members = membersOf(answer)
  if (status >= 500) {
    const named = typeof (members['code'] ?? members['error']) === 'string'
    if (status !== 503 || !named) throw new Error(`An answer of ${status}.`)
    if (!sent.outage) throw new Error('503, and the storage is there.')
  }
  if (!sent.route.includes('/2fa') || sent.route === 'POST /login/2fa') return
  if (headers['cache-control'] !== 'no-store') throw new Error('Without Cache-Control: no-store.')
  if (!/^[\da-f-]{36}$/.test(String(headers['x-request-id'])))
    throw new Error('Without X-Request-Id of ours.')
  if (status < 400) return
  if (!headers['content-type']?.startsWith('application/problem+json'))
    throw new Error('No problem document.')
  if (!PROBLEMS.has(outcomeOf(answer))) throw new Error(`An undocumented problem: ${outcomeOf(answer)}.`)
  if (members['status'] !== status) throw new Error('The document has another status than the answer.')
  const mustSayWhen = status === 429 || status === 503
  if (mustSayWhen !== (headers['retry-after'] !== undefined)) throw new Error('Retry-After is wrong.')
}
