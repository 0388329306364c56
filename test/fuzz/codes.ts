import { type Expected, type KnownSituation, only, type Session } from './expected.js'
import { mustWait, normalised, type Person, type Reading, remaining } from './person.js'
import { type Answer, membersOf } from './wire.js'

const LONGEST_CODE = 128
export const LONGEST_WAIT_SECONDS = { totp: 3600, backup: 30 }
const DAY_MS = 86_400_000
const TRUST_DAYS = 30

/** Whatever is typed with it, digits or a backup code. */
export function formOf(
  code: unknown,
): { readonly kind: 'totp' | 'backup' | 'long digits'; readonly code: string } | undefined {
  if (typeof code !== 'string' || code.length > LONGEST_CODE) return undefined
  const digits = code.replace(/\s/g, '')
  if (/^[0-9]{6,8}$/.test(digits)) return { kind: digits.length === 6 ? 'totp' : 'long digits', code: digits }
  const isAscii = /^[0-9A-Za-z\s-]*$/.test(code)
  return isAscii && /^[0-9A-HJKMNP-TV-Z]{25}$/.test(normalised(code)) ? { kind: 'backup', code } : undefined
}

/** A code of the second factor, sent to the Router or to the strategy. */
export function expectCode(situation: KnownSituation): Expected {
  const { sent, person, now } = situation
  const trusts = flag(sent.members['trustDevice'])
  if (trusts === undefined) return only('400 invalid_request')
  const form = formOf(sent.members['code'])
  // Without a second factor, what could be a code somewhere else gets the one answer, and other things the other.
  if (!person.enrolled) return { outcomes: ['409 not_enrolled', ...(form ? [] : ['400 invalid_request'])] }
  const disabled = person.active.length === 0
  if (form && form.kind !== 'backup' && disabled) return only('403 authenticator_disabled')
  if (!form || form.kind === 'long digits') return only('400 invalid_request')
  const { kind } = form
  if (mustWait(person.guesses[kind], now, LONGEST_WAIT_SECONDS[kind])) return only('429 locked')
  const maybeLocked = person.charged[kind] ? ['429 locked'] : []
  const reading = kind === 'totp' ? person.readTotp(form.code, now) : person.readBackup(form.code)
  if (reading.kind === 'right') {
    const succeed = (answer: Answer) => count(reading, kind, trusts, situation, answer)
    return { outcomes: ['200', ...maybeLocked], renews: true, succeed }
  }
  const fail = () => {
    if (reading.kind === 'wrong') person.charge(kind, now)
  }
  return { outcomes: ['422 invalid_code', ...maybeLocked], fail }
}

function count(
  reading: Extract<Reading, { kind: 'right' }>,
  kind: 'totp' | 'backup',
  trusts: boolean,
  situation: KnownSituation,
  answer: Answer,
): Session {
  reading.count()
  checkShown(kind, reading.ids, situation.person, answer)
  if (kind === 'totp' && trusts) trustFrom(answer, situation.person, situation)
  return shownBy(situation)
}

export const shownBy = ({ session, person, now }: KnownSituation): Session => ({
  ...session,
  mark: { epoch: person.epoch, at: now },
})

/** The Router tells it at the top, the strategy as `info`. */
function checkShown(kind: 'totp' | 'backup', ids: readonly string[], person: Person, answer: Answer): void {
  const { info = answer.body } = membersOf(answer)
  const { method, authenticatorId, backupCodesRemaining } = info as Record<string, unknown>
  const right =
    method === (kind === 'totp' ? 'totp' : 'backup_code') &&
    (kind === 'backup' || ids.includes(String(authenticatorId))) &&
    backupCodesRemaining === remaining(person.inForce)
  if (!right) throw new Error('What was shown is told wrongly.')
}

function trustFrom(answer: Answer, person: Person, { sent, now }: KnownSituation): void {
  const [cookie, token = ''] = [...answer.cookies].findLast(([name]) => name.startsWith('__Host-')) ?? []
  if (cookie === undefined) throw new Error('The browser was to be trusted, and was given nothing.')
  const brought = sent.tokens.get(person.deviceCookie ?? '')
  person.deviceCookie = cookie
  const [id = ''] = token.split('.', 1)
  const expiresAt = now + TRUST_DAYS * DAY_MS
  person.trust({ id, token, previous: undefined, rotatedAt: now, expiresAt }, brought, now)
}

/** A yes or no, as JSON or a form says it. */
function flag(value: unknown = false): boolean | undefined {
  if (value === true || value === 'true' || value === 'on' || value === '1') return true
  return value === false || value === 'false' || value === '' || value === '0' ? false : undefined
}
