import type { SecondFactorMethod } from '../events.js'
import type { Authenticator, BackupCodes, NewAuthenticator, TrustedDevice } from '../outcomes.js'

/** A TOTP authenticator on the wire. Dates are ISO 8601. */
export interface TotpResource {
  /** For `/totp/:id`. */
  readonly id: string
  /** What its owner calls it. */
  readonly label: string
  /** Only in the answer that created it, like `uri` and `qrCode`. */
  readonly secret?: string
  /** The `otpauth:` key URI. */
  readonly uri?: string
  /** A `data:image/png;base64,` URL. */
  readonly qrCode?: string
  /** False until a first code came. */
  readonly verified: boolean
  /** Only when too many wrong codes disabled it. */
  readonly disabled?: true
  /** Only in the answer that confirmed the first authenticator. */
  readonly backupCodes?: readonly string[]
  /** When it was begun. */
  readonly createdAt: string
  /** When it was last changed. */
  readonly updatedAt: string
  /** When a code of it last counted. */
  readonly lastUsedAt?: string
  /** Only while pending. */
  readonly expiresAt?: string
  /** Only where the secret came from another system, and has less than 128 bits. */
  readonly weak?: true
}

/** The backup codes in force on the wire, without the codes. Dates are ISO 8601. */
export interface BackupCodesResource {
  /** Of the set. */
  readonly id: string
  /** How many still count. */
  readonly remaining: number
  /** How many there were. */
  readonly total: number
  /** When they were made. */
  readonly createdAt: string
}

/** A user's second factor on the wire, and whether this session has shown it. */
export interface StatusResource {
  /** True from the first confirmed authenticator on. */
  readonly enabled: boolean
  /** Whether this session has shown it. */
  readonly satisfied: boolean
  /** Pending ones included. */
  readonly authenticators: readonly TotpResource[]
  /** The set in force. */
  readonly backupCodes: BackupCodesResource | null
}

/** A second factor that was shown, on the wire. Dates are ISO 8601. */
export interface VerificationResource {
  /** Always true. */
  readonly verified: true
  /** Which kind of code it was. */
  readonly method: SecondFactorMethod
  /** Which authenticator, for `totp`. */
  readonly authenticatorId?: string
  /** How many still count. */
  readonly backupCodesRemaining: number
  /** What freshness counts from. */
  readonly verifiedAt: string
  /** Only when the browser is trusted from now on. */
  readonly trustedUntil?: string
}

/** A fresh set of backup codes on the wire, shown this once. Dates are ISO 8601. */
export interface NewBackupCodesResource {
  /** For `/backup-codes/:id/confirm`. */
  readonly id: string
  /** With their dashes. */
  readonly codes: readonly string[]
  /** When they were made. */
  readonly createdAt: string
  /** The old set still counts. */
  readonly confirmed: false
  /** When they can no longer be confirmed. */
  readonly expiresAt: string
}

/** A trusted browser on the wire. Dates are ISO 8601. */
export interface TrustedDeviceResource {
  /** For `/trusted-devices/:id`. */
  readonly id: string
  /** What its owner knows it by. */
  readonly label: string
  /** Whether it is the browser that asks. */
  readonly current: boolean
  /** When it was trusted. */
  readonly createdAt: string
  /** When it last came back. */
  readonly lastUsedAt: string
  /** When trust ends. */
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
