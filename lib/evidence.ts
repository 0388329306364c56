import { randomBytes, timingSafeEqual } from 'node:crypto'
import { indexOfDigest, isBcrypt, normaliseForeign, slowDigest } from './backup-codes.js'
import type { DeviceEvidence, NewDevice } from './core/trusted-devices.js'
import type { CodeForm, Evidence } from './core/verify.js'
import { createDeviceTokens } from './device-tokens.js'
import { readDeviceLabel, type TypedCode } from './input.js'
import { createKeyRing } from './key-ring.js'
import type { Settings } from './options.js'
import type {
  AuthenticatorRecord,
  BackupCodeSetRecord,
  SecondFactorRecord,
  TrustedDeviceRecord,
} from './record.js'
import { createSealing, type SealedPlace } from './sealing.js'
import type { DeviceDetails } from './service.js'
import { matchingStep, newSecret } from './totp.js'
import { newToken } from './tokens.js'

/** Everything that touches a secret: makes it, seals it, opens it, and compares codes with it. It decides nothing. */
export interface Examiner {
  /** A fresh shared secret, and how an authenticator keeps it. */
  newTotpSecret(userId: string): { readonly secret: Buffer; readonly id: string; readonly sealed: string }
  /** How a new authenticator keeps a secret that there is already. */
  sealTotpSecret(userId: string, secret: Buffer): { readonly id: string; readonly sealed: string }
  /** The authenticator that has this very secret. */
  findTotpSecret(
    userId: string,
    authenticators: readonly AuthenticatorRecord[],
    secret: Buffer,
  ): AuthenticatorRecord | undefined
  /** The newest time step at which the code is this authenticator's. */
  matchTotp(userId: string, authenticator: AuthenticatorRecord, code: string, now: number): number | undefined
  /** A fresh set of backup codes, and the codes themselves, which are shown once. */
  newBackupCodes(userId: string, createdAt: number): Promise<FreshBackupCodes>
  /** A set of another system's codes, or of bcrypt digests of them. */
  importedBackupCodes(
    userId: string,
    codes: readonly string[],
    createdAt: number,
  ): Promise<BackupCodeSetRecord>
  /** What can be found out about a code, taken for one of this form. */
  examine(
    userId: string,
    typed: TypedCode & { readonly raw: string },
    form: CodeForm,
    admitted: { readonly record: SecondFactorRecord; readonly candidates: readonly AuthenticatorRecord[] },
    now: number,
  ): Promise<Evidence>
  /** A token for a browser that is to be trusted. */
  newDevice(userId: string, details: DeviceDetails): NewDevice
  /** Which of a device's tokens was brought, and the next one. */
  examineDevice(userId: string, device: TrustedDeviceRecord, token: string): DeviceEvidence
  /**
   * The record with everything sealed under the newest key; the same object where it is so already.
   *
   * @throws {SecondFactorError} when something in it cannot be opened
   */
  renewed(userId: string, record: SecondFactorRecord): SecondFactorRecord
  /** Whether anything in the record says itself that it is under an older key. */
  isStale(record: SecondFactorRecord): boolean
}

export interface FreshBackupCodes {
  readonly set: BackupCodeSetRecord
  readonly codes: readonly string[]
}

const DIGEST_KEY_BYTES = 16

