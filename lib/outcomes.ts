import type { SecondFactorMethod } from './events.js'
import type { TotpAlgorithm } from './record.js'

/** An expected outcome that is not success; `reason` is the stable code of the HTTP answer too. */
export interface Refusal<Reason extends string> {
  /** Never true. */
  readonly ok: false
  /** Why not. */
  readonly reason: Reason
}

/** Nothing was looked at, or changed: the input cannot be what it should be. */
export interface InvalidRequest extends Refusal<'invalid_request'> {
  /** What is wrong with it, without repeating it. */
  readonly detail: string
}

/** Too many wrong codes: none is looked at before `retryAt`. */
export interface Locked extends Refusal<'locked'> {
  /** Epoch milliseconds. */
  readonly retryAt: number
  /** From now, rounded up, at least 1. */
  readonly retryAfterSeconds: number
}

/** What a caller may hear instead of success, whatever was asked. */
export type AnyRefusal =
  | InvalidRequest
  | Locked
  | Refusal<
      | 'not_enrolled'
      | 'not_found'
      | 'already_verified'
      | 'too_many_authenticators'
      | 'enrolment_expired'
      | 'invalid_code'
      | 'authenticator_disabled'
      | 'second_factor_required'
    >

/** A TOTP authenticator as its owner may see it. Instants are epoch milliseconds. */
export interface Authenticator {
  /** Random, and no secret. */
  readonly id: string
  /** What its owner calls it. */
  readonly label: string
  /** False until a first code has confirmed it; until then it counts for nothing. */
  readonly verified: boolean
  /** True after too many wrong codes in a row. */
  readonly disabled: boolean
  /** As its app was given it. */
  readonly algorithm: TotpAlgorithm
  /** Digits of a code. */
  readonly digits: number
  /** Seconds. */
  readonly period: number
  /** When it was begun. */
  readonly createdAt: number
  /** When it was last changed. */
  readonly updatedAt: number
  /** When a code of it last counted. */
  readonly lastUsedAt?: number
  /** When a pending enrolment ends; absent once verified. */
  readonly expiresAt?: number
  /** Imported with a secret of less than 128 bits (RFC 4226 R6): its owner should enrol another one. */
  readonly weak?: true
}

/** A fresh authenticator with what its owner's app needs. Nothing can read these three again. */
export interface NewAuthenticator extends Authenticator {
  /** The shared secret, base32 without padding. */
  readonly secret: string
  /** The `otpauth:` key URI. */
  readonly uri: string
  /** The key URI as a QR code: a `data:image/png;base64,` URL. */
  readonly qrCode: string
}

