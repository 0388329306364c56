import type { SecondFactorErrorCode } from './errors.js'

/** How a second factor was shown. */
export type SecondFactorMethod = 'totp' | 'backup_code'

/** Why a session counts as having shown a second factor: a code, or a browser that is trusted since one was shown. */
export type ShownMethod = SecondFactorMethod | 'trusted_device'

/** What happened, as the core decides it. */
export type CoreEvent =
  /** An authenticator was confirmed with its first code. */
  | { readonly type: 'enrolled'; readonly authenticatorId: string }
  /** A second factor was shown, or a trusted browser came back. */
  | {
      readonly type: 'verified'
      readonly method: ShownMethod
      readonly authenticatorId?: string
      readonly deviceId?: string
    }
  /**
   * A wrong code was charged. During a `challenge`, the first factor was right and the second wrong: somebody may have the
   * password, and the owner should hear of it (OWASP ASVS 6.3.5).
   */
  | {
      readonly type: 'failed'
      readonly method: SecondFactorMethod
      readonly during: 'challenge' | 'enrolment'
    }
  /** A right code came a second time: refused, not charged. */
  | { readonly type: 'replayed'; readonly method: SecondFactorMethod }
  /** Codes are not looked at before `retryAt` (epoch milliseconds). */
  | { readonly type: 'locked'; readonly method: SecondFactorMethod; readonly retryAt: number }
  /** Too many consecutive wrong codes disabled every TOTP authenticator. */
  | { readonly type: 'disabled' }
  | { readonly type: 'backup_code_used'; readonly remaining: number }
  /** Three or fewer backup codes are left. */
  | { readonly type: 'backup_codes_low'; readonly remaining: number }
  /** A new set of backup codes is in force. */
  | { readonly type: 'backup_codes_regenerated' }
  /** There are no backup codes any more; the second factor stays on. */
  | { readonly type: 'backup_codes_removed' }
  /** An authenticator was removed; the second factor stays on. */
  | { readonly type: 'removed'; readonly authenticatorId: string }
  /** The second factor is off. */
  | { readonly type: 'reset' }
  /** An authenticator, or a set of backup codes, came from another system. */
  | { readonly type: 'imported'; readonly authenticatorId?: string }
  /** A browser is trusted from now on. */
  | { readonly type: 'trusted'; readonly deviceId: string }
  /** A browser is trusted no more; `reused` when somebody brought a token that had been replaced. */
  | { readonly type: 'revoked'; readonly deviceId: string; readonly because: 'asked' | 'reused' }

/** What the core decided, or that nothing could be decided. */
export type Happening =
  | CoreEvent
  /** Infrastructure failed, and whoever asked was refused. */
  | { readonly type: 'unavailable'; readonly code: SecondFactorErrorCode }

/** Where a request came from, as far as it can be told. */
export interface RequestOrigin {
  /** The answer's `X-Request-Id`. */
  readonly requestId: string
  /** Express' `req.ip`: follows `trust proxy`, and nothing else that a client says. */
  readonly ip: string | undefined
  /** What the client calls itself, at most 256 characters of it. */
  readonly userAgent: string | undefined
}

/** What `onEvent` is told: what happened, to whom, when, and by which request. Never a code, a secret or a key. */
export type SecondFactorEvent = Happening & {
  readonly userId: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Absent where the application's own code acted. */
  readonly request?: RequestOrigin
}
