import type {
  ConfirmBackupCodesOutcome,
  ImportBackupCodesOutcome,
  Refusal,
  RemoveBackupCodesOutcome,
} from '../outcomes.js'
import type { BackupCodeSetRecord, SecondFactorRecord } from '../record.js'
import type { Policy } from './policy.js'
import { describeBackupCodes, expiry, isEnabled, remainingCodes } from './status.js'
import { keep, put, type Transition } from './transition.js'

/** True when a confirmed enrolment should hand out a first set: there is none, or all of it is used up. */
export const needsBackupCodes = (record: SecondFactorRecord | undefined): boolean =>
  remainingCodes(record?.backupCodes) === 0

/** Lay a fresh set beside the one in force. Its codes do not count before its owner confirms to have saved them. */
export function layBackupCodes(
  record: SecondFactorRecord | undefined,
  set: BackupCodeSetRecord,
): Transition<{ readonly ok: true } | Refusal<'not_enrolled'>> {
  if (!isEnabled(record)) return keep({ ok: false, reason: 'not_enrolled' })
  return put({ ok: true }, { ...record, unconfirmedBackupCodes: set })
}

/** Put the fresh set in force; the old one is void. Confirming the set in force once more changes nothing. */
export function confirmBackupCodes(
  record: SecondFactorRecord | undefined,
  id: string,
  now: number,
  policy: Policy,
): Transition<ConfirmBackupCodesOutcome> {
  if (!isEnabled(record)) return keep({ ok: false, reason: 'not_enrolled' })
  if (record.backupCodes?.id === id) {
    return keep({ ok: true, confirmed: true, ...describeBackupCodes(record.backupCodes) })
  }
  const { unconfirmedBackupCodes: set, ...rest } = record
  if (set?.id !== id) return keep({ ok: false, reason: 'not_found' })
  if (now >= expiry(set, policy)) return keep({ ok: false, reason: 'enrolment_expired' })
  return put(
    { ok: true, confirmed: true, ...describeBackupCodes(set) },
    { ...rest, backupCodes: set },
    { type: 'backup_codes_regenerated' },
  )
}

/** Take the backup codes away, the fresh set too; the second factor stays on. */
export function removeBackupCodes(
  record: SecondFactorRecord | undefined,
): Transition<RemoveBackupCodesOutcome> {
  if (!isEnabled(record)) return keep({ ok: false, reason: 'not_enrolled' })
  const { backupCodes, unconfirmedBackupCodes, ...rest } = record
  if (!backupCodes && !unconfirmedBackupCodes) return keep({ ok: true })
  return put({ ok: true }, rest, { type: 'backup_codes_removed' })
}

/** Take over a set of another system. Never in place of one that is in force: used codes would be good again. */
export function importBackupCodes(
  record: SecondFactorRecord | undefined,
  set: BackupCodeSetRecord,
): Transition<ImportBackupCodesOutcome> {
  if (!isEnabled(record)) return keep({ ok: false, reason: 'not_enrolled' })
  if (record.backupCodes) return keep({ ok: false, reason: 'backup_codes_exist' })
  return put({ ok: true, ...describeBackupCodes(set) }, { ...record, backupCodes: set }, { type: 'imported' })
}
