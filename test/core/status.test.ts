import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  activeAuthenticators,
  describe as describeRecord,
  describeAuthenticator,
  describeBackupCodes,
  expiry,
  isEnabled,
  isExpired,
  isVerified,
  remainingCodes,
} from '../../lib/core/status.js'
import type { AuthenticatorRecord } from '../../lib/record.js'
import {
  backupCodeSet,
  enabledRecord,
  NOW,
  pendingAuthenticator,
  POLICY,
  verifiedAuthenticator,
} from '../support/records.js'

const VERIFIED = verifiedAuthenticator({ id: 'verified' })
const PENDING = pendingAuthenticator({ id: 'pending' })
const DISABLED = verifiedAuthenticator({ id: 'disabled', disabledAt: NOW })

const COMBINATIONS: readonly {
  readonly title: string
  readonly authenticators: readonly AuthenticatorRecord[]
  readonly enabled: boolean
  readonly active: readonly string[]
}[] = [
  { title: 'no authenticator', authenticators: [], enabled: false, active: [] },
  { title: 'a pending authenticator', authenticators: [PENDING], enabled: false, active: [] },
  { title: 'a verified authenticator', authenticators: [VERIFIED], enabled: true, active: ['verified'] },
  { title: 'a disabled authenticator', authenticators: [DISABLED], enabled: true, active: [] },
  {
    title: 'one of each',
    authenticators: [PENDING, DISABLED, VERIFIED],
    enabled: true,
    active: ['verified'],
  },
]

describe('core/status', () => {
  for (const { title, authenticators, enabled, active } of COMBINATIONS) {
    it(`is ${enabled ? 'on' : 'off'} with ${title}; codes count for ${active.join() || 'none'}`, () => {
      const record = enabledRecord({ authenticators })
      expect(isEnabled(record)).to.equal(enabled)
      expect(activeAuthenticators(record).map(({ id }) => id)).to.deep.equal(active)
    })
  }

  it('is off when nothing is stored', () => {
    expect(isEnabled(undefined)).to.equal(false)
    expect(describeRecord(undefined, NOW, POLICY)).to.deep.equal({
      enabled: false,
      epoch: undefined,
      authenticators: [],
      backupCodes: null,
      trustedDevices: [],
      readAt: NOW,
    })
  })

  it('describes a record without what is secret or internal', () => {
    const record = enabledRecord({
      authenticators: [
        verifiedAuthenticator({ label: 'Old phone', throttle: { failures: 1, spent: 1, at: NOW } }),
        pendingAuthenticator({ id: 'tablet', label: 'Tablet', digits: 8, period: 60, algorithm: 'SHA512' }),
      ],
      backupCodes: backupCodeSet({ usedAt: { 3: NOW } }),
      unconfirmedBackupCodes: backupCodeSet({ id: 'fresh' }),
      totpThrottle: { failures: 1, spent: 1, at: NOW },
    })
    const yesterday = NOW - 86_400_000
    expect(describeRecord(record, NOW + 5, POLICY)).to.deep.equal({
      enabled: true,
      epoch: 'epoch',
      authenticators: [
        {
          id: 'phone',
          label: 'Old phone',
          verified: true,
          disabled: false,
          algorithm: 'SHA1',
          digits: 6,
          period: 30,
          createdAt: yesterday,
          updatedAt: yesterday,
          lastUsedAt: yesterday,
        },
        {
          id: 'tablet',
          label: 'Tablet',
          verified: false,
          disabled: false,
          algorithm: 'SHA512',
          digits: 8,
          period: 60,
          createdAt: NOW,
          updatedAt: NOW,
          expiresAt: NOW + 600_000,
        },
      ],
      backupCodes: { id: 'set', remaining: 9, total: 10, createdAt: NOW },
      trustedDevices: [],
      readAt: NOW + 5,
    })
  })

  it('leaves out pending authenticators from the very instant at which they expire', () => {
    const record = enabledRecord({ authenticators: [VERIFIED, PENDING] })
    const idsAt = (now: number) => describeRecord(record, now, POLICY).authenticators.map(({ id }) => id)
    const end = NOW + POLICY.pendingSeconds * 1000
    expect(expiry(PENDING, POLICY)).to.equal(end)
    expect(idsAt(end - 1)).to.deep.equal(['verified', 'pending'])
    expect(idsAt(end)).to.deep.equal(['verified'])
  })

  it('never lets a verified authenticator expire', () => {
    expect(isVerified(VERIFIED)).to.equal(true)
    expect(isExpired(VERIFIED, Number.MAX_SAFE_INTEGER, POLICY)).to.equal(false)
  })

  it('says of a disabled authenticator that it is both verified and disabled', () => {
    const { verified, disabled } = describeAuthenticator(DISABLED, POLICY)
    expect({ verified, disabled }).to.deep.equal({ verified: true, disabled: true })
  })

  it('counts the backup codes that are left', () => {
    const half = backupCodeSet({ usedAt: { 0: NOW, 1: NOW, 4: NOW, 8: NOW, 9: NOW } })
    expect([undefined, backupCodeSet(), half].map(remainingCodes)).to.deep.equal([0, 10, 5])
    expect(describeBackupCodes(half)).to.deep.equal({ id: 'set', remaining: 5, total: 10, createdAt: NOW })
  })
})
