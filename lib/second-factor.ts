import { noticeOptions } from './misconfiguration.js'
import { administration } from './operations/administration.js'
import { backupCodes } from './operations/backup-codes.js'
import { enrolment } from './operations/enrolment.js'
import { trustedDevices } from './operations/trusted-devices.js'
import { verification } from './operations/verification.js'
import { readOptions, type SecondFactorOptions } from './options.js'
import type { SecondFactor } from './service.js'
import { createShell } from './shell.js'

/**
 * Make the second factor of an application.
 *
 * @throws TypeError naming the option that cannot be used
 *
 * @example
 * ```ts
 * const secondFactor = createSecondFactor({
 *   issuer: 'ACME',
 *   storage: new RedisStorage({ client: redis }),
 *   secret: process.env.SECOND_FACTOR_SECRET,
 * })
 * ```
 */
export function createSecondFactor(options: SecondFactorOptions): SecondFactor {
  const settings = readOptions(options)
  const [newest] = settings.secrets
  noticeOptions(settings.storage, newest)
  const shell = createShell(settings)
  return {
    trustedDeviceSeconds: settings.policy.trustedDeviceSeconds,
    status: (userId, { origin } = {}) => shell.status(userId, origin),
    ...enrolment(shell),
    ...verification(shell),
    ...backupCodes(shell),
    ...trustedDevices(shell),
    ...administration(shell),
  }
}
