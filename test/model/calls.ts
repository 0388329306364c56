import type { SecondFactor } from '../../lib/index.js'
import type { Operation, Outcome } from './history.js'
import { refusalOf, statusOf } from './outcomes.js'
import type { Person, SeenAuthenticator, SeenCodes } from './person.js'
import type { Move } from './programs.js'

/** What a worker asks of a service. Its words are asked for at the end, when everything has a name. */
export interface Call {
  readonly operation: () => Operation
  readonly perform: (secondFactor: SecondFactor) => Promise<() => Outcome>
}

/** Never right, but by a chance that the history will tell. */
const GUESS = '123456'
const BACKUP_GUESS = '00000-00000-00000-00000-00000'
/** Stands for what nobody has seen yet. */
const NOBODYS: SeenAuthenticator = { id: 'nobody', name: 'nobody', codes: [] }
const NO_CODES: SeenCodes = { name: 'nothing', setId: 'nothing', codes: [] }

/** What a move means to a worker who knows what everybody has seen so far. */
export function callFor(move: Move, person: Person): Call {
  switch (move.move) {
    case 'enrol':
      return enrol(person)
    case 'confirm':
      return confirm(person, move.back, (authenticator) => codeOf(authenticator, move.step))
    case 'guess confirmation':
      return confirm(person, move.back, () => GUESS)
    case 'verify':
      return verifyOrConfirm(person, move.back, move.step)
    case 'guess totp':
      return verify(person, GUESS)
    case 'use':
      return use(person, newest(person.sets(), move.back, NO_CODES).codes[move.index] ?? BACKUP_GUESS)
    case 'guess backup code':
      return use(person, BACKUP_GUESS)
    case 'generate':
      return generate(person)
    case 'confirm set':
      return confirmSet(person, move.back)
    case 'remove':
      return remove(person, move.back)
    case 'rename':
      return rename(person, move.back)
    case 'reset':
      return reset(person)
    case 'status':
      return status(person)
  }
}

const newest = <Item>(items: readonly Item[], back: number, none: Item): Item => items.at(-1 - back) ?? none

const codeOf = ({ codes }: SeenAuthenticator, step: number): string =>
  codes.find((one) => one.step === step)?.code ?? GUESS

const enrol = (person: Person): Call => ({
  operation: () => ({ kind: 'enrol' }),
  async perform(secondFactor) {
    const outcome = await secondFactor.enrol(person.userId)
    if (!outcome.ok) return () => refusalOf(outcome)
    person.seesAuthenticator(outcome)
    const { id, label } = outcome
    return () => ({ answer: 'ok', authenticator: person.nameOfAuthenticator(id), label })
  },
})

function confirm(person: Person, back: number, codeFor: (authenticator: SeenAuthenticator) => string): Call {
  const authenticator = newest(person.authenticators('pending'), back, NOBODYS)
  const code = codeFor(authenticator)
  return {
    operation: () => ({
      kind: 'confirm',
      authenticator: authenticator.name,
      matches: person.matches(code),
    }),
    async perform(secondFactor) {
      const outcome = await secondFactor.confirm(person.userId, authenticator.id, code)
      if (!outcome.ok) return () => refusalOf(outcome)
      const { label, epoch, backupCodes } = outcome
      person.seesConfirmed(authenticator.id)
      const codes = backupCodes && person.seesCodes(backupCodes)
      return () => {
        return {
          answer: 'ok',
          label,
          epoch: person.nameOfEpoch(epoch),
          ...(codes !== undefined && { codes }),
        }
      }
    },
  }
}

/** Who has nothing to verify with, and something to confirm, confirms. */
function verifyOrConfirm(person: Person, back: number, step: number): Call {
  if (!person.has('confirmed') && person.has('pending')) {
    return confirm(person, back, (authenticator) => codeOf(authenticator, step))
  }
  return verify(person, codeOf(newest(person.authenticators('confirmed'), back, NOBODYS), step))
}

const verify = (person: Person, code: string): Call => ({
  operation: () => ({ kind: 'verify', matches: person.matches(code) }),
  async perform(secondFactor) {
    const outcome = await secondFactor.verify(person.userId, code)
    if (!outcome.ok) return () => refusalOf(outcome)
    const { authenticatorId = '', backupCodesRemaining: remaining, epoch } = outcome
    return () => ({
      answer: 'ok',
      authenticator: person.nameOfAuthenticator(authenticatorId),
      remaining,
      epoch: person.nameOfEpoch(epoch),
    })
  },
})

const use = (person: Person, code: string): Call => ({
  operation: () => ({ kind: 'use', code: person.backupCode(code) }),
  async perform(secondFactor) {
    const outcome = await secondFactor.verify(person.userId, code)
    if (!outcome.ok) return () => refusalOf(outcome)
    const { backupCodesRemaining: remaining, epoch } = outcome
    return () => ({ answer: 'ok', remaining, epoch: person.nameOfEpoch(epoch) })
  },
})

const generate = (person: Person): Call => ({
  operation: () => ({ kind: 'generate' }),
  async perform(secondFactor) {
    const outcome = await secondFactor.generateBackupCodes(person.userId)
    if (!outcome.ok) return () => refusalOf(outcome)
    const codes = person.seesCodes(outcome.codes, outcome.id)
    return () => ({ answer: 'ok', codes })
  },
})

function confirmSet(person: Person, back: number): Call {
  const { setId = '', name } = newest(person.generatedSets(), back, NO_CODES)
  return {
    operation: () => ({ kind: 'confirm set', set: name }),
    async perform(secondFactor) {
      const outcome = await secondFactor.confirmBackupCodes(person.userId, setId)
      if (!outcome.ok) return () => refusalOf(outcome)
      const { id, remaining, total } = outcome
      person.seesInForce(id)
      return () => ({ answer: 'ok', set: { id: person.nameOfSet(id), remaining, total } })
    },
  }
}

function remove(person: Person, back: number): Call {
  const { id, name } = newest(person.authenticators('confirmed'), back, NOBODYS)
  return {
    operation: () => ({ kind: 'remove', authenticator: name }),
    async perform(secondFactor) {
      const outcome = await secondFactor.remove(person.userId, id)
      if (!outcome.ok) return () => refusalOf(outcome)
      const { epoch } = outcome
      if (epoch === undefined) person.seesAllGone()
      else person.seesGone(id)
      return () => ({ answer: 'ok', epoch: epoch === undefined ? null : person.nameOfEpoch(epoch) })
    },
  }
}

function rename(person: Person, back: number): Call {
  const { id, name } = newest(person.authenticators('confirmed'), back, NOBODYS)
  const label = person.newLabel()
  return {
    operation: () => ({ kind: 'rename', authenticator: name, label }),
    async perform(secondFactor) {
      const outcome = await secondFactor.rename(person.userId, id, label)
      return () => (outcome.ok ? { answer: 'ok', label: outcome.label } : refusalOf(outcome))
    },
  }
}

const reset = (person: Person): Call => ({
  operation: () => ({ kind: 'reset' }),
  async perform(secondFactor) {
    const outcome = await secondFactor.reset(person.userId)
    person.seesAllGone()
    return () => (outcome.ok ? { answer: 'ok' } : refusalOf(outcome))
  },
})

const status = (person: Person): Call => ({
  operation: () => ({ kind: 'status' }),
  async perform(secondFactor) {
    const shown = await secondFactor.status(person.userId)
    return () => statusOf(shown, person)
  },
})
