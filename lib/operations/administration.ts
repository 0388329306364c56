import { isBcrypt, normaliseForeign } from '../backup-codes.js'
import { importBackupCodes } from '../core/backup-codes.js'
import { importAuthenticator } from '../core/enrolment.js'
import { describeAuthenticator, isVerified } from '../core/status.js'
import { keep, put } from '../core/transition.js'
import { checkUserId, invalid, readLabel } from '../input.js'
import type { ImportBackupCodesOutcome, ImportTotpOutcome, RekeyOutcome } from '../outcomes.js'
import type { SecondFactor } from '../service.js'
import type { Shell } from '../shell.js'
import { newToken } from '../tokens.js'
import { isWeak, readImport } from '../totp-import.js'

type Administration = Pick<SecondFactor, 'rekey' | 'importTotp' | 'importBackupCodes'>

const MOST_CODES = 50

/** What an application's own code does: take over from another system, and retire a secret. */
export function administration({ settings, examiner, decide, act }: Shell): Administration {
  const { policy, backupCodes } = settings
  return {
    async rekey(userId) {
      return decide<RekeyOutcome>(userId, {}, (record) => {
        const renewed = record && examiner.renewed(userId, record)
        if (!renewed || renewed === record) return keep({ ok: true, changed: false })
        return put({ ok: true, changed: true }, renewed)
      })
    },

    async importTotp(userId, given, options = {}) {
      checkUserId(userId)
      const label = given.label === undefined ? undefined : readLabel(given.label)
      if (label?.ok === false) return label
      const read = readImport(given)
      if (!read.ok) return read
      const { id, sealed } = examiner.sealTotpSecret(userId, read.secret)
      const imported = {
        authenticator: {
          id,
          secret: sealed,
          ...read.parameters,
          ...(isWeak(read.secret) && { weak: true as const }),
        },
        label: label?.text,
        epoch: newToken(),
      }
      return act<ImportTotpOutcome>(userId, options, (record, now) => {
        // A migration that is run once more finds its work done.
        const verified = (record?.authenticators ?? []).filter(isVerified)
        const present = examiner.findTotpSecret(userId, verified, read.secret)
        if (present) return keep({ ok: true, ...describeAuthenticator(present, policy) })
        return importAuthenticator(record, imported, now, policy)
      })
    },

    async importBackupCodes(userId, codes, options = {}) {
      checkUserId(userId)
      const problem = unusable(codes)
      if (problem !== undefined) return invalid(problem)
      if (codes.some(isBcrypt) && !backupCodes.compareBcrypt) {
        throw new TypeError(
          'importBackupCodes: digests of bcrypt need createSecondFactor({ backupCodes: { compareBcrypt } }), such as compare of "bcryptjs".',
        )
      }
      const set = await examiner.importedBackupCodes(userId, codes, settings.now())
      return act<ImportBackupCodesOutcome>(userId, options, (record) => importBackupCodes(record, set))
    },
  }
}

/** Why these can be no set of another system's codes; undefined when they can. */
function unusable(codes: readonly unknown[]): string | undefined {
  if (!Array.isArray(codes) || codes.length < 1 || codes.length > MOST_CODES) {
    return `codes must be a list of 1 to ${MOST_CODES} texts.`
  }
  const read = codes.map((code) =>
    typeof code === 'string' ? (isBcrypt(code) ? code : normaliseForeign(code)) : undefined,
  )
  if (read.includes(undefined)) {
    return 'each code must have 8 to 64 letters or digits, or be a digest of bcrypt.'
  }
  return new Set(read).size === read.length ? undefined : 'the codes must differ from each other.'
}
