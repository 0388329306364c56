import type { ThrottlePolicy } from './throttle.js'

/** The numbers that the pure decisions depend on. */
export interface Policy {
  /** How long an enrolment, or a fresh set of backup codes, waits for its confirmation. */
  readonly pendingSeconds: number
  readonly maxAuthenticators: number
  readonly totpThrottle: ThrottlePolicy
  readonly backupCodeThrottle: ThrottlePolicy
  /** How long a browser may be trusted. */
  readonly trustedDeviceSeconds: number
}
