import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  confirmBackupCodes,
  layBackupCodes,
  needsBackupCodes,
  removeBackupCodes,
} from '../../lib/core/backup-codes.js'
import { verify } from '../../lib/core/verify.js'
import type { SecondFactorRecord } from '../../lib/record.js'
import {
  backupCodeSet,
  enabledRecord,
  NOW,
  pendingAuthenticator,
  POLICY,
  written,
} from '../support/records.js'

const OLD = backupCodeSet({ id: 'old', usedAt: { 0: NOW - 1 } })
const FRESH = backupCodeSet({ id: 'fresh', digests: ['a', 'b'] })
const END = NOW + POLICY.pendingSeconds * 1000

const BOTH = enabledRecord({ backupCodes: OLD, unconfirmedBackupCodes: FRESH })
const NOT_ENABLED: readonly [string, SecondFactorRecord | undefined][] = [
  ['nothing is stored', undefined],
  ['an enrolment is pending', enabledRecord({ authenticators: [pendingAuthenticator()] })],
]

describe('core/backup-codes', () => {
  describe('needsBackupCodes', () => {
    const used = Object.fromEntries(OLD.digests.map((_, index) => [index, NOW]))
    const rows: readonly [string, SecondFactorRecord | undefined, boolean][] = [
      ['when nothing is stored', undefined, true],
      ['when there is no set', enabledRecord(), true],
      ['when every code is used', enabledRecord({ backupCodes: { ...OLD, usedAt: used } }), true],
      ['when only a fresh set waits', enabledRecord({ unconfirmedBackupCodes: FRESH }), true],
      ['while one code is left', enabledRecord({ backupCodes: OLD }), false],
    ]
    for (const [title, record, needed] of rows) {
      it(`${needed ? 'asks for a' : 'asks for no'} first set ${title}`, () => {
        expect(needsBackupCodes(record)).to.equal(needed)
      })
    }
  })

  describe('removeBackupCodes', () => {
    for (const [title, record] of NOT_ENABLED) {
      it(`refuses while ${title}`, () => {
        const transition = removeBackupCodes(record)
        expect(transition.verdict).to.deep.equal({ ok: false, reason: 'not_enrolled' })
        expect(transition.change).to.equal('keep')
      })
    }

    const sets: readonly (readonly [string, Partial<SecondFactorRecord>])[] = [
      ['the set in force', { backupCodes: OLD }],
      ['a fresh set', { unconfirmedBackupCodes: FRESH }],
      ['both', { backupCodes: OLD, unconfirmedBackupCodes: FRESH }],
    ]
    for (const [what, more] of sets) {
      it(`takes ${what} away, and nothing else`, () => {
        const transition = removeBackupCodes(enabledRecord(more))
        expect(transition.verdict).to.deep.equal({ ok: true })
        expect(transition.events).to.deep.equal([{ type: 'backup_codes_removed' }])
        expect(written(transition)).to.deep.equal(enabledRecord())
      })
    }

    it('writes nothing where there are none', () => {
      const transition = removeBackupCodes(enabledRecord())
      expect(transition).to.deep.equal({ verdict: { ok: true }, events: [], change: 'keep' })
    })
  })

  describe('layBackupCodes', () => {
    for (const [title, record] of NOT_ENABLED) {
      it(`refuses while ${title}`, () => {
        const transition = layBackupCodes(record, FRESH)
        expect(transition.verdict).to.deep.equal({ ok: false, reason: 'not_enrolled' })
        expect(transition.change).to.equal('keep')
      })
    }

    it('lays the fresh set beside the one in force, and tells nobody', () => {
      const record = enabledRecord({ backupCodes: OLD })
      const transition = layBackupCodes(record, FRESH)
      expect(transition.verdict).to.deep.equal({ ok: true })
      expect(transition.events).to.deep.equal([])
      expect(written(transition)).to.deep.equal(BOTH)
    })

    it('puts the latest fresh set in the place of an earlier one', () => {
      const later = backupCodeSet({ id: 'later' })
      const next = written(layBackupCodes(BOTH, later))
      expect(next).to.deep.equal({ ...BOTH, unconfirmedBackupCodes: later })
      expect(confirmBackupCodes(next, 'fresh', NOW, POLICY).verdict).to.deep.equal({
        ok: false,
        reason: 'not_found',
      })
    })

    it('lets no code of the fresh set count before it is confirmed', () => {
      const record = written(layBackupCodes(enabledRecord(), FRESH))
      // The shell looks in the set in force only; even an index from elsewhere finds nothing to count.
      const attempt = verify(record, { method: 'backup_code', index: 0 }, 'new epoch', NOW, POLICY)
      expect(attempt.verdict).to.deep.equal({ ok: false, reason: 'invalid_code' })
      expect(written(attempt).unconfirmedBackupCodes).to.deep.equal(FRESH)
    })
  })

  describe('confirmBackupCodes', () => {
    for (const [title, record] of NOT_ENABLED) {
      it(`refuses while ${title}`, () => {
        const transition = confirmBackupCodes(record, 'fresh', NOW, POLICY)
        expect(transition.verdict).to.deep.equal({ ok: false, reason: 'not_enrolled' })
        expect(transition.change).to.equal('keep')
      })
    }

    it('puts the fresh set in force where there is no old one', () => {
      const record = enabledRecord({ unconfirmedBackupCodes: FRESH })
      expect(written(confirmBackupCodes(record, 'fresh', NOW, POLICY)).backupCodes).to.deep.equal(FRESH)
    })

    it('puts the fresh set in force and voids the old one', () => {
      const transition = confirmBackupCodes(BOTH, 'fresh', END - 1, POLICY)
      expect(transition.verdict).to.deep.equal({
        ok: true,
        confirmed: true,
        id: 'fresh',
        remaining: 2,
        total: 2,
        createdAt: NOW,
      })
      expect(transition.events).to.deep.equal([{ type: 'backup_codes_regenerated' }])
      expect(written(transition)).to.deep.equal(enabledRecord({ backupCodes: FRESH }))
    })

    it('changes nothing when the set in force is confirmed once more', () => {
      const transition = confirmBackupCodes(BOTH, 'old', NOW, POLICY)
      expect(transition).to.deep.equal({
        verdict: { ok: true, confirmed: true, id: 'old', remaining: 9, total: 10, createdAt: NOW },
        events: [],
        change: 'keep',
      })
    })

    const refused: readonly [string, SecondFactorRecord, string, number, string][] = [
      ['a set from the very instant at which it expires', BOTH, 'fresh', END, 'enrolment_expired'],
      ['a set that nobody made', BOTH, 'unknown', NOW, 'not_found'],
      ['any set when none waits', enabledRecord({ backupCodes: OLD }), 'fresh', NOW, 'not_found'],
    ]
    for (const [title, record, id, now, reason] of refused) {
      it(`refuses ${title}, and the old set stays`, () => {
        const transition = confirmBackupCodes(record, id, now, POLICY)
        expect(transition.verdict).to.deep.equal({ ok: false, reason })
        expect(transition.change).to.equal('keep')
      })
    }
  })
})
