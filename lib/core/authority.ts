import type { Refusal } from '../outcomes.js'
import type { SecondFactorRecord } from '../record.js'
import { isEnabled } from './status.js'

/**
 * What the caller of an operation has shown. Checked against the very record that is about to be changed, so that
 * nothing slips in between a guard and the write behind it.
 *
 * - `first_factor`: enough as long as the user has no second factor
 * - `second_factor`: shown under this epoch, which must still be the record's
 *
 * Absent: the application's own code acts (an administrator's tool, a job).
 */
export type Authority =
  { readonly shown: 'first_factor' } | { readonly shown: 'second_factor'; readonly epoch: string }

/** The refusal when the authority does not reach, or undefined when it does. */
export function authorityRefusal(
  record: SecondFactorRecord | undefined,
  authority: Authority | undefined,
): Refusal<'second_factor_required'> | undefined {
  if (!authority) return undefined
  const enough = authority.shown === 'first_factor' ? !isEnabled(record) : record?.epoch === authority.epoch
  return enough ? undefined : { ok: false, reason: 'second_factor_required' }
}
