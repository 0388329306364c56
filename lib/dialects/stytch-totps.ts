import { hasMember, textMember } from '../express/body.js'
import { originOf } from '../express/origin.js'
import { findPerson, isRefusal, type StytchEndpoint } from './stytch-call.js'
import { readTotpId, totpIdOf } from './stytch-totp-id.js'

const LONGEST_MINUTES = 1440

/** `POST /v1/totps` */
export const create: StytchEndpoint = async (settings, { req, body }) => {
  const { secondFactor, accountName } = settings
  const person = await findPerson(settings, textMember(body, 'user_id'))
  if (isRefusal(person)) return person
  const pendingSeconds = readExpiration(body)
  if (pendingSeconds === undefined) return { error: 'invalid_expiration' }

  const { userId, user } = person
  const origin = originOf(req)
  const basis = await secondFactor.status(userId, { origin })
  if (basis.enabled) return { error: 'active_totp_exists' }
  if (basis.authenticators.length > 0) return { error: 'pending_totp_exists' }
  const enrolment = await secondFactor.enrol(
    userId,
    // Of several calls at the same time, one is the first.
    { accountName: accountName(user, userId), pendingSeconds, backupCodes: true, alone: true },
    // Enough as long as there is no second factor: one that is confirmed meanwhile is not joined by another.
    { authority: { shown: 'first_factor' }, basis, origin },
  )
  if (!enrolment.ok) {
    if (enrolment.reason === 'too_many_authenticators') return { error: 'pending_totp_exists' }
    if (enrolment.reason === 'second_factor_required') return { error: 'active_totp_exists' }
    throw new TypeError('stytchDialect: accountName must return a text that fits into a QR code.')
  }
  const { id, secret, qrCode, backupCodes } = enrolment
  return {
    fields: {
      totp_id: totpIdOf(userId, id),
      secret,
      // With a space, as in every answer of Stytch.
      qr_code: qrCode.replace(',', ', '),
      recovery_codes: backupCodes,
      user,
      user_id: userId,
    },
  }
}

/** `POST /v1/totps/recovery_codes`: there is nothing to read, whoever asks. */
export const readRecoveryCodes: StytchEndpoint = async (settings, { body }) => {
  const person = await findPerson(settings, textMember(body, 'user_id'))
  return isRefusal(person) ? person : { error: 'recovery_codes_not_found' }
}

/** `DELETE /v1/users/totps/:totpId` */
export const deleteTotp: StytchEndpoint = async (settings, { req }) => {
  const reference = readTotpId(textMember(req.params, 'totpId'))
  if (!reference) return { error: 'totp_not_found' }
  const person = await findPerson(settings, reference.userId)
  if (isRefusal(person)) return person
  const { userId, user } = person
  const outcome = await settings.secondFactor.remove(userId, reference.authenticatorId, {
    origin: originOf(req),
  })
  return outcome.ok ? { fields: { user_id: userId, user } } : { error: 'totp_not_found' }
}

/** How long a TOTP waits for its first code, in seconds; undefined when it cannot be told. */
function readExpiration(body: object): number | undefined {
  const minutes =
    (hasMember(body, 'expiration_minutes') ? body['expiration_minutes'] : null) ?? LONGEST_MINUTES
  const isInRange = Number.isInteger(minutes) && Number(minutes) >= 5 && Number(minutes) <= LONGEST_MINUTES
  return isInRange ? Number(minutes) * 60 : undefined
}
