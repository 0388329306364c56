import { withTrust } from '../core/trusted-devices.js'
import { keep } from '../core/transition.js'
import { admit, type CodeForm, formOf, MALFORMED, verify } from '../core/verify.js'
import { checkUserId, readCode, readForeignCode } from '../input.js'
import type { VerifyOutcome } from '../outcomes.js'
import type { SecondFactorRecord } from '../record.js'
import type { SecondFactor } from '../service.js'
import type { Shell } from '../shell.js'
import { newToken } from '../tokens.js'

/** Whether a code counts: the one place where that is found out. */
export function verification({ settings, examiner, decide }: Shell): Pick<SecondFactor, 'verify'> {
  const { policy, backupCodes } = settings
  return {
    async verify(userId, code, options = {}) {
      checkUserId(userId)
      const typed = readCode(code, backupCodes.format) ?? readForeignCode(code)
      if (!typed) return MALFORMED
      const { trustDevice, method } = options
      /** A code of the other kind than was asked for is none. */
      const admitted = (record: SecondFactorRecord | undefined, form: CodeForm, now: number) =>
        method === undefined || method === form.method ? admit(record, form, now, policy) : MALFORMED
      const trusts = trustDevice && policy.trustedDeviceSeconds > 0
      const device = trusts ? examiner.newDevice(userId, trustDevice) : undefined
      return decide<VerifyOutcome>(
        userId,
        options,
        async (record, now) => {
          const form = formOf(record, typed)
          const admission = admitted(record, form, now)
          if (!admission.ok) return keep(admission)
          const evidence = await examiner.examine(
            userId,
            { ...typed, raw: code.trim() },
            form,
            admission,
            now,
          )
          const verified = verify(record, evidence, newToken(), now, policy)
          return device ? withTrust(verified, device, now, policy) : verified
        },
        (record, now) => {
          const admission = admitted(record, formOf(record, typed), now)
          return admission.ok ? undefined : admission
        },
      )
    },
  }
}
