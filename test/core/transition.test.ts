import { expect } from 'chai'
import { describe, it } from 'mocha'
import { confirmBackupCodes, layBackupCodes } from '../../lib/core/backup-codes.js'
import { confirm, enrol, removeAuthenticator, rename } from '../../lib/core/enrolment.js'
import type { Transition } from '../../lib/core/transition.js'
import { type Evidence, verify } from '../../lib/core/verify.js'
import {
  backupCodeSet,
  deepFreeze,
  enabledRecord,
  NOW,
  pendingAuthenticator,
  POLICY,
  verifiedAuthenticator,
  written,
} from '../support/records.js'

const STEP = NOW / 30_000
const UNKNOWN = { later: { deep: ['unknown'] } }

const DISABLED = verifiedAuthenticator({ id: 'disabled', disabledAt: NOW })
const AUTHENTICATORS = [
  verifiedAuthenticator({ lastStep: STEP - 1 }),
  verifiedAuthenticator({ id: 'tablet' }),
  pendingAuthenticator({ id: 'pending' }),
].map((one) => ({ ...one, ...UNKNOWN }))

const RECORD = deepFreeze({
  ...enabledRecord(),
  ...UNKNOWN,
  authenticators: [...AUTHENTICATORS, DISABLED],
  backupCodes: { ...backupCodeSet(), ...UNKNOWN },
  unconfirmedBackupCodes: { ...backupCodeSet({ id: 'fresh' }), ...UNKNOWN },
})
const FAILED_OFTEN = { ...RECORD, totpThrottle: { failures: 99, spent: 0, at: NOW - 3_600_000 } }

const ENROLMENT = { authenticator: pendingAuthenticator({ id: 'new' }), label: undefined, epoch: 'unused' }
const FRESHER = { ...backupCodeSet({ id: 'fresher' }), ...UNKNOWN }

const totp = (...matches: { authenticatorId: string; step: number }[]): Evidence => ({
  method: 'totp',
  digits: 6,
  matches,
})
const backupCode = (index?: number): Evidence => ({ method: 'backup_code', index })
const decide = (evidence: Evidence, record = RECORD) => verify(record, evidence, 'new epoch', NOW, POLICY)
const confirmation = (step?: number) =>
  confirm(RECORD, { id: 'pending', step, backupCodes: undefined }, NOW, POLICY)

const CODE = { authenticatorId: 'phone', step: STEP }
const REPLAYED = { authenticatorId: 'phone', step: STEP - 1 }

const TRANSITIONS: readonly [string, Transition<unknown>][] = [
  ['a TOTP code', decide(totp(CODE, { authenticatorId: 'tablet', step: STEP }))],
  ['a wrong TOTP code', decide(totp())],
  ['a replayed TOTP code', decide(totp(REPLAYED))],
  ['one wrong TOTP code too many', decide(totp(), FAILED_OFTEN)],
  ['a backup code', decide(backupCode(0))],
  ['a wrong backup code', decide(backupCode())],
  ['an enrolment', enrol(RECORD, ENROLMENT, NOW, POLICY)],
  ['a confirmation', confirmation(STEP)],
  ['a wrong confirmation', confirmation()],
  ['a new label', rename(RECORD, 'phone', 'New label', NOW, POLICY)],
  ['a removal', removeAuthenticator(RECORD, 'disabled', 'new epoch')],
  ['a fresh set', layBackupCodes(RECORD, FRESHER)],
]

const CONFIRMED_SET = confirmBackupCodes(RECORD, 'fresh', NOW, POLICY)

describe('core/transition', () => {
  for (const [title, transition] of [...TRANSITIONS, ['a confirmed set', CONFIRMED_SET] as const]) {
    it(`writes what it does not know as it was, with ${title}`, () => {
      const next = written(transition)
      expect(next).to.deep.include(UNKNOWN)
      for (const id of ['phone', 'tablet', 'pending']) {
        expect(
          next.authenticators.find((one) => one.id === id),
          id,
        ).to.deep.include(UNKNOWN)
      }
      expect(next.backupCodes).to.deep.include(UNKNOWN)
    })
  }

  for (const [title, transition] of TRANSITIONS) {
    it(`keeps an unconfirmed set, and what it does not know of it, with ${title}`, () => {
      expect(written(transition).unconfirmedBackupCodes).to.deep.include(UNKNOWN)
    })
  }
})
