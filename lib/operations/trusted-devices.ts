import { findDevice, recognise, revoke, trust } from '../core/trusted-devices.js'
import { keep } from '../core/transition.js'
import { deviceIdOf } from '../device-tokens.js'
import { checkUserId } from '../input.js'
import type { RecogniseOutcome } from '../outcomes.js'
import type { SecondFactor } from '../service.js'
import type { Shell } from '../shell.js'

type TrustedDevices = Pick<
  SecondFactor,
  'trustDevice' | 'recogniseDevice' | 'trustedDevices' | 'revokeTrustedDevice' | 'revokeTrustedDevices'
>

const UNKNOWN = { ok: false, reason: 'not_found' } as const

/** Browsers that may stand in for a second factor for a while. */
export function trustedDevices({
  settings: { policy },
  examiner,
  status,
  act,
  decide,
}: Shell): TrustedDevices {
  return {
    async trustDevice(userId, details = {}, options = {}) {
      checkUserId(userId)
      if (policy.trustedDeviceSeconds === 0) {
        throw new TypeError(
          'trustDevice: createSecondFactor({ trustedDeviceSeconds: 0 }) has turned trust off.',
        )
      }
      const device = examiner.newDevice(userId, details)
      return act(userId, options, (record, now) => trust(record, device, now, policy))
    },

    async recogniseDevice(userId, token, options = {}) {
      checkUserId(userId)
      const id = deviceIdOf(token)
      if (id === undefined || policy.trustedDeviceSeconds === 0) return UNKNOWN
      return decide<RecogniseOutcome>(userId, options, (record, now) => {
        const device = findDevice(record, id, now)
        if (!device) return keep(UNKNOWN)
        return recognise(record, examiner.examineDevice(userId, device, token), now)
      })
    },

    async trustedDevices(userId) {
      return (await status(userId)).trustedDevices
    },

    async revokeTrustedDevice(userId, id, options = {}) {
      if (typeof (id as unknown) !== 'string')
        throw new TypeError('revokeTrustedDevice: id must be a string.')
      return act(userId, options, (record, now) => revoke(record, id, now))
    },

    async revokeTrustedDevices(userId, options = {}) {
      return act(userId, options, (record, now) => revoke(record, undefined, now))
    },
  }
}
