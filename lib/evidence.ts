import { randomBytes } from 'node:crypto'
import { indexOfDigest } from './backup-codes.js'
import type { Evidence } from './core/verify.js'
import type { TypedCode } from './input.js'
import type { Settings } from './options.js'
import type { AuthenticatorRecord, BackupCodeSetRecord, SecondFactorRecord } from './record.js'
import { createSealing, type SealedPlace } from './sealing.js'
import { matchingStep, newSecret } from './totp.js'
import { newToken } from './tokens.js'

/** Everything that touches a secret: makes it, seals it, opens it, and compares codes with it. It decides nothing. */
export interface Examiner {
  /** A fresh shared secret, and how an authenticator keeps it. */
  newTotpSecret(userId: string): { readonly secret: Buffer; readonly id: string; readonly sealed: string }
  /** The newest time step at which the code is this authenticator's. */
  matchTotp(userId: string, authenticator: AuthenticatorRecord, code: string, now: number): number | undefined
  /** A fresh set of backup codes, and the codes themselves, which are shown once. */
  newBackupCodes(userId: string, createdAt: number): Promise<FreshBackupCodes>
  /** What can be found out about a code. */
  examine(
    userId: string,
    typed: TypedCode,
    record: SecondFactorRecord,
    candidates: readonly AuthenticatorRecord[],
    now: number,
  ): Promise<Evidence>
}

export interface FreshBackupCodes {
  readonly set: BackupCodeSetRecord
  readonly codes: readonly string[]
}

const DIGEST_KEY_BYTES = 16

export function createExaminer({ secrets, totp, backupCodes }: Settings): Examiner {
  const sealing = createSealing(secrets)
  const { count, format } = backupCodes

  function matchTotp(
    userId: string,
    authenticator: AuthenticatorRecord,
    code: string,
    now: number,
  ): number | undefined {
    const secret = sealing.open(authenticator.secret, totpPlace(userId, authenticator.id))
    return matchingStep(secret, code, now, { ...authenticator, window: totp.window })
  }

  /** Which digest of the set in force the code has. */
  async function findBackupCode(userId: string, set: BackupCodeSetRecord | undefined, code: string) {
    if (!set) return undefined
    const key = sealing.open(set.key, backupCodesPlace(userId, set.id))
    return indexOfDigest(set.digests, await format.digest(code, key))
  }

  return {
    matchTotp,

    newTotpSecret(userId) {
      const secret = newSecret(totp.secretBytes)
      const id = newToken()
      return { secret, id, sealed: sealing.seal(secret, totpPlace(userId, id)) }
    },

    async newBackupCodes(userId, createdAt) {
      const id = newToken()
      const digestKey = randomBytes(DIGEST_KEY_BYTES)
      const fresh = Array.from({ length: count }, () => format.generate())
      const digests = await Promise.all(fresh.map(({ normalised }) => format.digest(normalised, digestKey)))
      const key = sealing.seal(digestKey, backupCodesPlace(userId, id))
      return { set: { id, key, digests, createdAt }, codes: fresh.map(({ code }) => code) }
    },

    async examine(userId, typed, record, candidates, now) {
      if (typed.method === 'backup_code') {
        return { method: 'backup_code', index: await findBackupCode(userId, record.backupCodes, typed.code) }
      }
      const matches = candidates.flatMap((candidate) => {
        const step = matchTotp(userId, candidate, typed.code, now)
        return step === undefined ? [] : [{ authenticatorId: candidate.id, step }]
      })
      return { method: 'totp', digits: typed.digits, matches }
    },
  }
}

const totpPlace = (userId: string, id: string): SealedPlace => ({ userId, kind: 'totp', id })
const backupCodesPlace = (userId: string, id: string): SealedPlace => ({ userId, kind: 'backup-codes', id })
