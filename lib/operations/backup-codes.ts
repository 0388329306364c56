import { confirmBackupCodes, layBackupCodes, removeBackupCodes } from '../core/backup-codes.js'
import { expiry, isEnabled } from '../core/status.js'
import { keep } from '../core/transition.js'
import type { FreshBackupCodes } from '../evidence.js'
import type { SecondFactor } from '../service.js'
import type { Shell } from '../shell.js'

type BackupCodes = Pick<SecondFactor, 'generateBackupCodes' | 'confirmBackupCodes' | 'removeBackupCodes'>

/** A fresh set of backup codes, in force once its owner has saved it. */
export function backupCodes({ settings: { policy }, examiner, act }: Shell): BackupCodes {
  return {
    async generateBackupCodes(userId, options = {}) {
      let fresh: FreshBackupCodes | undefined
      const outcome = await act<ReturnType<typeof layBackupCodes>['verdict']>(
        userId,
        options,
        async (record, now) => {
          // Digests may be slow: none are made for a caller who is refused.
          if (!isEnabled(record)) return keep({ ok: false, reason: 'not_enrolled' })
          fresh = await examiner.newBackupCodes(userId, now)
          return layBackupCodes(record, fresh.set)
        },
      )
      if (!outcome.ok) return outcome
      const { set, codes } = fresh as FreshBackupCodes
      const { id, createdAt } = set
      return { ok: true, id, codes, confirmed: false, createdAt, expiresAt: expiry(set, policy) }
    },

    async confirmBackupCodes(userId, id, options = {}) {
      return act(userId, options, (record, now) => confirmBackupCodes(record, id, now, policy))
    },

    async removeBackupCodes(userId, options = {}) {
      return act(userId, options, (record) => removeBackupCodes(record))
    },
  }
}
