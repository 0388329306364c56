import type { Authenticator, BackupCodes, SecondFactorStatus, TrustedDevice } from '../outcomes.js'
import type {
  AuthenticatorRecord,
  BackupCodeSetRecord,
  SecondFactorRecord,
  TrustedDeviceRecord,
} from '../record.js'
import type { Policy } from './policy.js'

/** True from the first confirmed authenticator on; a disabled one still counts, so that disabling opens nothing. */
export function isEnabled(record: SecondFactorRecord | undefined): record is SecondFactorRecord {
  return record?.authenticators.some(isVerified) ?? false
}

export const isVerified = (authenticator: AuthenticatorRecord): boolean =>
  authenticator.verifiedAt !== undefined

/** The authenticators whose codes count: verified and not disabled. */
export const activeAuthenticators = (record: SecondFactorRecord): readonly AuthenticatorRecord[] =>
  record.authenticators.filter(
    (authenticator) => isVerified(authenticator) && authenticator.disabledAt === undefined,
  )

/** What the owner may see of the record. Pending authenticators that expired are gone from it. */
export function describe(
  record: SecondFactorRecord | undefined,
  now: number,
  policy: Policy,
): SecondFactorStatus {
  return {
    enabled: isEnabled(record),
    epoch: record?.epoch,
    authenticators: (record?.authenticators ?? [])
      .filter((authenticator) => !isExpired(authenticator, now, policy))
      .map((authenticator) => describeAuthenticator(authenticator, policy)),
    backupCodes: record?.backupCodes ? describeBackupCodes(record.backupCodes) : null,
    // Where trust is turned off, what it has opened before is closed too.
    trustedDevices: policy.trustedDeviceSeconds > 0 ? liveDevices(record, now).map(describeDevice) : [],
    readAt: now,
  }
}

/** What the owner may see of one authenticator. */
export function describeAuthenticator(authenticator: AuthenticatorRecord, policy: Policy): Authenticator {
  const { id, label, algorithm, digits, period, createdAt, updatedAt, lastUsedAt, weak } = authenticator
  return {
    id,
    label,
    verified: isVerified(authenticator),
    disabled: authenticator.disabledAt !== undefined,
    algorithm,
    digits,
    period,
    createdAt,
    updatedAt,
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    ...(weak && { weak }),
    ...(!isVerified(authenticator) && { expiresAt: expiry(authenticator, policy) }),
  }
}

/** What the owner may see of a set of backup codes. */
export function describeBackupCodes(set: BackupCodeSetRecord): BackupCodes {
  return { id: set.id, remaining: remainingCodes(set), total: set.digests.length, createdAt: set.createdAt }
}

export const remainingCodes = (set: BackupCodeSetRecord | undefined): number =>
  set ? set.digests.length - Object.keys(set.usedAt ?? {}).length : 0

/** When a pending authenticator, or an unconfirmed set of backup codes, stops waiting. */
export const expiry = (
  { createdAt, pendingUntil }: { readonly createdAt: number; readonly pendingUntil?: number },
  policy: Policy,
): number => pendingUntil ?? createdAt + policy.pendingSeconds * 1000

export const isExpired = (authenticator: AuthenticatorRecord, now: number, policy: Policy): boolean =>
  !isVerified(authenticator) && now >= expiry(authenticator, policy)

/** The devices that are trusted now; none, where there is no second factor that trust could stand in for. */
export const liveDevices = (
  record: SecondFactorRecord | undefined,
  now: number,
): readonly TrustedDeviceRecord[] =>
  isEnabled(record) ? (record.trustedDevices ?? []).filter(({ expiresAt }) => now < expiresAt) : []

/** What the owner may see of a trusted device. */
export function describeDevice(device: TrustedDeviceRecord): TrustedDevice {
  const { id, label, createdAt, rotatedAt, expiresAt } = device
  return { id, label, createdAt, lastUsedAt: rotatedAt, expiresAt }
}
