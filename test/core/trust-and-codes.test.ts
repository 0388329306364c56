import { expect } from 'chai'
import { describe, it } from 'mocha'
import { removeAuthenticator, reset } from '../../lib/core/enrolment.js'
import { describe as describeRecord, liveDevices } from '../../lib/core/status.js'
import type { Transition } from '../../lib/core/transition.js'
import { withTrust } from '../../lib/core/trusted-devices.js'
import { type Evidence, verify } from '../../lib/core/verify.js'
import type { SecondFactorRecord } from '../../lib/record.js'
import {
  backupCodeSet,
  enabledRecord,
  NOW,
  pendingAuthenticator,
  POLICY,
  recordAfter,
  verifiedAuthenticator,
  written,
} from '../support/records.js'
import {
  DAY,
  EXPIRED,
  LAPTOP,
  NEW_DEVICE,
  NEW_DEVICE_RECORD,
  NEW_DEVICE_SHOWN,
  trusting,
} from '../support/trusted-device-records.js'

const STEP = NOW / 30_000

describe('core/trusted-devices beside the rest of the core', () => {
  describe('withTrust', () => {
    const CODES = enabledRecord({ backupCodes: backupCodeSet(), trustedDevices: [EXPIRED, LAPTOP] })
    const right: Evidence = {
      method: 'totp',
      digits: 6,
      matches: [{ authenticatorId: 'phone', step: STEP }],
    }
    const decide = (record: SecondFactorRecord | undefined, evidence: Evidence) =>
      verify(record, evidence, 'new epoch', NOW, POLICY)

    it('trusts the browser that sent the right code of an authenticator, in the same write', () => {
      const verified = decide(CODES, right)
      const transition = withTrust(verified, NEW_DEVICE, NOW, POLICY)
      expect(transition.verdict).to.deep.equal({ ...verified.verdict, trustedDevice: NEW_DEVICE_SHOWN })
      expect(written(transition)).to.deep.equal({
        ...written(verified),
        trustedDevices: [LAPTOP, NEW_DEVICE_RECORD],
      })
      expect(transition.events).to.deep.equal([...verified.events, { type: 'trusted', deviceId: 'new' }])
    })

    const replayed = verifiedAuthenticator({ lastStep: STEP })
    const unearned: readonly [string, SecondFactorRecord | undefined, Evidence][] = [
      ['a wrong code', CODES, { ...right, matches: [] }],
      ['a code that came again', enabledRecord({ authenticators: [replayed] }), right],
      ['a right backup code', CODES, { method: 'backup_code', index: 0 }],
      ['a wrong backup code', CODES, { method: 'backup_code', index: undefined }],
      ['a code of somebody who is not enrolled', undefined, right],
      ['a code that is not looked at', { ...CODES, totpThrottle: { failures: 5, spent: 5, at: NOW } }, right],
    ]
    for (const [title, record, evidence] of unearned) {
      it(`lets ${title} earn no trust`, () => {
        const verified = decide(record, evidence)
        expect(withTrust(verified, NEW_DEVICE, NOW, POLICY)).to.equal(verified)
      })
    }
  })

  describe('what ends all trust', () => {
    const PHONE = verifiedAuthenticator()
    const SECOND = verifiedAuthenticator({ id: 'second' })
    const record = enabledRecord({
      authenticators: [PHONE, SECOND, pendingAuthenticator({ id: 'pending' })],
      backupCodes: backupCodeSet(),
      totpThrottle: { failures: 99, spent: 0, at: NOW - DAY },
      trustedDevices: [LAPTOP],
    })
    const wrongTotp: Evidence = { method: 'totp', digits: 6, matches: [] }
    const showTotp: Evidence = { ...wrongTotp, matches: [{ authenticatorId: 'phone', step: STEP }] }
    const decide = (before: SecondFactorRecord, evidence: Evidence) =>
      verify(before, evidence, 'new epoch', NOW, POLICY)
    const earlier = { ...record, totpThrottle: { failures: 98, spent: 0, at: NOW - DAY } }

    const rows: readonly [title: string, left: number, Transition<unknown>][] = [
      ['a recovery with a backup code', 0, decide(record, { method: 'backup_code', index: 3 })],
      ['the hundredth wrong code', 0, decide(record, wrongTotp)],
      ['the removal of an authenticator', 0, removeAuthenticator(record, 'phone', 'new epoch')],
      ['a reset', 0, reset(record)],
      ['the ninety-ninth wrong code', 1, decide(earlier, wrongTotp)],
      ['a right code', 1, decide(record, showTotp)],
      ['a wrong backup code', 1, decide(record, { method: 'backup_code', index: undefined })],
      ['the removal of a pending authenticator', 1, removeAuthenticator(record, 'pending', 'new epoch')],
    ]
    for (const [title, left, transition] of rows) {
      it(`${left === 0 ? 'is' : 'is not'} ${title}`, () => {
        expect(transition.change).to.not.equal('keep')
        const after = recordAfter(transition, record)
        expect(liveDevices(after, NOW)).to.have.length(left)
        expect(after?.trustedDevices?.length ?? 0).to.equal(left)
      })
    }
  })

  describe('the status', () => {
    it('shows the browsers that are trusted now, without a digest', () => {
      const { trustedDevices } = describeRecord(trusting(EXPIRED, LAPTOP), NOW, POLICY)
      expect(trustedDevices).to.deep.equal([
        {
          id: 'laptop',
          label: 'Laptop',
          createdAt: NOW - DAY,
          lastUsedAt: NOW - DAY,
          expiresAt: NOW + DAY,
        },
      ])
    })

    it('shows none where trust was turned off since', () => {
      const off = { ...POLICY, trustedDeviceSeconds: 0 }
      expect(describeRecord(trusting(LAPTOP), NOW, off).trustedDevices).to.deep.equal([])
    })
  })
})
