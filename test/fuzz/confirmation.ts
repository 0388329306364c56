import { formOf, LONGEST_WAIT_SECONDS, shownBy } from './codes.js'
import { type Expected, type KnownSituation, only } from './expected.js'
import { isExpired, mustWait, NO_GUESSES, type Person, remaining, stepOf } from './person.js'
import { type Answer, membersOf } from './wire.js'

/** The first code of a new authenticator. */
export function expectConfirmation(situation: KnownSituation): Expected {
  const { sent, person, now } = situation
  const form = formOf(sent.members['code'])
  if (!form || form.kind === 'backup') return only('400 invalid_request')
  const pending = person.authenticator(sent.id)
  if (!pending) return only('404 not_found')
  if (pending.verified) return only('409 already_verified')
  if (isExpired(pending, now)) return only('410 enrolment_expired')
  const { guesses } = pending
  if (mustWait(guesses, now, LONGEST_WAIT_SECONDS.totp)) return only('429 locked')
  const maybeLocked = guesses.failures > 0 ? ['429 locked'] : []
  if (form.kind === 'long digits') return { outcomes: ['400 invalid_request', ...maybeLocked] }
  const step = stepOf(pending, form.code, now)
  if (step === undefined) {
    const fail = () => {
      pending.guesses = { failures: guesses.failures + 1, at: now }
    }
    return { outcomes: ['422 invalid_code', ...maybeLocked], fail }
  }
  const succeed = (answer: Answer) => {
    // What was guessed at disabled authenticators is no debt of the one that replaces them.
    if (person.active.length === 0) person.guesses.totp = NO_GUESSES
    Object.assign(pending, { verified: true, lastStep: step, guesses: NO_GUESSES })
    takeFirstSet(answer, person, now)
    return shownBy(situation)
  }
  return { outcomes: ['200', ...maybeLocked], renews: true, succeed }
}

function takeFirstSet(answer: Answer, person: Person, now: number): void {
  const { backupCodes } = membersOf(answer) as { backupCodes?: readonly string[] }
  if ((backupCodes !== undefined) !== (remaining(person.inForce) === 0)) {
    throw new Error('Backup codes come with a confirmation when there are none left, and only then.')
  }
  // Nobody is told its id here; the status has it.
  if (backupCodes) person.inForce = { id: '', createdAt: now, codes: backupCodes, used: new Set() }
}
