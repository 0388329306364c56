import type { SecondFactorRecord, SecondFactorStatus, StoredEntry } from '../../lib/index.js'
import type { AnyRefusal } from '../../lib/outcomes.js'
import type { Guesses, Outcome, StoredFactor, StoredSet } from './history.js'
import type { Person } from './person.js'

/** A refusal in the model's words. */
export function refusalOf(refusal: AnyRefusal): Outcome {
  const { reason: answer } = refusal
  return refusal.reason === 'locked' ? { answer, retryAfterSeconds: refusal.retryAfterSeconds } : { answer }
}

/** A status in the model's words. */
export function statusOf(status: SecondFactorStatus, person: Person): Outcome {
  const { enabled, epoch, authenticators, backupCodes } = status
  return {
    answer: 'ok',
    enabled,
    epoch: epoch === undefined ? null : person.nameOfEpoch(epoch),
    authenticators: authenticators.map(({ id, label, verified, disabled }) => {
      return { id: person.nameOfAuthenticator(id), label, verified, disabled }
    }),
    set: backupCodes && {
      id: person.nameOfSet(backupCodes.id),
      remaining: backupCodes.remaining,
      total: backupCodes.total,
    },
  }
}

/** What the storage holds in the end, in the model's words: also what no status shows. */
export function storedOf(entry: StoredEntry | undefined, person: Person, presentStep: number): Outcome {
  return { answer: 'ok', record: entry ? storedFactor(entry.record, person, presentStep) : null }
}

function storedFactor(record: SecondFactorRecord, person: Person, presentStep: number): StoredFactor {
  return {
    epoch: person.nameOfEpoch(record.epoch),
    authenticators: record.authenticators.map((one) => ({
      id: person.nameOfAuthenticator(one.id),
      label: one.label,
      verified: one.verifiedAt !== undefined,
      disabled: one.disabledAt !== undefined,
      lastStep: one.lastStep === undefined ? null : one.lastStep - presentStep,
      guesses: guessesOf(one.throttle),
    })),
    set: storedSet(record.backupCodes, person),
    unconfirmed: storedSet(record.unconfirmedBackupCodes, person),
    totpGuesses: guessesOf(record.totpThrottle),
    backupCodeGuesses: guessesOf(record.backupCodeThrottle),
  }
}

const storedSet = (set: SecondFactorRecord['backupCodes'], person: Person): StoredSet | null =>
  set ? { id: person.nameOfSet(set.id), used: Object.keys(set.usedAt ?? {}).map(Number) } : null

const guessesOf = (throttle: SecondFactorRecord['totpThrottle']): Guesses => ({
  failures: throttle?.failures ?? 0,
  spent: throttle?.spent ?? 0,
})
