import type { Locked } from '../outcomes.js'
import type { ThrottleState } from '../record.js'

/** The numbers that bound guessing. */
export interface ThrottlePolicy {
  /** Wrong codes in a row that cost no waiting. */
  readonly freeAttempts: number
  /** The first wait; each further wrong code doubles it. */
  readonly firstWaitSeconds: number
  /** The longest such wait. */
  readonly longestWaitSeconds: number
  /** Wrong codes that a rolling week has room for; right codes do not refill it. */
  readonly weeklyBudget: number
  /** Wrong codes in a row that disable (NIST SP 800-63B-4 §3.2.2). */
  readonly disableAfter: number
}

const WEEK = 7 * 24 * 3600 * 1000

/**
 * The instant before which no code may be looked at, or undefined when one may be looked at now.
 *
 * Two clocks bind. The wait grows with consecutive failures. The budget drains evenly over a week and survives
 * successes: without it, an owner who logs in every day would hand a guesser fresh free attempts every day.
 *
 * @param cost - how many authenticators one guess is tried against
 */
export function lockedUntil(
  state: ThrottleState | undefined,
  cost: number,
  now: number,
  policy: ThrottlePolicy,
): number | undefined {
  if (!state) return undefined
  const doublings = state.failures - policy.freeAttempts
  const waitSeconds = Math.min(policy.firstWaitSeconds * 2 ** doublings, policy.longestWaitSeconds)
  const waitEnds = doublings < 0 ? now : state.at + waitSeconds * 1000
  const excess = spentAt(state, now, policy) + cost - policy.weeklyBudget
  const budgetFrees = now + Math.ceil((excess * WEEK) / policy.weeklyBudget)
  const until = Math.max(waitEnds, budgetFrees)
  return until > now ? until : undefined
}

/** The refusal while locked, or undefined when a code may be looked at. */
export function lockRefusal(
  state: ThrottleState | undefined,
  cost: number,
  now: number,
  policy: ThrottlePolicy,
): Locked | undefined {
  const retryAt = lockedUntil(state, cost, now, policy)
  if (retryAt === undefined) return undefined
  return { ok: false, reason: 'locked', retryAt, retryAfterSeconds: Math.ceil((retryAt - now) / 1000) }
}

/** The state after one more wrong code. */
export function charge(
  state: ThrottleState | undefined,
  cost: number,
  now: number,
  policy: ThrottlePolicy,
): ThrottleState {
  return { failures: (state?.failures ?? 0) + 1, spent: spentAt(state, now, policy) + cost, at: now }
}

/**
 * The state after a right code: consecutive failures are forgiven (NIST SP 800-63B-4 §3.2.2), the budget is not.
 * Undefined when nothing is owed.
 */
export function forgive(
  state: ThrottleState | undefined,
  now: number,
  policy: ThrottlePolicy,
): ThrottleState | undefined {
  const spent = spentAt(state, now, policy)
  return spent > 0 ? { failures: 0, spent, at: now } : undefined
}

function spentAt(state: ThrottleState | undefined, now: number, policy: ThrottlePolicy): number {
  if (!state) return 0
  const drained = (Math.max(0, now - state.at) / WEEK) * policy.weeklyBudget
  return Math.max(0, state.spent - drained)
}
