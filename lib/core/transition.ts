import type { CoreEvent } from '../events.js'
import type { SecondFactorRecord } from '../record.js'

/**
 * What the core decided: the verdict for the caller, and what has to be written before anybody may hear it.
 *
 * `change` is `keep` (nothing to write), `put` (write `record`) or `remove`. Events are told after the write has won.
 */
export type Transition<Verdict> = {
  readonly verdict: Verdict
  readonly events: readonly CoreEvent[]
} & ({ readonly change: 'keep' | 'remove' } | { readonly change: 'put'; readonly record: SecondFactorRecord })

/** Nothing to write. */
export function keep<Verdict>(verdict: Verdict, ...events: CoreEvent[]): Transition<Verdict> {
  return { verdict, events, change: 'keep' }
}

/** Write `record`, then tell. */
export function put<Verdict>(
  verdict: Verdict,
  record: SecondFactorRecord,
  ...events: CoreEvent[]
): Transition<Verdict> {
  return { verdict, events, change: 'put', record }
}

/** Remove the record, then tell. */
export function remove<Verdict>(verdict: Verdict, ...events: CoreEvent[]): Transition<Verdict> {
  return { verdict, events, change: 'remove' }
}
