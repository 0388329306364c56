import { isDeepStrictEqual } from 'node:util'
import { charged, forgiven, lock, NO_GUESSES } from './guesses.js'
import {
  type BackupCode,
  type Entry,
  type Match,
  type Operation,
  type Outcome,
  type StoredAuthenticator,
  type StoredSet,
  UNNAMED,
} from './history.js'
import {
  type Answered,
  type Bounds,
  type CodesOfSet,
  type Factor,
  type Seen,
  type State,
  change,
  EMPTY,
  epochOf,
  find,
  freeLabel,
  freshEpoch,
  isActive,
  isVerified,
  learn,
  refuse,
  remaining,
  shown,
} from './state.js'

// The specification: one user's second factor, as it would be if everything happened one after the other, while the
// clock stands still. It is the promise written down a second time, and shares nothing with the package.

const MOST_AUTHENTICATORS = 5

/** The state after an operation, or undefined when this outcome is impossible here. */
export function step(state: State, operation: Operation, seen: Seen, bounds: Bounds): State | undefined {
  const { outcome, next } = act(state, operation, seen, bounds)
  return seen === undefined || isDeepStrictEqual(outcome, seen) ? next : undefined
}

/** Only what succeeds, and what is charged, changes anything. */
export const changesNothing = ({ operation: { kind }, outcome }: Entry): boolean =>
  outcome !== undefined && (kind === 'status' || !['ok', 'invalid_code'].includes(outcome.answer))

/** What must be answered. */
export function act(state: State, operation: Operation, seen: Seen, bounds: Bounds): Answered {
  switch (operation.kind) {
    case 'enrol':
      return enrol(state, seen)
    case 'confirm':
      return confirm(state, operation.authenticator, operation.matches, seen, bounds)
    case 'verify':
      return verify(state, operation.matches, seen, bounds)
    case 'use':
      return use(state, operation.code, seen, bounds)
    case 'generate':
      return generate(state, seen)
    case 'confirm set':
      return confirmSet(state, operation.set, bounds)
    case 'remove':
      return remove(state, operation.authenticator, seen)
    case 'rename':
      return rename(state, operation.authenticator, operation.label)
    case 'reset':
      return { outcome: { answer: 'ok' }, next: null }
    case 'status':
      return status(state, seen, bounds)
    case 'inspect':
      return inspect(state, seen)
  }
}

/** A sixth authenticator takes the place of the oldest pending one. */
function enrol(state: State, seen: Seen): Answered {
  const present = state?.authenticators ?? []
  if (present.filter(isVerified).length >= MOST_AUTHENTICATORS)
    return refuse(state, 'too_many_authenticators')
  const gone = present.length >= MOST_AUTHENTICATORS ? present.find((one) => !isVerified(one)) : undefined
  const id = seen?.authenticator ?? UNNAMED
  const label = freeLabel(present)
  const fresh = { id, label, verified: false, disabled: false, lastStep: null, guesses: NO_GUESSES }
  const authenticators = [...present.filter((one) => one !== gone), fresh]
  return {
    outcome: { answer: 'ok', authenticator: id, label },
    next: state ? { ...state, authenticators } : { ...EMPTY, authenticators },
  }
}

/** The first right code makes a pending authenticator count, and is spent. Who has no backup codes left gets some. */
function confirm(state: State, id: string, matches: readonly Match[], seen: Seen, bounds: Bounds): Answered {
  const pending = find(state, id)
  if (!state || !pending) return refuse(state, 'not_found')
  if (pending.verified) return refuse(state, 'already_verified')
  const locked = lock(pending.guesses, 1, bounds)
  if (locked) return { outcome: locked, next: state }

  const lastStep = matches.find(({ authenticator }) => authenticator === id)?.step
  if (lastStep === undefined) {
    return refuse(change(state, { ...pending, guesses: charged(pending.guesses, 1) }), 'invalid_code')
  }
  const codes = seen?.codes ?? UNNAMED
  const due = remaining(state.set, bounds) === 0
  const epoch = epochOf(state, seen)
  const others = state.authenticators.some(isActive)
  return {
    outcome: { answer: 'ok', label: pending.label, epoch, ...(due && { codes }) },
    next: {
      ...change(state, { ...pending, verified: true, lastStep, guesses: NO_GUESSES }),
      epoch,
      ...(due && { set: { codes, id: UNNAMED, used: [] } }),
      ...(!others && { totpGuesses: NO_GUESSES }),
    },
  }
}

