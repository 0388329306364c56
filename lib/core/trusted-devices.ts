import type {
  NewTrustedDevice,
  RecogniseOutcome,
  Refusal,
  RevokeOutcome,
  VerifyOutcome,
} from '../outcomes.js'
import type { SecondFactorRecord, TrustedDeviceRecord } from '../record.js'
import type { Policy } from './policy.js'
import { describeDevice, isEnabled, liveDevices } from './status.js'
import { keep, put, type Transition } from './transition.js'

/** What trusting a browser brings, made by the shell. The token goes to the browser, its digest into the record. */
export type NewDevice = Pick<TrustedDeviceRecord, 'id' | 'label' | 'digest'> & {
  readonly token: string
  /** The same browser under the id that it has been trusted by before. */
  readonly replaces?: string | undefined
}

/** Which of a device's tokens was brought, and the next one. */
export interface DeviceEvidence {
  readonly id: string
  /** `other`: none of the two that are known; `unknown`: that cannot be told, as the key is gone. */
  readonly brought: 'present' | 'previous' | 'other' | 'unknown'
  readonly next: { readonly token: string; readonly digest: string }
}

/** More than a person has; when there is no room, the one that was there first gives way. */
const MOST_DEVICES = 10
/** Tabs that were opened together all bring the old token before the first answer brings the new one. */
const OVERLAP_SECONDS = 60

/** Trust one more browser. */
export function trust(
  record: SecondFactorRecord | undefined,
  device: NewDevice,
  now: number,
  policy: Policy,
): Transition<({ readonly ok: true } & NewTrustedDevice) | Refusal<'not_enrolled'>> {
  if (!isEnabled(record)) return keep({ ok: false, reason: 'not_enrolled' })
  const trusted = newDeviceRecord(device, now, policy)
  return put(
    { ok: true, ...describeDevice(trusted), token: device.token },
    withDevice(record, trusted, device, now),
    { type: 'trusted', deviceId: device.id },
  )
}

/** The verification of a code, and trust in the browser that sent it. A backup code never earns trust. */
export function withTrust(
  transition: Transition<VerifyOutcome>,
  device: NewDevice,
  now: number,
  policy: Policy,
): Transition<VerifyOutcome> {
  const { verdict, events } = transition
  if (transition.change !== 'put' || !verdict.ok || verdict.method !== 'totp') return transition
  const trusted = newDeviceRecord(device, now, policy)
  return put(
    { ...verdict, trustedDevice: { ...describeDevice(trusted), token: device.token } },
    withDevice(transition.record, trusted, device, now),
    ...events,
    { type: 'trusted', deviceId: device.id },
  )
}

const newDeviceRecord = (
  { id, label, digest }: NewDevice,
  now: number,
  policy: Policy,
): TrustedDeviceRecord => ({
  id,
  label,
  digest,
  rotatedAt: now,
  createdAt: now,
  expiresAt: now + policy.trustedDeviceSeconds * 1000,
})

function withDevice(
  record: SecondFactorRecord,
  trusted: TrustedDeviceRecord,
  { replaces }: NewDevice,
  now: number,
): SecondFactorRecord {
  const others = liveDevices(record, now).filter(({ id }) => id !== replaces)
  return { ...record, trustedDevices: [...others, trusted].slice(-MOST_DEVICES) }
}

/**
 * Decide whether a trusted browser is one, and replace its token. A token that was replaced a while ago, or more than
 * once, is in two hands: then neither is trusted any more.
 */
export function recognise(
  record: SecondFactorRecord | undefined,
  { id, brought, next }: DeviceEvidence,
  now: number,
): Transition<RecogniseOutcome> {
  const device = findDevice(record, id, now)
  if (!record || !device || brought === 'unknown') return keep({ ok: false, reason: 'not_found' })
  const verdict = { ok: true, method: 'trusted_device', deviceId: id, epoch: record.epoch, at: now } as const
  const verified = { type: 'verified', method: 'trusted_device', deviceId: id } as const
  const overlapping = now - device.rotatedAt < OVERLAP_SECONDS * 1000
  if (brought === 'previous' && overlapping) return put(verdict, record, verified)
  if (brought !== 'present') {
    return put({ ok: false, reason: 'not_found' }, without(record, id, now), {
      type: 'revoked',
      deviceId: id,
      because: 'reused',
    })
  }
  const rotated: TrustedDeviceRecord = {
    ...device,
    digest: next.digest,
    previousDigest: device.digest,
    rotatedAt: now,
  }
  const trustedDevices = liveDevices(record, now).map((one) => (one === device ? rotated : one))
  return put(
    { ...verdict, next: { token: next.token, expiresAt: device.expiresAt } },
    { ...record, trustedDevices },
    verified,
  )
}

/** Trust one browser no more, or none when no id is given. */
export function revoke(
  record: SecondFactorRecord | undefined,
  id: string | undefined,
  now: number,
): Transition<RevokeOutcome> {
  const revoked = liveDevices(record, now).filter((device) => id === undefined || device.id === id)
  if (!record || revoked.length === 0) {
    return keep(id === undefined ? { ok: true } : { ok: false, reason: 'not_found' })
  }
  const events = revoked.map(({ id: deviceId }) => ({ type: 'revoked', deviceId, because: 'asked' }) as const)
  return put({ ok: true }, without(record, id, now), ...events)
}

/** The device of that id, if it is trusted now. */
export const findDevice = (
  record: SecondFactorRecord | undefined,
  id: string,
  now: number,
): TrustedDeviceRecord | undefined => liveDevices(record, now).find((device) => device.id === id)

/** The record without one device, or, where no id is given, without any. */
function without(record: SecondFactorRecord, id: string | undefined, now: number): SecondFactorRecord {
  const left = liveDevices(record, now).filter((device) => id !== undefined && device.id !== id)
  return left.length > 0 ? { ...record, trustedDevices: left } : withoutTrust(record)
}

/** What follows from a removal, a recovery or a disabling: nobody is trusted any more. */
export function withoutTrust(record: SecondFactorRecord): SecondFactorRecord {
  const { trustedDevices: _ended, ...rest } = record
  return rest
}