export function createExaminer({ secrets, totp, backupCodes }: Settings): Examiner {
  const keys = createKeyRing(secrets)
  const sealing = createSealing(keys)
  const tokens = createDeviceTokens(keys)
  const { count, format, compareBcrypt } = backupCodes

  const openSecret = (userId: string, { id, secret }: AuthenticatorRecord) =>
    sealing.open(secret, totpPlace(userId, id))

  function sealTotpSecret(userId: string, secret: Buffer) {
    const id = newToken()
    return { id, sealed: sealing.seal(secret, totpPlace(userId, id)) }
  }

  function matchTotp(userId: string, authenticator: AuthenticatorRecord, code: string, now: number) {
    return matchingStep(openSecret(userId, authenticator), code, now, {
      ...authenticator,
      window: totp.window,
    })
  }

  /** A set's own digest key, and how the set keeps it. */
  function newDigestKey(userId: string, id: string) {
    const digestKey = randomBytes(DIGEST_KEY_BYTES)
    return { digestKey, key: sealing.seal(digestKey, backupCodesPlace(userId, id)) }
  }

  /** Which digest of the set in force the code has. */
  async function findBackupCode(
    userId: string,
    set: BackupCodeSetRecord | undefined,
    typed: { readonly code: string; readonly raw: string },
  ) {
    if (!set) return { index: undefined }
    const digestKey = sealing.open(set.key, backupCodesPlace(userId, set.id))
    if (set.imported) return findImported(set, typed.raw, digestKey)
    return { index: indexOfDigest(set.digests, await format.digest(typed.code, digestKey)) }
  }

  // One that fails is no match, and the others are still compared: else guesses would go uncharged.
  const compared = async (text: string, digest: string): Promise<unknown> => {
    try {
      return await compareBcrypt?.(text, digest)
    } catch {
      return false
    }
  }

  /** One of ours, or one that is compared with bcrypt once, and kept as ours from then on. */
  async function findImported(set: BackupCodeSetRecord, raw: string, digestKey: Buffer) {
    const normalised = normaliseForeign(raw)
    if (normalised === undefined) return { index: undefined }
    const digest = await slowDigest(normalised, digestKey)
    const index = indexOfDigest(set.digests, digest)
    if (index !== undefined || !compareBcrypt) return { index }
    for (const [place, candidate] of set.digests.entries()) {
      if (!isBcrypt(candidate)) continue
      // Whatever the other system did with what people put between characters: both ways are tried.
      for (const text of new Set([raw, raw.replace(/[\s-]/g, '')])) {
        const same: unknown = await compared(text, candidate)
        if (same === true) return { index: place, digest }
      }
    }
    return { index: undefined }
  }

  const isStale = (record: SecondFactorRecord) => sealedValues(record).some(sealing.isStale)

  return {
    matchTotp,
    sealTotpSecret,
    isStale,

    newTotpSecret(userId) {
      const secret = newSecret(totp.secretBytes)
      return { secret, ...sealTotpSecret(userId, secret) }
    },

    findTotpSecret(userId, authenticators, secret) {
      return authenticators.find((authenticator) => {
        const other = openSecret(userId, authenticator)
        return other.length === secret.length && timingSafeEqual(other, secret)
      })
    },

    async newBackupCodes(userId, createdAt) {
      const id = newToken()
      const { digestKey, key } = newDigestKey(userId, id)
      const fresh = Array.from({ length: count }, () => format.generate())
      const digests = await Promise.all(fresh.map(({ normalised }) => format.digest(normalised, digestKey)))
      return { set: { id, key, digests, createdAt }, codes: fresh.map(({ code }) => code) }
    },

    async importedBackupCodes(userId, codes, createdAt) {
      const id = newToken()
      const { digestKey, key } = newDigestKey(userId, id)
      const digests = await Promise.all(
        codes.map(async (code) =>
          isBcrypt(code) ? code : slowDigest(normaliseForeign(code) ?? '', digestKey),
        ),
      )
      return { id, key, digests, createdAt, imported: true }
    },

    async examine(userId, typed, form, { record, candidates }, now) {
      if (form.method === 'backup_code') {
        return { ...form, ...(await findBackupCode(userId, record.backupCodes, typed)) }
      }
      const matches = candidates.flatMap((candidate) => {
        const step = matchTotp(userId, candidate, typed.code, now)
        return step === undefined ? [] : [{ authenticatorId: candidate.id, step }]
      })
      return { ...form, matches }
    },

    newDevice: (userId, { label, replaces }) => ({
      ...tokens.issue(userId),
      label: readDeviceLabel(label),
      replaces,
    }),

    examineDevice(userId, { id, digest, previousDigest }, token) {
      const isPresent = tokens.matches(userId, token, digest)
      const isPrevious = tokens.matches(userId, token, previousDigest ?? '')
      const otherwise = tokens.knows(digest) ? 'other' : 'unknown'
      return {
        id,
        brought: isPresent ? 'present' : isPrevious ? 'previous' : otherwise,
        next: tokens.issue(userId, id),
      }
    },

    renewed(userId, record) {
      const renewSet = (set: BackupCodeSetRecord) => ({
        ...set,
        key: sealing.renew(set.key, backupCodesPlace(userId, set.id)),
      })
      const { authenticators, backupCodes: inForce, unconfirmedBackupCodes: unconfirmed } = record
      const renewed = {
        ...record,
        authenticators: authenticators.map((authenticator) => ({
          ...authenticator,
          secret: sealing.renew(authenticator.secret, totpPlace(userId, authenticator.id)),
          ...(authenticator.backupCodes && { backupCodes: renewSet(authenticator.backupCodes) }),
        })),
        ...(inForce && { backupCodes: renewSet(inForce) }),
        ...(unconfirmed && { unconfirmedBackupCodes: renewSet(unconfirmed) }),
      }
      return isStale(record) ? renewed : record
    },
  }
}

/** Everything in a record that is sealed. */
const sealedValues = ({
  authenticators,
  backupCodes,
  unconfirmedBackupCodes,
}: SecondFactorRecord): string[] =>
  [
    ...authenticators.flatMap(({ secret, backupCodes: pending }) => [secret, pending?.key]),
    backupCodes?.key,
    unconfirmedBackupCodes?.key,
  ].filter((sealed) => sealed !== undefined)

const totpPlace = (userId: string, id: string): SealedPlace => ({ userId, kind: 'totp', id })
const backupCodesPlace = (userId: string, id: string): SealedPlace => ({ userId, kind: 'backup-codes', id })
