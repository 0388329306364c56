import type { Authority } from './core/authority.js'
import type { RequestOrigin, SecondFactorMethod } from './events.js'
import type {
  ConfirmBackupCodesOutcome,
  ConfirmOutcome,
  EnrolOutcome,
  GenerateBackupCodesOutcome,
  ImportBackupCodesOutcome,
  ImportTotpOutcome,
  RecogniseOutcome,
  RekeyOutcome,
  RemoveBackupCodesOutcome,
  RemoveOutcome,
  RenameOutcome,
  ResetOutcome,
  RevokeOutcome,
  SecondFactorStatus,
  TrustDeviceOutcome,
  TrustedDevice,
  VerifyOutcome,
} from './outcomes.js'
import type { TotpImport } from './totp-import.js'

/** How an operation is to be carried out. */
export interface OperationOptions {
  /**
   * What the caller has shown. Absent: the application's own code acts, and may do everything.
   */
  readonly authority?: Authority
  /**
   * A status that `status()` has just returned for the same user: the operation starts from what was read for it,
   * and so saves its first read. A stale one costs a retry, never correctness.
   */
  readonly basis?: SecondFactorStatus
  /** The request that it is for, told to `onEvent`. */
  readonly origin?: RequestOrigin
}

/** What an authenticator app shows beside the issuer, and what the owner calls the authenticator. */
export interface EnrolmentDetails {
  /** Default: the user id. */
  readonly accountName?: string
  /** 1 to 64 characters. Default: `Authenticator` and a number. */
  readonly label?: string
  /** How long it waits for its confirmation, 60 to 86,400. Default: the option `totp.pendingSeconds`. */
  readonly pendingSeconds?: number
  /**
   * Hand out backup codes at once. They count once the authenticator is confirmed, unless its owner has others left
   * then. Default false: `confirm` hands out the first ones.
   */
  readonly backupCodes?: boolean
  /** Only where there is no other authenticator, waiting ones included; else `too_many_authenticators`. Default false. */
  readonly alone?: boolean
}

/** How an authenticator is to be confirmed. */
export interface ConfirmationOptions extends OperationOptions {
  /** Whether to hand out backup codes when the user has none left. Default true. */
  readonly backupCodes?: boolean
}

/**
 * A second factor for every user of an application. Each method's first argument is the user's id: a string of 1 to
 * 255 characters.
 *
 * Expected outcomes are returned: `{ ok: true, … }` or `{ ok: false, reason, … }`. What is returned has been written.
 * Every method rejects with a {@link SecondFactorError} when infrastructure failed, and with a `TypeError` when the
 * user id is none.
 */
export interface SecondFactor {
  /** How long a browser may be trusted; 0: none is. */
  readonly trustedDeviceSeconds: number

  /** Whether a second factor is on, and what it consists of. Never throws away anything, never writes. */
  status(userId: string, options?: Pick<OperationOptions, 'origin'>): Promise<SecondFactorStatus>
  /** Begin to enrol a TOTP authenticator. It counts for nothing until `confirm`, and expires after `pendingSeconds`. */
  enrol(userId: string, details?: EnrolmentDetails, options?: OperationOptions): Promise<EnrolOutcome>
  /** Confirm a pending authenticator with its first code. That code is spent. */
  confirm(userId: string, id: string, code: string, options?: ConfirmationOptions): Promise<ConfirmOutcome>
  /**
   * Check a code of the second factor: a TOTP code or a backup code, told apart by form. Each counts once, ever.
   *
   * One read and one guarded write of the storage; while locked, nothing is written.
   */
  verify(userId: string, code: string, options?: VerificationOptions): Promise<VerifyOutcome>
  /** Make a fresh set of backup codes. The set in force works on until `confirmBackupCodes`. */
  generateBackupCodes(userId: string, options?: OperationOptions): Promise<GenerateBackupCodesOutcome>
  /** Put the fresh set in force, once its owner has saved it. The old set is void. */
  confirmBackupCodes(
    userId: string,
    id: string,
    options?: OperationOptions,
  ): Promise<ConfirmBackupCodesOutcome>
  /**
   * Take the backup codes away. The second factor stays on, without a way back for whoever loses the phone. What was
   * used of them is forgotten: imported again, they would count again.
   */
  removeBackupCodes(userId: string, options?: OperationOptions): Promise<RemoveBackupCodesOutcome>
  /** Give an authenticator another label, 1 to 64 characters. */
  rename(userId: string, id: string, label: string, options?: OperationOptions): Promise<RenameOutcome>
  /** Remove an authenticator. With the last verified one the second factor is off, backup codes included. */
  remove(userId: string, id: string, options?: OperationOptions): Promise<RemoveOutcome>
  /** Turn the second factor off. All session marks are void from then on. */
  reset(userId: string, options?: OperationOptions): Promise<ResetOutcome>