/** A code counts once for each authenticator that it is right for, and so does every step before it. */
function verify(state: State, matches: readonly Match[], seen: Seen, bounds: Bounds): Answered {
  if (!state?.authenticators.some(isVerified)) return refuse(state, 'not_enrolled')
  const active = state.authenticators.filter(isActive)
  if (active.length === 0) return refuse(state, 'authenticator_disabled')
  const locked = lock(state.totpGuesses, active.length, bounds)
  if (locked) return { outcome: locked, next: state }

  const right = matches.filter(({ authenticator }) => active.some(({ id }) => id === authenticator))
  if (right.length === 0) return refuse(wrongCode(state, active, bounds), 'invalid_code')
  const counting = active.flatMap((one) => {
    const match = right.find(({ authenticator }) => authenticator === one.id)
    return match && match.step > (one.lastStep ?? -Infinity) ? [{ ...one, lastStep: match.step }] : []
  })
  const [first] = counting
  if (!first) return refuse(state, 'invalid_code')
  const epoch = epochOf(state, seen)
  return {
    outcome: { answer: 'ok', authenticator: first.id, remaining: remaining(state.set, bounds), epoch },
    next: { ...counting.reduce(change, state), epoch, totpGuesses: forgiven(state.totpGuesses) },
  }
}

/** A wrong code is a guess at each authenticator; too many in a row disable them all. */
function wrongCode(state: Factor, active: readonly StoredAuthenticator[], bounds: Bounds): Factor {
  const totpGuesses = charged(state.totpGuesses, active.length)
  if (totpGuesses.failures < bounds.disableAfter) return { ...state, totpGuesses }
  const disabled = active.map((one) => ({ ...one, disabled: true }))
  return { ...disabled.reduce(change, state), totpGuesses: forgiven(totpGuesses) }
}

/** A backup code of the set in force counts once, and starts a new epoch. Its wrong codes lock nothing but themselves. */
function use(state: State, code: BackupCode | undefined, seen: Seen, bounds: Bounds): Answered {
  if (!state?.authenticators.some(isVerified)) return refuse(state, 'not_enrolled')
  const locked = lock(state.backupCodeGuesses, 1, { ...bounds, weeklyBudget: Infinity })
  if (locked) return { outcome: locked, next: state }

  const { set } = state
  if (!set || code?.codes !== set.codes) {
    return refuse({ ...state, backupCodeGuesses: charged(state.backupCodeGuesses, 1) }, 'invalid_code')
  }
  if (set.used.includes(code.index)) return refuse(state, 'invalid_code')
  const used = { ...set, used: [...set.used, code.index].sort((left, right) => left - right) }
  const epoch = freshEpoch(state, seen)
  return {
    outcome: { answer: 'ok', remaining: remaining(used, bounds), epoch },
    next: { ...state, set: used, epoch, backupCodeGuesses: forgiven(state.backupCodeGuesses) },
  }
}

function generate(state: State, seen: Seen): Answered {
  if (!state?.authenticators.some(isVerified)) return refuse(state, 'not_enrolled')
  const codes = seen?.codes ?? UNNAMED
  return { outcome: { answer: 'ok', codes }, next: { ...state, unconfirmed: { codes, id: codes, used: [] } } }
}

/** The old set is void. Doing so twice changes nothing. */
function confirmSet(state: State, id: string, bounds: Bounds): Answered {
  if (!state?.authenticators.some(isVerified)) return refuse(state, 'not_enrolled')
  const { set, unconfirmed } = state
  if (set?.id === id) return { outcome: { answer: 'ok', set: shown(set, bounds) }, next: state }
  if (unconfirmed?.id !== id) return refuse(state, 'not_found')
  return {
    outcome: { answer: 'ok', set: shown(unconfirmed, bounds) },
    next: { ...state, set: unconfirmed, unconfirmed: null },
  }
}

/** The last verified one takes everything with it, any other verified one the epoch. */
function remove(state: State, id: string, seen: Seen): Answered {
  const found = find(state, id)
  if (!state || !found) return refuse(state, 'not_found')
  const authenticators = state.authenticators.filter((one) => one !== found)
  if (found.verified && !authenticators.some(isVerified)) {
    return { outcome: { answer: 'ok', epoch: null }, next: null }
  }
  const epoch = found.verified ? freshEpoch(state, seen) : epochOf(state, seen)
  return { outcome: { answer: 'ok', epoch }, next: { ...state, authenticators, epoch } }
}

function rename(state: State, id: string, label: string): Answered {
  const found = find(state, id)
  if (!state || !found) return refuse(state, 'not_found')
  return { outcome: { answer: 'ok', label }, next: change(state, { ...found, label }) }
}

function status(state: State, seen: Seen, bounds: Bounds): Answered {
  const epoch = state ? epochOf(state, seen) : null
  const outcome: Outcome = {
    answer: 'ok',
    enabled: state?.authenticators.some(isVerified) ?? false,
    epoch,
    authenticators: (state?.authenticators ?? []).map(({ id, label, verified, disabled }) => {
      return { id, label, verified, disabled }
    }),
    set: state?.set ? shown(state.set, bounds) : null,
  }
  return { outcome, next: learn(state, epoch) }
}

function inspect(state: State, seen: Seen): Answered {
  if (!state) return { outcome: { answer: 'ok', record: null }, next: state }
  const epoch = state.epoch ?? seen?.record?.epoch
  const stored = (set: CodesOfSet | null): StoredSet | null => set && { id: set.id, used: set.used }
  const record = { ...state, epoch, set: stored(state.set), unconfirmed: stored(state.unconfirmed) }
  return { outcome: { answer: 'ok', record }, next: learn(state, epoch) }
}
