import { expectCode } from './codes.js'
import { expectConfirmation } from './confirmation.js'
import { type Expected, type KnownSituation, markOf, missing, only, type Session } from './expected.js'
import { isExpired, type Person, remaining } from './person.js'
import { type Answer, membersOf } from './wire.js'

const MANAGEMENT_SECONDS = 600

/** The Router's endpoints, for somebody who is signed in, while the storage works. */
export function expectOfRouter(situation: KnownSituation): Expected {
  const { sent, person } = situation
  switch (sent.route) {
    case 'GET /2fa':
      return { outcomes: ['200'], succeed: (answer) => checkStatus(situation, answer) }
    case 'POST /2fa/verify':
      return expectCode(situation)
    case 'GET /2fa/trusted-devices':
      return missing(situation) ?? { outcomes: ['200'], succeed: (answer) => checkDevices(situation, answer) }
    case 'POST /2fa/totp':
      return (person.enrolled && missing(situation, MANAGEMENT_SECONDS)) || expectEnrolment(situation)
    case 'POST /2fa/totp/:id/verify':
      return (person.enrolled && missing(situation, MANAGEMENT_SECONDS)) || expectConfirmation(situation)
    default:
      return missing(situation, MANAGEMENT_SECONDS) ?? expectManagement(situation)
  }
}

function expectManagement(situation: KnownSituation): Expected {
  const { sent, session, person, now } = situation
  switch (sent.route) {
    case 'PATCH /2fa/totp/:id':
      if (!isLabel(sent.members['label'])) return only('400 invalid_request')
      return only(person.authenticator(sent.id) ? '200' : '404 not_found')
    case 'DELETE /2fa/totp/:id':
      return expectRemoval(situation)
    case 'POST /2fa/backup-codes':
      return { outcomes: ['201'], succeed: (answer) => laySet(situation, answer) }
    case 'POST /2fa/backup-codes/:id/confirm':
      return expectSetConfirmation(situation)
    case 'DELETE /2fa/trusted-devices':
      return { outcomes: ['204'], succeed: () => revoke(situation, undefined) }
    case 'DELETE /2fa/trusted-devices/:id':
      if (!person.liveDevice(sent.id, now)) return only('404 not_found')
      return { outcomes: ['204'], succeed: () => revoke(situation, sent.id) }
    default:
      return { outcomes: ['204'], succeed: () => turnOff(person, session) }
  }
}

function turnOff(person: Person, session: Session): Session {
  person.forget()
  return { ...session, mark: undefined }
}

/** 1 to 64 characters, none of them half a character or for control. */
function isLabel(label: unknown): boolean {
  const text = typeof label === 'string' ? label.trim() : ''
  return text !== '' && text.length <= 64 && !/\p{Cc}|\p{Cs}/u.test(text)
}

function expectEnrolment({ sent, session, person, now }: KnownSituation): Expected {
  const { label = '' } = sent.members
  if (label !== '' && !isLabel(label)) return only('400 invalid_request')
  if (!person.hasRoom()) return only('409 too_many_authenticators')
  return {
    outcomes: ['201'],
    succeed(answer) {
      const { id, uri } = membersOf(answer) as { id: string; uri: string }
      person.enrol(id, uri, now)
      return session
    },
  }
}

/** The session that removes stays in; all others have to show another one. With the last one, everything is off. */
function expectRemoval({ sent, session, person }: KnownSituation): Expected {
  const removed = person.authenticator(sent.id)
  if (!removed) return only('404 not_found')
  return {
    outcomes: ['204'],
    succeed() {
      person.authenticators = person.authenticators.filter((one) => one !== removed)
      if (!removed.verified) return session
      if (person.enrolled) person.startEpoch()
      else person.forget()
      return {
        ...session,
        mark: session.mark && person.enrolled ? { ...session.mark, epoch: person.epoch } : undefined,
      }
    },
  }
}

function laySet({ session, person, now }: KnownSituation, answer: Answer): Session {
  const { id, codes } = membersOf(answer) as { id: string; codes: readonly string[] }
  person.unconfirmed = { id, codes, createdAt: now, used: new Set() }
  return session
}

function expectSetConfirmation({ sent, session, person, now }: KnownSituation): Expected {
  if (sent.id !== undefined && person.inForce?.id === sent.id) return only('200')
  const { unconfirmed } = person
  if (unconfirmed?.id !== sent.id) return only('404 not_found')
  if (!unconfirmed || isExpired(unconfirmed, now)) return only('410 enrolment_expired')
  return {
    outcomes: ['200'],
    succeed() {
      person.inForce = unconfirmed
      person.unconfirmed = undefined
      return session
    },
  }
}

function revoke({ session, person }: KnownSituation, id: string | undefined): Session {
  person.devices = person.devices.filter((device) => id !== undefined && device.id !== id)
  return session
}

interface Status {
  readonly enabled: boolean
  readonly satisfied: boolean
  readonly authenticators: readonly {
    readonly id: string
    readonly verified: boolean
    readonly disabled?: true
  }[]
  readonly backupCodes: { readonly id: string; readonly remaining: number } | null
}

/** The status is the model's, word for word. */
function checkStatus(situation: KnownSituation, answer: Answer): Session {
  const { session, person, now } = situation
  const { enabled, satisfied, authenticators, backupCodes } = answer.body as Status
  if (backupCodes && person.inForce?.id === '') person.inForce = { ...person.inForce, id: backupCodes.id }
  const told = {
    enabled,
    satisfied,
    authenticators: authenticators.map(({ id, verified, disabled = false }) => [id, verified, disabled]),
    backupCodes: backupCodes && [backupCodes.id, backupCodes.remaining],
  }
  const known = {
    enabled: person.enrolled,
    satisfied: markOf(session, person, now) !== undefined,
    authenticators: person.authenticators
      .filter((one) => one.verified || !isExpired(one, now))
      .map(({ id, verified, disabled }) => [id, verified, disabled]),
    backupCodes: person.inForce ? [person.inForce.id, remaining(person.inForce)] : null,
  }
  if (JSON.stringify(told) !== JSON.stringify(known)) {
    throw new Error(`The status is ${JSON.stringify(told)}, and should be ${JSON.stringify(known)}.`)
  }
  return session
}

function checkDevices({ session, person, now }: KnownSituation, answer: Answer): Session {
  const told = (answer.body as readonly { readonly id: string }[]).map(({ id }) => id)
  if (!told.every((id) => person.liveDevice(id, now)))
    throw new Error('A browser is trusted that should not be.')
  return session
}
