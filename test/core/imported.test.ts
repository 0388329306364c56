import { expect } from 'chai'
import { describe, it } from 'mocha'
import { importBackupCodes } from '../../lib/core/backup-codes.js'
import { importAuthenticator, type NewEnrolment } from '../../lib/core/enrolment.js'
import { admit, type CodeForm, type Evidence, formOf, MALFORMED, verify } from '../../lib/core/verify.js'
import type { BackupCodeSetRecord, SecondFactorRecord } from '../../lib/record.js'
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

const WEEK_MILLISECONDS = 7 * 24 * 3600 * 1000
const IMPORTED = backupCodeSet({ imported: true })
const EIGHT = verifiedAuthenticator({ id: 'eight', digits: 8 })

const digitsOf = (digits: number): CodeForm => ({ method: 'totp', digits })
const FOREIGN: CodeForm = { method: 'backup_code', foreign: true }
const foreign = (index?: number, digest?: string): Evidence => ({
  method: 'backup_code',
  foreign: true,
  index,
  ...(digest !== undefined && { digest }),
})
const decide = (record: SecondFactorRecord | undefined, evidence: Evidence, now = NOW) =>
  verify(record, evidence, 'new epoch', now, POLICY)

describe('core: what was imported', () => {
  describe('importAuthenticator', () => {
    const { createdAt: _created, updatedAt: _updated, label: _label, ...brought } = pendingAuthenticator()
    const enrolment: NewEnrolment = { authenticator: brought, label: undefined, epoch: 'first epoch' }
    const imported = { type: 'imported', authenticatorId: brought.id }

    it('makes a first entry that counts at once', () => {
      const transition = importAuthenticator(undefined, enrolment, NOW, POLICY)
      const authenticator = { ...pendingAuthenticator(), label: 'Authenticator 1', verifiedAt: NOW }
      expect(written(transition)).to.deep.equal({
        schema: 1,
        epoch: 'first epoch',
        authenticators: [authenticator],
      })
      expect(transition.verdict).to.include({ ok: true, verified: true }).and.not.have.property('expiresAt')
      expect(transition.events).to.deep.equal([imported])
    })

    it('keeps that a secret is weak, and says so', () => {
      const weak = { ...enrolment, authenticator: { ...brought, weak: true as const }, label: 'Old phone' }
      const transition = importAuthenticator(undefined, weak, NOW, POLICY)
      expect(transition.verdict).to.include({ weak: true, label: 'Old phone' })
      expect(written(transition).authenticators[0]).to.include({ weak: true })
    })

    it('stands behind those that there are, and leaves all else', () => {
      const record = enabledRecord({ authenticators: [EIGHT], backupCodes: IMPORTED })
      const next = written(importAuthenticator(record, enrolment, NOW, POLICY))
      expect(next.authenticators.map(({ id }) => id)).to.deep.equal(['eight', brought.id])
      expect({ ...next, authenticators: [] }).to.deep.equal({ ...record, authenticators: [] })
    })

    it('is refused when the room is full, and not when a pending one can give way', () => {
      const four = ['1', '2', '3', '4'].map((id) => verifiedAuthenticator({ id }))
      const full = enabledRecord({ authenticators: [...four, EIGHT] })
      expect(importAuthenticator(full, enrolment, NOW, POLICY)).to.deep.equal({
        verdict: { ok: false, reason: 'too_many_authenticators' },
        events: [],
        change: 'keep',
      })
      const waiting = enabledRecord({ authenticators: [...four, pendingAuthenticator({ id: 'waits' })] })
      const next = written(importAuthenticator(waiting, enrolment, NOW, POLICY))
      expect(next.authenticators.map(({ id }) => id)).to.deep.equal(['1', '2', '3', '4', brought.id])
    })

    it('has shown no code yet: its first one counts, and once', () => {
      const record = recordAfter(importAuthenticator(undefined, enrolment, NOW, POLICY), undefined)
      const shown: Evidence = {
        method: 'totp',
        digits: 6,
        matches: [{ authenticatorId: brought.id, step: 0 }],
      }
      const first = decide(record, shown)
      expect(first.verdict.ok).to.equal(true)
      expect(decide(written(first), shown).events).to.deep.equal([{ type: 'replayed', method: 'totp' }])
    })
  })

  describe('importBackupCodes', () => {
    it('puts the set in force, and tells that it was imported', () => {
      const transition = importBackupCodes(enabledRecord(), IMPORTED)
      const { id, createdAt } = IMPORTED
      expect(transition.verdict).to.deep.equal({ ok: true, id, createdAt, remaining: 10, total: 10 })
      expect(transition.events).to.deep.equal([{ type: 'imported' }])
      expect(written(transition)).to.deep.equal(enabledRecord({ backupCodes: IMPORTED }))
    })

    it('leaves a fresh set that waits', () => {
      const waiting = enabledRecord({ unconfirmedBackupCodes: backupCodeSet({ id: 'fresh' }) })
      const next = written(importBackupCodes(waiting, IMPORTED))
      expect(next).to.deep.equal({ ...waiting, backupCodes: IMPORTED })
    })

    const usedUp = Object.fromEntries(IMPORTED.digests.map((_, index) => [index, NOW]))
    const refused: readonly (readonly [string, SecondFactorRecord | undefined, string])[] = [
      ['nothing is stored', undefined, 'not_enrolled'],
      [
        'an enrolment is pending',
        enabledRecord({ authenticators: [pendingAuthenticator()] }),
        'not_enrolled',
      ],
      ['a set is in force', enabledRecord({ backupCodes: backupCodeSet() }), 'backup_codes_exist'],
      ['the same set is in force', enabledRecord({ backupCodes: IMPORTED }), 'backup_codes_exist'],
      [
        'a set in force is used up',
        enabledRecord({ backupCodes: { ...IMPORTED, usedAt: usedUp } }),
        'backup_codes_exist',
      ],
    ]
    for (const [title, record, reason] of refused) {
      it(`refuses while ${title}, and writes nothing`, () => {
        const verdict = { ok: false, reason }
        expect(importBackupCodes(record, IMPORTED)).to.deep.equal({ verdict, events: [], change: 'keep' })
      })
    }
  })

  describe('formOf', () => {
    const withSet = (backupCodes: BackupCodeSetRecord | undefined, ...authenticators: (typeof EIGHT)[]) =>
      enabledRecord({
        authenticators: [verifiedAuthenticator(), ...authenticators],
        ...(backupCodes && { backupCodes }),
      })
    const rows: readonly (readonly [string, SecondFactorRecord | undefined, number, CodeForm])[] = [
      ['8 digits without a record', undefined, 8, digitsOf(8)],
      ['8 digits without backup codes', withSet(undefined), 8, digitsOf(8)],
      ['8 digits with backup codes of our own', withSet(backupCodeSet()), 8, digitsOf(8)],
      ['8 digits with imported codes', withSet(IMPORTED), 8, FOREIGN],
      ['8 digits that an authenticator shows', withSet(IMPORTED, EIGHT), 8, digitsOf(8)],
      [
        '8 digits that a disabled authenticator shows',
        withSet(IMPORTED, { ...EIGHT, disabledAt: NOW }),
        8,
        FOREIGN,
      ],
      [
        '8 digits that a pending authenticator shows',
        withSet(IMPORTED, pendingAuthenticator({ id: 'p', digits: 8 })),
        8,
        FOREIGN,
      ],
      ['7 digits with imported codes', withSet(IMPORTED), 7, digitsOf(7)],
      ['6 digits with imported codes', withSet(IMPORTED), 6, digitsOf(6)],
      [
        '6 digits that none shows',
        enabledRecord({ authenticators: [EIGHT], backupCodes: IMPORTED }),
        6,
        digitsOf(6),
      ],
    ]
    for (const [title, record, digits, form] of rows) {
      it(`takes ${title} for a ${form.method === 'totp' ? 'TOTP' : 'backup'} code`, () => {
        expect(
          formOf(record, { ...digitsOf(digits), code: 'x'.repeat(digits) } as unknown as CodeForm),
        ).to.deep.equal(form)
      })
    }

    it('leaves what is a backup code by its form, and nothing of the code itself', () => {
      for (const record of [undefined, withSet(backupCodeSet()), withSet(IMPORTED)]) {
        for (const form of [FOREIGN, { method: 'backup_code' }] as const) {
          expect(formOf(record, { ...form, code: 'ABC' } as unknown as CodeForm)).to.deep.equal(form)
        }
      }
    })
  })

  describe('admit', () => {
    it('knows no foreign code where no set was imported, and charges nothing', () => {
      for (const record of [enabledRecord(), enabledRecord({ backupCodes: backupCodeSet() })]) {
        expect(admit(record, FOREIGN, NOW, POLICY)).to.equal(MALFORMED)
        expect(decide(record, foreign(0)).change).to.equal('keep')
      }
    })

    it('says to who has no second factor that there is none, whatever the form', () => {
      for (const record of [undefined, enabledRecord({ authenticators: [pendingAuthenticator()] })]) {
        expect(admit(record, FOREIGN, NOW, POLICY)).to.deep.equal({ ok: false, reason: 'not_enrolled' })
      }
    })
  })

  describe('verify', () => {
    const record = enabledRecord({ backupCodes: IMPORTED })

    it('spends an imported code, and keeps what replaces its digest', () => {
      const next = written(decide(record, foreign(3, 'ours')))
      expect(next.backupCodes).to.deep.equal({
        ...IMPORTED,
        digests: IMPORTED.digests.with(3, 'ours'),
        usedAt: { 3: NOW },
      })
      expect(next.epoch).to.equal('new epoch')
    })

    it('leaves the digests where nothing replaces one', () => {
      const next = written(decide(record, foreign(3)))
      expect(next.backupCodes?.digests).to.deep.equal(IMPORTED.digests)
    })

    it('C3 replaces no digest of a code that was used before', () => {
      const used = written(decide(record, foreign(3, 'ours')))
      const again = decide(used, foreign(3, 'another'))
      expect(again.events).to.deep.equal([{ type: 'replayed', method: 'backup_code' }])
      expect(written(again)).to.deep.equal(used)
    })

    /** Wrong codes that are looked at in so many weeks, by somebody who tries whenever it is possible. */
    function guesses(backupCodes: BackupCodeSetRecord, weeks: number, most: number): number {
      let present: SecondFactorRecord = enabledRecord({ backupCodes })
      let now = NOW
      let looked = 0
      while (now < NOW + weeks * WEEK_MILLISECONDS && looked < most) {
        const transition = decide(present, { method: 'backup_code', index: undefined }, now)
        if (!transition.verdict.ok && transition.verdict.reason === 'locked') now = transition.verdict.retryAt
        else looked++
        present = recordAfter(transition, present) ?? present
      }
      return looked
    }

    it('C10 bounds guessing at imported codes as at TOTP codes: 60, and 60 a week', () => {
      expect(guesses(IMPORTED, 1, Infinity)).to.equal(119)
      expect(guesses(IMPORTED, 5, Infinity)).to.equal(119 + 4 * 60)
    })

    it('makes guesses at ours wait a short time each, and has no such bound for them', () => {
      expect(guesses(backupCodeSet(), 1, 2000)).to.equal(2000)
    })

    it('leaves no debt of imported codes to codes of our own', () => {
      const owed = { failures: 0, spent: 60, at: NOW }
      const own = enabledRecord({ backupCodes: backupCodeSet(), backupCodeThrottle: owed })
      expect(decide(own, { method: 'backup_code', index: 0 }).verdict.ok).to.equal(true)
      const guarded = enabledRecord({ backupCodes: IMPORTED, backupCodeThrottle: owed })
      expect(decide(guarded, foreign(0)).verdict).to.include({ reason: 'locked' })
    })
  })
})
