import { textMember } from '../express/body.js'
import { originOf } from '../express/origin.js'
import { problemOf } from '../express/problem.js'
import type { ConfirmOutcome, VerifyOutcome } from '../outcomes.js'
import {
  findPerson,
  isRefusal,
  type StytchAnswer,
  type StytchCall,
  type StytchEndpoint,
  type StytchSettings,
} from './stytch-call.js'
import type { StytchErrorType, StytchRefusal } from './stytch-errors.js'
import { NO_SESSION, readSessionFields, type StytchFactor } from './stytch-session.js'
import { totpIdOf } from './stytch-totp-id.js'

/** A code that counted. */
interface Shown {
  readonly totpId: string
  readonly factor: StytchFactor
}

type Show = (settings: StytchSettings, call: StytchCall, userId: string) => Promise<Shown | StytchRefusal>

/** `POST /v1/totps/authenticate` */
export const authenticate: StytchEndpoint = (settings, call) => answer(settings, call, showTotp)

/** `POST /v1/totps/recover` */
export const recover: StytchEndpoint = (settings, call) => answer(settings, call, showRecoveryCode)

/** Once its code is spent, the application alone may refuse a request: it may know no such session. */
async function answer(settings: StytchSettings, call: StytchCall, show: Show): Promise<StytchAnswer> {
  const person = await findPerson(settings, textMember(call.body, 'user_id'))
  if (isRefusal(person)) return person
  const asked = readSessionFields(call.body, settings.session !== undefined)
  if (asked && isRefusal(asked)) return asked
  const shown = await show(settings, call, person.userId)
  if (isRefusal(shown)) return shown
  const { totpId, factor } = shown
  const session = asked
    ? await settings.session?.({ req: call.req, ...person, ...asked, factor })
    : NO_SESSION
  if (!session) return { error: 'session_not_found' }
  const { session_token, session_jwt, session: details } = session
  const { userId: user_id, user } = person
  return { fields: { user_id, totp_id: totpId, session_token, session_jwt, user, session: details } }
}

const showTotp: Show = async ({ secondFactor }, { req, body }, userId) => {
  const code = textMember(body, 'totp_code')
  if (!isTotpCode(code)) {
    return { error: isRecoveryCode(code) ? 'recovery_code_used_as_totp_code' : 'invalid_totp_code' }
  }
  const origin = originOf(req)
  const basis = await secondFactor.status(userId, { origin })
  if (!basis.enabled) {
    const [pending] = basis.authenticators
    // Something was begun, and nothing is left of it.
    if (!pending) return { error: basis.epoch === undefined ? 'totps_not_found_for_user' : 'expired_totp' }
    const confirmation = await secondFactor.confirm(userId, pending.id, code, {
      authority: { shown: 'first_factor' },
      // Its recovery codes were handed out when it was created; others would reach nobody.
      backupCodes: false,
      basis,
      origin,
    })
    if (confirmation.ok) return totpShown(userId, pending.id, confirmation.updatedAt)
    // Somebody was first with that: from then on a code has to count as any other does.
    const isBehind = ['already_verified', 'second_factor_required'].includes(confirmation.reason)
    if (!isBehind) return refusalOf(confirmation, TOTP_ERRORS)
  }
  const outcome = await secondFactor.verify(userId, code, { method: 'totp', basis, origin })
  if (outcome.ok) return totpShown(userId, outcome.authenticatorId ?? '', outcome.at)
  const isReplayed = outcome.reason === 'invalid_code' && outcome.replayed
  return isReplayed ? { error: 'totp_code_already_authenticated' } : refusalOf(outcome, TOTP_ERRORS)
}

const showRecoveryCode: Show = async ({ secondFactor }, { req, body }, userId) => {
  const code = textMember(body, 'recovery_code')
  const isDigits = isTotpCode(code)
  if (!isDigits && !isRecoveryCode(code)) return { error: 'invalid_recovery_code' }
  const origin = originOf(req)
  const basis = await secondFactor.status(userId, { origin })
  const totp = basis.authenticators.find(({ verified }) => verified)
  if (!totp || !basis.backupCodes) return { error: 'no_active_recovery_code_backed_factor' }
  const outcome = await secondFactor.verify(userId, code, { method: 'backup_code', basis, origin })
  if (outcome.ok) return recoveryCodeShown(totpIdOf(userId, totp.id), basis.backupCodes.id, outcome.at)
  // Eight digits may be a recovery code that came from elsewhere: only the service can tell.
  const isMistaken = isDigits && outcome.reason === 'invalid_request'
  return isMistaken ? { error: 'totp_code_used_as_recovery_code' } : refusalOf(outcome, RECOVERY_CODE_ERRORS)
}

/** Digits as an authenticator app shows them; people type the space that it shows in their middle. */
const isTotpCode = (code: string): boolean => /^\d{6,8}$/.test(code.replace(/\s/g, ''))

/** What is no TOTP code and may be a recovery code, of ours or of another system. */
const isRecoveryCode = (code: string): boolean =>
  !isTotpCode(code) && /^[0-9A-Za-z]{8,64}$/.test(code.replace(/[\s-]/g, ''))

function totpShown(userId: string, authenticatorId: string, at: number): Shown {
  const totpId = totpIdOf(userId, authenticatorId)
  return {
    totpId,
    factor: {
      type: 'totp',
      delivery_method: 'authenticator_app',
      last_authenticated_at: new Date(at).toISOString(),
      authenticator_app_factor: { totp_id: totpId },
    },
  }
}

/** Which of the codes of a set it was is nobody's business: the id is the set's. */
const recoveryCodeShown = (totpId: string, setId: string, at: number): Shown => ({
  totpId,
  factor: {
    type: 'recovery_codes',
    delivery_method: 'recovery_code',
    last_authenticated_at: new Date(at).toISOString(),
    recovery_code_factor: { totp_recovery_code_id: `totp-recovery-code-${setId}` },
  },
})

type Refused = Exclude<ConfirmOutcome | VerifyOutcome, { readonly ok: true }>
type Errors = Readonly<Partial<Record<Refused['reason'], StytchErrorType>>>

const TOTP_ERRORS: Errors = {
  invalid_request: 'invalid_totp_code',
  invalid_code: 'unable_to_authenticate_totp',
  enrolment_expired: 'expired_totp',
  authenticator_disabled: 'user_lock_limit_reached',
}

const RECOVERY_CODE_ERRORS: Errors = {
  invalid_request: 'invalid_recovery_code',
  invalid_code: 'unable_to_authenticate_recovery_code',
  not_enrolled: 'no_active_recovery_code_backed_factor',
}

/** What is left without a name of its own: the TOTP is gone since it was looked for. */
function refusalOf(outcome: Refused, errors: Errors): StytchRefusal {
  if (outcome.reason === 'locked') return { error: 'user_lock_limit_reached', problem: problemOf(outcome) }
  return { error: errors[outcome.reason] ?? 'totps_not_found_for_user' }
}
