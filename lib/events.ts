import type { SecondFactorErrorCode } from './errors.js'

/** How a second factor was shown. */
export type SecondFactorMethod = 'totp' | 'backup_code'

/** What happened, as the core decides it. */
export type CoreEvent =
  /** An authenticator was confirmed with its first code. */
  | { readonly type: 'enrolled'; readonly authenticatorId: string }
  /** A second factor was shown. */
  | { readonly type: 'verified'; readonly method: SecondFactorMethod; readonly authenticatorId?: string }
  /** A wrong code was charged. */
  | { readonly type: 'failed'; readonly method: SecondFactorMethod }
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
  /** An authenticator was removed; the second factor stays on. */
  | { readonly type: 'removed'; readonly authenticatorId: string }
  /** The second factor is off. */
  | { readonly type: 'reset' }

/** What the core decided, or that nothing could be decided. */
export type Happening =
  | CoreEvent
  /** Infrastructure failed, and whoever asked was refused. */
  | { readonly type: 'unavailable'; readonly code: SecondFactorErrorCode }

/** What `onEvent` is told: what happened, to whom, when. Never a code, a secret or a key. */
export type SecondFactorEvent = Happening & {
  readonly userId: string
  /** Epoch milliseconds. */
  readonly at: number
}
