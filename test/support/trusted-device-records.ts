import type { NewDevice } from '../../lib/core/trusted-devices.js'
import type { SecondFactorRecord, TrustedDeviceRecord } from '../../lib/record.js'
import { enabledRecord, NOW, POLICY } from './records.js'

export const DAY = 86_400_000
const TERM = POLICY.trustedDeviceSeconds * 1000

/** A browser that is trusted since yesterday, and for a day more. */
export function trustedDevice(changes: Partial<TrustedDeviceRecord> = {}): TrustedDeviceRecord {
  return {
    id: 'laptop',
    label: 'Laptop',
    digest: 'present digest',
    previousDigest: 'previous digest',
    rotatedAt: NOW - DAY,
    createdAt: NOW - DAY,
    expiresAt: NOW + DAY,
    ...changes,
  }
}

export const LAPTOP = trustedDevice()
export const EXPIRED = trustedDevice({ id: 'expired', expiresAt: NOW })

/** An enabled second factor with these browsers. */
export const trusting = (...trustedDevices: TrustedDeviceRecord[]): SecondFactorRecord =>
  enabledRecord({ trustedDevices })

/** A browser that is to be trusted, */
export const NEW_DEVICE: NewDevice = { id: 'new', label: 'New', digest: 'new digest', token: 'new token' }
const TIMES = { createdAt: NOW, expiresAt: NOW + TERM }
/** what is kept of it, */
export const NEW_DEVICE_RECORD: TrustedDeviceRecord = {
  id: 'new',
  label: 'New',
  digest: 'new digest',
  rotatedAt: NOW,
  ...TIMES,
}
/** and what its owner is shown. */
export const NEW_DEVICE_SHOWN = { id: 'new', label: 'New', token: 'new token', lastUsedAt: NOW, ...TIMES }
