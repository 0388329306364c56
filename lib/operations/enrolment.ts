import { encodeBase32 } from '../base32.js'
import { checkInteger } from '../check.js'
import { needsBackupCodes } from '../core/backup-codes.js'
import { confirm, enrol, findPending, removeAuthenticator, rename, reset } from '../core/enrolment.js'
import { keep } from '../core/transition.js'
import { MALFORMED } from '../core/verify.js'
import type { FreshBackupCodes } from '../evidence.js'
import { checkUserId, readAccountName, readCode, readLabel } from '../input.js'
import type { ConfirmOutcome } from '../outcomes.js'
import { qrCodeDataUrl } from '../qr.js'
import type { BackupCodeSetRecord } from '../record.js'
import type { SecondFactor } from '../service.js'
import type { Shell } from '../shell.js'
import { newToken } from '../tokens.js'
import { keyUri } from '../totp.js'

type Enrolment = Pick<SecondFactor, 'enrol' | 'confirm' | 'rename' | 'remove' | 'reset'>

/** Authenticators come and go. */
export function enrolment({ settings, examiner, act }: Shell): Enrolment {
  const { issuer, policy, totp, backupCodes } = settings
  return {
    async enrol(userId, details = {}, options = {}) {
      checkUserId(userId)
      const { pendingSeconds = policy.pendingSeconds, alone = false } = details
      if (details.pendingSeconds !== undefined) {
        checkInteger('enrol', 'pendingSeconds', pendingSeconds, 60, 86_400)
      }
      const label = details.label === undefined ? undefined : readLabel(details.label)
      if (label?.ok === false) return label
      const accountName = readAccountName(details.accountName ?? userId)
      if (!accountName.ok) return accountName

      const { secret, id, sealed } = examiner.newTotpSecret(userId)
      const { algorithm, digits, period } = totp
      const epoch = newToken()
      let handedOut: FreshBackupCodes | undefined
      const outcome = await act<ReturnType<typeof enrol>['verdict']>(userId, options, async (record, now) => {
        const begin = (set?: BackupCodeSetRecord) => {
          const authenticator = {
            id,
            secret: sealed,
            algorithm,
            digits,
            period,
            ...(pendingSeconds !== policy.pendingSeconds && { pendingUntil: now + pendingSeconds * 1000 }),
            ...(set && { backupCodes: set }),
          }
          return enrol(record, { authenticator, label: label?.text, epoch, alone }, now, policy)
        }
        const begun = begin()
        // Digests may be slow: none are made for a caller who is refused.
        if (!details.backupCodes || !begun.verdict.ok) return begun
        handedOut = await examiner.newBackupCodes(userId, now)
        return begin(handedOut.set)
      })
      if (!outcome.ok) return outcome
      const uri = keyUri(secret, issuer, accountName.text, totp)
      return {
        ...outcome,
        secret: encodeBase32(secret),
        uri,
        qrCode: qrCodeDataUrl(uri),
        ...(handedOut && { backupCodes: handedOut.codes }),
      }
    },

    async confirm(userId, id, code, options = {}) {
      checkUserId(userId)
      const typed = readCode(code, backupCodes.format)
      if (typed?.method !== 'totp') return MALFORMED
      let fresh: FreshBackupCodes | undefined
      const outcome = await act<ConfirmOutcome>(userId, options, async (record, now) => {
        const pending = findPending(record, id, now, policy)
        if (!pending.ok) return keep(pending)
        if (pending.authenticator.digits !== typed.digits) return keep(MALFORMED)
        const step = examiner.matchTotp(userId, pending.authenticator, typed.code, now)
        const isHandedOut = options.backupCodes === false || pending.authenticator.backupCodes !== undefined
        const due = step !== undefined && !isHandedOut && needsBackupCodes(record)
        fresh = due ? await examiner.newBackupCodes(userId, now) : undefined
        return confirm(record, { id, step, backupCodes: fresh?.set }, now, policy)
      })
      return outcome.ok && fresh ? { ...outcome, backupCodes: fresh.codes } : outcome
    },

    async rename(userId, id, label, options = {}) {
      checkUserId(userId)
      const wanted = readLabel(label)
      if (!wanted.ok) return wanted
      return act(userId, options, (record, now) => rename(record, id, wanted.text, now, policy))
    },

    async remove(userId, id, options = {}) {
      return act(userId, options, (record) => removeAuthenticator(record, id, newToken()))
    },

    async reset(userId, options = {}) {
      return act(userId, options, (record) => reset(record))
    },
  }
}