  /** Trust a browser from now on, for `trustedDeviceSeconds`. Its token is in the outcome, and nowhere else, ever. */
  trustDevice(
    userId: string,
    details?: DeviceDetails,
    options?: OperationOptions,
  ): Promise<TrustDeviceOutcome>
  /**
   * Whether a browser that brings this token is trusted. A token that was brought is replaced by the `next` one; the
   * one before it is good for a minute more, and ends the trust when it comes later, for then it is in two hands.
   *
   * Trust stands in for the second factor of a login, and for no fresh one.
   */
  recogniseDevice(
    userId: string,
    token: string,
    options?: Pick<OperationOptions, 'basis' | 'origin'>,
  ): Promise<RecogniseOutcome>
  /** The browsers that are trusted now. */
  trustedDevices(userId: string): Promise<readonly TrustedDevice[]>
  /** Trust one browser no more. */
  revokeTrustedDevice(userId: string, id: string, options?: OperationOptions): Promise<RevokeOutcome>
  /** Trust no browser any more. */
  revokeTrustedDevices(userId: string, options?: OperationOptions): Promise<RevokeOutcome>

  /**
   * Seal everything of a user under the newest secret. Once it has been called for all users, the older secrets can be
   * left out of the `secret` option. (Browsers that are trusted under an older one have to show a code again then.)
   *
   * Rejects when something cannot be opened under any secret that there is.
   */
  rekey(userId: string): Promise<RekeyOutcome>
  /**
   * Take over an authenticator that the user has with another system. It counts at once; importing the same secret
   * again changes nothing. Secrets of 80 bits or more are taken, and those of less than 128 marked `weak`.
   */
  importTotp(userId: string, imported: TotpImport, options?: OperationOptions): Promise<ImportTotpOutcome>
  /**
   * Take over the unused backup codes of another system: 8 to 64 letters or digits each, or digests of bcrypt, for
   * which the option `backupCodes.compareBcrypt` is needed. They are in force at once, until the user makes new ones.
   *
   * Digits alone are told from a TOTP code by their number: as many digits as an authenticator of the user shows are a
   * TOTP code, unless something stands between them.
   */
  importBackupCodes(
    userId: string,
    codes: readonly string[],
    options?: OperationOptions,
  ): Promise<ImportBackupCodesOutcome>
}

/** What is known of a browser that is to be trusted. */
export interface DeviceDetails {
  /** What its owner will know it by, such as its `User-Agent`. */
  readonly label?: string | undefined
  /** The id of the trusted device that it has been until now: that one gives way. */
  readonly replaces?: string | undefined
}

/** How a code is to be checked. */
export interface VerificationOptions extends Pick<OperationOptions, 'basis' | 'origin'> {
  /** Take a code of this kind alone: one of the other is `invalid_request`, not looked at and not charged. */
  readonly method?: SecondFactorMethod | undefined
  /**
   * Trust the browser that sent it, if the code is an authenticator's: a backup code never earns trust.
   */
  readonly trustDevice?: DeviceDetails | undefined
}
