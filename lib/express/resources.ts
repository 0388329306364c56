import type { SecondFactorMethod } from '../events.js'
import type { Authenticator, BackupCodes, NewAuthenticator, TrustedDevice } from '../outcomes.js'

/** A TOTP authenticator on the wire. Dates are ISO 8601. */
export interface TotpResource {
  readonly id: string
  readonly label: string
  /** Only in the answer that created it, like `uri` and `qrCode`. */
  readonly secret?: string
  readonly uri?: string
  readonly qrCode?: string
  readonly verified: boolean
  /** Only when too many wrong codes disabled it. */
  readonly disabled?: true
  /** Only in the answer that confirmed the first authenticator. */
  readonly backupCodes?: readonly string[]
  readonly createdAt: string
  readonly updatedAt: string
  readonly lastUsedAt?: string
  /** Only while pending. */
  readonly expiresAt?: string
  /** Only where the secret came from another system, and has less than 128 bits. */
  readonly weak?: true
}

/** The backup codes in force on the wire, without the codes. Dates are ISO 8601. */
export interface BackupCodesResource {
  readonly id: string
  readonly remaining: number
  readonly total: number
  readonly createdAt: string
}

/** A user's second factor on the wire, and whether this session has shown it. */
export interface StatusResource {
  readonly enabled: boolean
  readonly satisfied: boolean
  readonly authenticators: readonly TotpResource[]
  readonly backupCodes: BackupCodesResource | null
}

/** A second factor that was shown, on the wire. Dates are ISO 8601. */
export interface VerificationResource {
  readonly verified: true
  readonly method: SecondFactorMethod
  /** Which authenticator, for `totp`. */
  readonly authenticatorId?: string
  readonly backupCodesRemaining: number
  readonly verifiedAt: string
  /** Only when the browser is trusted from now on. */
  readonly trustedUntil?: string
}

/** A fresh set of backup codes on the wire, shown this once. Dates are ISO 8601. */
export interface NewBackupCodesResource {
  readonly id: string
  readonly codes: readonly string[]
  readonly createdAt: string
  readonly confirmed: false
  readonly expiresAt: string
}

/** A trusted browser on the wire. Dates are ISO 8601. */
export interface TrustedDeviceResource {
  readonly id: string
  readonly label: string
  /** Whether it is the browser that asks. */
  readonly current: boolean
  readonly createdAt: string
  readonly lastUsedAt: string
  readonly expiresAt: string
}

/** An authenticator as the Router answers with it. */
export function totpResource(authenticator: Authenticator): TotpResource {
  const { id, label, verified, disabled, createdAt, updatedAt, lastUsedAt, expiresAt, weak } = authenticator
  return {
    id,
    label,
    verified,
    ...(disabled && { disabled }),
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    ...(lastUsedAt !== undefined && { lastUsedAt: iso(lastUsedAt) }),
    ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }),
    ...(weak && { weak }),
  }
}

/** A fresh authenticator, with what is shown this once. */
export function newTotpResource(authenticator: NewAuthenticator): TotpResource {
  const { secret, uri, qrCode } = authenticator
  return { ...totpResource(authenticator), secret, uri, qrCode }
}

/** The backup codes in force, without the codes. */
export function backupCodesResource({ id, remaining, total, createdAt }: BackupCodes): BackupCodesResource {
  return { id, remaining, total, createdAt: iso(createdAt) }
}

/** A trusted browser as the Router answers with it. */
export function trustedDeviceResource(
  { id, label, createdAt, lastUsedAt, expiresAt }: TrustedDevice,
  currentId: string | undefined,
): TrustedDeviceResource {
  return {
    id,
    label,
    current: id === currentId,
    createdAt: iso(createdAt),
    lastUsedAt: iso(lastUsedAt),
    expiresAt: iso(expiresAt),
  }
}

/** An instant on the wire. */
export const iso = (instant: number): string => new Date(instant).toISOString()
