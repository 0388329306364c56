import { NO_GUESSES } from './guesses.js'
import type { Outcome, StoredAuthenticator, StoredFactor, StoredSet } from './history.js'

/** All that matters of one user's second factor. */
export interface Factor extends StoredFactor {
  /** Undefined until an answer has shown it. */
  readonly epoch: string | undefined
  readonly set: CodesOfSet | null
  readonly unconfirmed: CodesOfSet | null
}

export interface CodesOfSet extends StoredSet {
  /** Which codes they are; `id` is how the set itself is shown. */
  readonly codes: string
}

/** Null: nothing is stored. */
export type State = Factor | null

/** The numbers that a service was given. */
export interface Bounds {
  readonly freeAttempts: number
  readonly weeklyBudget: number
  readonly disableAfter: number
  readonly codesInSet: number
}

/** The one outcome that is right in a state, and the state after it. */
export interface Answered {
  readonly outcome: Outcome
  readonly next: State
}

/** What was answered: fresh names are taken from there, and nothing else. Undefined: the answer was lost. */
export type Seen = Outcome | undefined

/** As the first enrolment finds it. */
export const EMPTY: Factor = {
  epoch: undefined,
  authenticators: [],
  set: null,
  unconfirmed: null,
  totpGuesses: NO_GUESSES,
  backupCodeGuesses: NO_GUESSES,
}

export const isVerified = ({ verified }: StoredAuthenticator): boolean => verified

export const isActive = ({ verified, disabled }: StoredAuthenticator): boolean => verified && !disabled

export const refuse = (next: State, answer: string): Answered => ({ outcome: { answer }, next })

export const find = (state: State, id: string): StoredAuthenticator | undefined =>
  state?.authenticators.find((one) => one.id === id)

export const change = (state: Factor, changed: StoredAuthenticator): Factor => ({
  ...state,
  authenticators: state.authenticators.map((one) => (one.id === changed.id ? changed : one)),
})

export const shown = (set: CodesOfSet, bounds: Bounds) => {
  return { id: set.id, remaining: remaining(set, bounds), total: bounds.codesInSet }
}

export const remaining = (set: StoredSet | null, { codesInSet }: Bounds): number =>
  set ? codesInSet - set.used.length : 0

/** A number behind those that there are, and that none of them is called by. */
export function freeLabel(present: readonly StoredAuthenticator[]): string {
  for (let number = present.length + 1; ; number++) {
    const label = `Authenticator ${number}`
    if (!present.some((one) => one.label === label)) return label
  }
}

/** The epoch of the state; what nobody has been told yet is what the answer says. */
export const epochOf = (state: Factor, seen: Seen): string | undefined =>
  state.epoch ?? seen?.epoch ?? undefined

/** Another one than before. */
export const freshEpoch = (state: Factor, seen: Seen): string | undefined =>
  seen?.epoch === state.epoch ? undefined : (seen?.epoch ?? undefined)

/** The same state when there was nothing to learn, so that the search sees that nothing has changed. */
export const learn = (state: State, epoch: string | null | undefined): State =>
  state && state.epoch !== epoch ? { ...state, epoch: epoch ?? undefined } : state