/** The backup codes in force. */
export interface BackupCodes {
  /** Of the set, and no secret. */
  readonly id: string
  /** How many still count. */
  readonly remaining: number
  /** How many there were. */
  readonly total: number
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** A browser that its owner trusts for a while. Instants are epoch milliseconds. */
export interface TrustedDevice {
  /** Random, and no secret. */
  readonly id: string
  /** What its owner knows it by. */
  readonly label: string
  /** When it was trusted. */
  readonly createdAt: number
  /** When it last came back. */
  readonly lastUsedAt: number
  /** When trust ends. */
  readonly expiresAt: number
}

/** A browser that is trusted from now on, with what it has to bring. Nothing can read the token again. */
export interface NewTrustedDevice extends TrustedDevice {
  /** What the browser has to keep. */
  readonly token: string
}

/** A user's second factor, without anything secret. */
export interface SecondFactorStatus {
  /** True from the first confirmed authenticator on. */
  readonly enabled: boolean
  /** What session marks are bound to; undefined when nothing is stored. */
  readonly epoch: string | undefined
  /** Pending ones included. */
  readonly authenticators: readonly Authenticator[]
  /** The set in force. */
  readonly backupCodes: BackupCodes | null
  /** Whose trust has not ended. */
  readonly trustedDevices: readonly TrustedDevice[]
  /** When it was read, epoch milliseconds. */
  readonly readAt: number
}

/** What `enrol` returns. */
export type EnrolOutcome =
  | ({
      readonly ok: true
      /** Where they were asked for: shown now or never, and in force once the authenticator is confirmed. */
      readonly backupCodes?: readonly string[]
    } & NewAuthenticator)
  | InvalidRequest
  | Refusal<'too_many_authenticators' | 'second_factor_required'>

/** What `confirm` returns. */
export type ConfirmOutcome =
  | ({
      readonly ok: true
      readonly epoch: string
      /** A first set of backup codes, when the user had none left: shown now or never. */
      readonly backupCodes?: readonly string[]
    } & Authenticator)
  | InvalidRequest
  | Locked
  | Refusal<
      'not_found' | 'already_verified' | 'enrolment_expired' | 'invalid_code' | 'second_factor_required'
    >

/** A second factor that was shown. */
export interface Verification {
  /** Always true. */
  readonly ok: true
  /** Which kind of code it was. */
  readonly method: SecondFactorMethod
  /** Which authenticator, for `totp`. */
  readonly authenticatorId?: string
  /** How many still count. */
  readonly backupCodesRemaining: number
  /** What the session mark is bound to. */
  readonly epoch: string
  /** Epoch milliseconds. */
  readonly at: number
  /** The browser, if it was to be trusted, and the code was an authenticator's. */
  readonly trustedDevice?: NewTrustedDevice
}

/** A code that does not count. Over HTTP, a wrong, a replayed and an unknown one look the same. */
export interface InvalidCode extends Refusal<'invalid_code'> {
  /** It did count once. For the application's own eyes. */
  readonly replayed?: true
}

/** What `verify` returns. */
export type VerifyOutcome =
  Verification | InvalidRequest | Locked | InvalidCode | Refusal<'not_enrolled' | 'authenticator_disabled'>

/** What `generateBackupCodes` returns. */
export type GenerateBackupCodesOutcome =
  | {
      readonly ok: true
      readonly id: string
      /** Shown now or never. */
      readonly codes: readonly string[]
      readonly confirmed: false
      readonly createdAt: number
      /** Unless confirmed before, epoch milliseconds. */
      readonly expiresAt: number
    }
  | Refusal<'not_enrolled' | 'second_factor_required'>

/** What `confirmBackupCodes` returns. */
export type ConfirmBackupCodesOutcome =
  | ({ readonly ok: true; readonly confirmed: true } & BackupCodes)
  | Refusal<'not_enrolled' | 'not_found' | 'enrolment_expired' | 'second_factor_required'>

/** What `removeBackupCodes` returns. */
export type RemoveBackupCodesOutcome =
  { readonly ok: true } | Refusal<'not_enrolled' | 'second_factor_required'>

/** What `rename` returns. */
export type RenameOutcome =
  ({ readonly ok: true } & Authenticator) | InvalidRequest | Refusal<'not_found' | 'second_factor_required'>

/** What `remove` returns. */
export type RemoveOutcome =
  | {
      readonly ok: true
      /** The epoch from now on; undefined when the second factor is off. */
      readonly epoch: string | undefined
    }
  | Refusal<'not_found' | 'second_factor_required'>

/** What `reset` returns. */
export type ResetOutcome = { readonly ok: true } | Refusal<'second_factor_required'>

/** What `rekey` returns. */
export type RekeyOutcome = {
  readonly ok: true
  /** Whether anything was sealed under an older key, and is under the newest now. */
  readonly changed: boolean
}

/** What `importTotp` returns. */
export type ImportTotpOutcome =
  | ({ readonly ok: true } & Authenticator)
  | InvalidRequest
  | Refusal<'too_many_authenticators' | 'second_factor_required'>

/** `backup_codes_exist`: a set is in force already, and importing over it would make used codes good again. */
export type ImportBackupCodesOutcome =
  | ({ readonly ok: true } & BackupCodes)
  | InvalidRequest
  | Refusal<'not_enrolled' | 'backup_codes_exist' | 'second_factor_required'>

/** What `trustDevice` returns. */
export type TrustDeviceOutcome =
  ({ readonly ok: true } & NewTrustedDevice) | Refusal<'not_enrolled' | 'second_factor_required'>

/** A trusted browser that came back. It counts as signed in, and never as having shown anything just now. */
export type RecogniseOutcome =
  | {
      readonly ok: true
      readonly method: 'trusted_device'
      readonly deviceId: string
      readonly epoch: string
      /** Epoch milliseconds. */
      readonly at: number
      /** What the browser has to bring next time, in place of what it brought; absent within a minute of the last one. */
      readonly next?: { readonly token: string; readonly expiresAt: number }
    }
  | Refusal<'not_found'>

/** What `revokeTrustedDevice` and `revokeTrustedDevices` return. */
export type RevokeOutcome = { readonly ok: true } | Refusal<'not_found' | 'second_factor_required'>
