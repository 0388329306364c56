import type { Guesses, Outcome } from './history.js'
import type { Bounds } from './state.js'

/** The part of the specification that bounds guessing. The clock stands still: nothing is forgotten by waiting. */
export const NO_GUESSES: Guesses = { failures: 0, spent: 0 }

const FIRST_WAIT_SECONDS = 30
const LONGEST_WAIT_SECONDS = 3600
const WEEK_SECONDS = 7 * 24 * 3600

/** The refusal of somebody who has to wait, before any code is looked at; undefined when none is due. */
export function lock(guesses: Guesses, cost: number, bounds: Bounds): Outcome | undefined {
  const retryAfterSeconds = Math.max(waitForFailures(guesses, bounds), waitForBudget(guesses, cost, bounds))
  return retryAfterSeconds > 0 ? { answer: 'locked', retryAfterSeconds } : undefined
}

/** So many wrong codes in a row are free; the next ones cost a wait that doubles. */
function waitForFailures({ failures }: Guesses, { freeAttempts }: Bounds): number {
  if (failures < freeAttempts) return 0
  return Math.min(FIRST_WAIT_SECONDS * 2 ** (failures - freeAttempts), LONGEST_WAIT_SECONDS)
}

/** A week has room for so many wrong codes, whatever was right in between, and makes it evenly. */
function waitForBudget({ spent }: Guesses, cost: number, { weeklyBudget }: Bounds): number {
  if (spent + cost <= weeklyBudget) return 0
  return Math.ceil(((spent + cost - weeklyBudget) * WEEK_SECONDS) / weeklyBudget)
}

/** After a wrong code, which was a guess at so many authenticators. */
export const charged = ({ failures, spent }: Guesses, cost: number): Guesses => ({
  failures: failures + 1,
  spent: spent + cost,
})

/** After a right code. */
export const forgiven = ({ spent }: Guesses): Guesses => ({ failures: 0, spent })
