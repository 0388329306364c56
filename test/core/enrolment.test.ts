import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  confirm,
  type Confirmation,
  enrol,
  findPending,
  type NewEnrolment,
  removeAuthenticator,
  rename,
  reset,
} from '../../lib/core/enrolment.js'
import { activeAuthenticators, isEnabled, isVerified } from '../../lib/core/status.js'
import { verify } from '../../lib/core/verify.js'
import type { AuthenticatorRecord, SecondFactorRecord } from '../../lib/record.js'
import {
  backupCodeSet,
  deepFreeze,
  enabledRecord,
  NOW,
  PATIENT,
  pendingAuthenticator,
  POLICY,
  recordAfter,
  throttledBy,
  verifiedAuthenticator,
  written,
} from '../support/records.js'

const END = NOW + POLICY.pendingSeconds * 1000
const STEP = NOW / 30_000

const PENDING = pendingAuthenticator({ id: 'pending' })
const VERIFIED = verifiedAuthenticator({ id: 'verified' })
const ONE_OF_EACH = enabledRecord({ authenticators: [VERIFIED, PENDING] })

/** The first of two was removed. */
const SECOND_LEFT = enabledRecord({ authenticators: [verifiedAuthenticator({ label: 'Authenticator 2' })] })

const newEnrolment = (id: string, label?: string): NewEnrolment =>
  deepFreeze({
    authenticator: { id, secret: `sealed ${id}`, algorithm: 'SHA256', digits: 8, period: 60 },
    label,
    epoch: 'first epoch',
  })

const confirmation = (changes: Partial<Confirmation> = {}): Confirmation =>
  deepFreeze({ id: 'pending', step: STEP, backupCodes: undefined, ...changes })

const idsOf = (record: SecondFactorRecord | undefined) => record?.authenticators.map(({ id }) => id) ?? []

describe('core/enrolment', () => {
  describe('enrol', () => {
    const present: readonly (readonly [string, SecondFactorRecord | undefined, boolean])[] = [
      ['where nothing is stored', undefined, true],
      [
        'where another one is gone by now',
        enabledRecord({ authenticators: [{ ...PENDING, pendingUntil: NOW }] }),
        true,
      ],
      ['not where one waits', enabledRecord({ authenticators: [PENDING] }), false],
      ['not where one counts', enabledRecord({ authenticators: [VERIFIED] }), false],
    ]
    for (const [where, record, begins] of present) {
      it(`begins alone ${where}`, () => {
        const { verdict, change } = enrol(record, { ...newEnrolment('new'), alone: true }, NOW, POLICY)
        expect(verdict).to.include(begins ? { ok: true } : { ok: false, reason: 'too_many_authenticators' })
        expect(change).to.equal(begins ? 'put' : 'keep')
      })
    }

    it('writes the first entry with the epoch that it is given', () => {
      const transition = enrol(undefined, newEnrolment('new'), NOW, POLICY)
      expect(transition.verdict).to.deep.equal({
        ok: true,
        id: 'new',
        label: 'Authenticator 1',
        verified: false,
        disabled: false,
        algorithm: 'SHA256',
        digits: 8,
        period: 60,
        createdAt: NOW,
        updatedAt: NOW,
        expiresAt: END,
      })
      expect(transition.events).to.deep.equal([])
      expect(written(transition)).to.deep.equal({
        schema: 1,
        epoch: 'first epoch',
        authenticators: [
          {
            id: 'new',
            label: 'Authenticator 1',
            secret: 'sealed new',
            algorithm: 'SHA256',
            digits: 8,
            period: 60,
            createdAt: NOW,
            updatedAt: NOW,
          },
        ],
      })
    })

    it('keeps the epoch, and everything else, of a record that is there', () => {
      const record = enabledRecord({ backupCodes: backupCodeSet() })
      const { authenticators, ...rest } = written(enrol(record, newEnrolment('new'), NOW, POLICY))
      expect({ ...rest, authenticators: authenticators.slice(0, -1) }).to.deep.equal(record)
    })

    const labels: readonly [string, SecondFactorRecord | undefined, string | undefined, string][] = [
      ['the label that its owner wants', undefined, 'Tablet', 'Tablet'],
      ['a number when its owner gives none', undefined, undefined, 'Authenticator 1'],
      ['the number behind those that there are', ONE_OF_EACH, undefined, 'Authenticator 3'],
      ['a number that no other has', SECOND_LEFT, undefined, 'Authenticator 3'],
    ]
    for (const [title, record, label, expected] of labels) {
      it(`names an authenticator by ${title}`, () => {
        const { verdict } = enrol(record, newEnrolment('new', label), NOW, POLICY)
        expect(verdict).to.include({ ok: true, label: expected })
      })
    }

    const rooms: readonly {
      readonly title: string
      readonly before: readonly AuthenticatorRecord[]
      readonly now: number
      readonly after: readonly string[]
    }[] = [
      {
        title: 'leaves other pending ones alone while there is room',
        before: [VERIFIED, PENDING],
        now: END - 1,
        after: ['verified', 'pending', 'new'],
      },
      {
        title: 'sweeps away a pending one from the very instant at which it expires',
        before: [VERIFIED, PENDING],
        now: END,
        after: ['verified', 'new'],
      },
      {
        title: 'lets the oldest pending one give way when the room is full',
        before: [
          VERIFIED,
          pendingAuthenticator({ id: 'oldest' }),
          verifiedAuthenticator({ id: 'second' }),
          pendingAuthenticator({ id: 'younger' }),
          pendingAuthenticator({ id: 'youngest' }),
        ],
        now: NOW,
        after: ['verified', 'second', 'younger', 'youngest', 'new'],
      },
      {
        title: 'lets nothing give way when an expired one has made room',
        before: [
          pendingAuthenticator({ id: 'expired', createdAt: NOW - 600_000 }),
          pendingAuthenticator({ id: 'oldest' }),
          pendingAuthenticator({ id: 'younger' }),
          pendingAuthenticator({ id: 'third' }),
          pendingAuthenticator({ id: 'fourth' }),
        ],
        now: NOW,
        after: ['oldest', 'younger', 'third', 'fourth', 'new'],
      },
    ]
    for (const { title, before, now, after } of rooms) {
      it(title, () => {
        const record = enabledRecord({ authenticators: before })
        expect(idsOf(written(enrol(record, newEnrolment('new'), now, POLICY)))).to.deep.equal(after)
      })
    }

    it('refuses when the room is full of verified ones, disabled ones included', () => {
      const authenticators = ['1', '2', '3', '4', '5'].map((id) =>
        verifiedAuthenticator({ id, ...(id === '5' && { disabledAt: NOW }) }),
      )
      const transition = enrol(enabledRecord({ authenticators }), newEnrolment('new'), NOW, POLICY)
      expect(transition).to.deep.equal({
        verdict: { ok: false, reason: 'too_many_authenticators' },
        events: [],
        change: 'keep',
      })
    })

    it('never disturbs a verified one, however often somebody starts over', () => {
      const presence = fc.record({ verified: fc.boolean(), age: fc.integer({ min: 0, max: 900 }) })
      fc.assert(
        fc.property(
          fc.array(presence, { maxLength: 5 }),
          fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 12 }),
          (present, gaps) => {
            const authenticators = present.map(({ verified, age }, index) => {
              const make = verified ? verifiedAuthenticator : pendingAuthenticator
              return make({ id: `present ${index}`, createdAt: NOW - age * 1000 })
            })
            let record: SecondFactorRecord | undefined = enabledRecord({ authenticators })
            let now = NOW
            const verified = authenticators.filter(isVerified)
            for (const [index, gap] of gaps.entries()) {
              now += gap * 1000
              const transition = enrol(record, newEnrolment(`new ${index}`), now, POLICY)
              expect(transition.verdict.ok).to.equal(verified.length < POLICY.maxAuthenticators)
              record = recordAfter(transition, record)
              expect(record?.authenticators.filter(isVerified)).to.deep.equal(verified)
              expect(idsOf(record).length).to.be.at.most(POLICY.maxAuthenticators)
              if (transition.verdict.ok) expect(idsOf(record).at(-1)).to.equal(`new ${index}`)
            }
          },
        ),
        { numRuns: 200 },
      )
    })
  })

  describe('findPending', () => {
    const refusals: readonly [string, SecondFactorRecord | undefined, string, number, string][] = [
      ['when nothing is stored', undefined, 'pending', NOW, 'not_found'],
      ['an id that nobody made', ONE_OF_EACH, 'unknown', NOW, 'not_found'],
      ['one that is verified', ONE_OF_EACH, 'verified', NOW, 'already_verified'],
      ['one from the very instant at which it expires', ONE_OF_EACH, 'pending', END, 'enrolment_expired'],
    ]
    for (const [title, record, id, now, reason] of refusals) {
      it(`refuses ${title}: ${reason}`, () => {
        expect(findPending(record, id, now, POLICY)).to.deep.equal({ ok: false, reason })
      })
    }

    it('finds one until the last millisecond', () => {
      const found = findPending(ONE_OF_EACH, 'pending', END - 1, POLICY)
      expect(found).to.deep.equal({ ok: true, authenticator: PENDING, record: ONE_OF_EACH })
    })

    it('refuses one that is locked, and says until when', () => {
      const throttle = { failures: 5, spent: 5, at: NOW }
      const record = enabledRecord({ authenticators: [{ ...PENDING, throttle }] })
      const locked = { ok: false, reason: 'locked', retryAt: NOW + 30_000, retryAfterSeconds: 30 }
      expect(findPending(record, 'pending', NOW, POLICY)).to.deep.equal(locked)
      expect(findPending(record, 'pending', NOW + 30_000, POLICY).ok).to.equal(true)
    })
  })

  describe('confirm', () => {
    const refusals: readonly [string, SecondFactorRecord | undefined, Confirmation, number, string][] = [
      ['when nothing is stored', undefined, confirmation(), NOW, 'not_found'],
      ['one that is verified', ONE_OF_EACH, confirmation({ id: 'verified' }), NOW, 'already_verified'],
      ['one that has expired', ONE_OF_EACH, confirmation(), END, 'enrolment_expired'],
    ]
    for (const [title, record, evidence, now, reason] of refusals) {
      it(`refuses ${title}, even with the right code, and writes nothing`, () => {
        const transition = confirm(record, evidence, now, POLICY)
        expect(transition).to.deep.equal({ verdict: { ok: false, reason }, events: [], change: 'keep' })
      })
    }

    it('C10 refuses the right code while locked, and writes nothing', () => {
      const throttle = { failures: 5, spent: 5, at: NOW }
      const record = enabledRecord({ authenticators: [{ ...PENDING, throttle }] })
      const transition = confirm(record, confirmation(), NOW + 29_999, POLICY)
      expect(transition.verdict).to.include({ ok: false, reason: 'locked', retryAfterSeconds: 1 })
      expect(transition.change).to.equal('keep')
    })

    it('makes a pending one count, with its code spent', () => {
      const throttle = { failures: 2, spent: 2, at: NOW }
      const record = enabledRecord({ authenticators: [VERIFIED, { ...PENDING, throttle }] })
      const now = NOW + 1
      const transition = confirm(record, confirmation(), now, POLICY)
      expect(transition.verdict).to.deep.equal({
        ok: true,
        epoch: 'epoch',
        id: 'pending',
        label: 'Phone',
        verified: true,
        disabled: false,
        algorithm: 'SHA1',
        digits: 6,
        period: 30,
        createdAt: NOW,
        updatedAt: now,
        lastUsedAt: now,
      })
      expect(transition.events).to.deep.equal([{ type: 'enrolled', authenticatorId: 'pending' }])
      const confirmed = { ...PENDING, verifiedAt: now, updatedAt: now, lastUsedAt: now, lastStep: STEP }
      expect(written(transition)).to.deep.equal(enabledRecord({ authenticators: [VERIFIED, confirmed] }))
    })

    const own = backupCodeSet({ id: 'handed out' })
    const inForce = backupCodeSet({ id: 'in force' })
    const usedUp = backupCodeSet({
      id: 'used up',
      usedAt: Object.fromEntries(inForce.digests.map((_, at) => [at, 7])),
    })
    const fresh = backupCodeSet({ id: 'fresh' })
    const handed: readonly (readonly [string, Partial<SecondFactorRecord>, Partial<Confirmation>, string])[] =
      [
        ['where there are none', {}, {}, 'handed out'],
        ['where all are used up', { backupCodes: usedUp }, {}, 'handed out'],
        ['but not in place of codes that are left', { backupCodes: inForce }, {}, 'in force'],
        ['but not in place of a set that is made now', {}, { backupCodes: fresh }, 'fresh'],
      ]
    for (const [where, more, changes, set] of handed) {
      it(`puts the codes in force that came with the authenticator, ${where}, and forgets its own time`, () => {
        const pending = { ...PENDING, backupCodes: own, pendingUntil: NOW + 1 }
        const record = enabledRecord({ authenticators: [VERIFIED, pending], ...more })
        const after = written(confirm(record, confirmation(changes), NOW, POLICY))
        expect(after.backupCodes?.id).to.equal(set)
        expect(after.authenticators[1]).to.have.property('verifiedAt', NOW)
        expect(after.authenticators[1]).not.to.have.any.keys('backupCodes', 'pendingUntil')
      })
    }

    for (const [wait, until] of [
      ['shorter', NOW + 1000],
      ['longer', END + 1000],
    ] as const) {
      it(`goes by the time that an enrolment was given for itself: a ${wait} one`, () => {
        const record = enabledRecord({ authenticators: [{ ...PENDING, pendingUntil: until }] })
        expect(findPending(record, 'pending', until - 1, POLICY)).to.include({ ok: true })
        const after = findPending(record, 'pending', until, POLICY)
        expect(after).to.deep.equal({ ok: false, reason: 'enrolment_expired' })
      })
    }

    it('C37 refuses the code of the confirmation as a code of a login', () => {
      const record = written(confirm(ONE_OF_EACH, confirmation(), NOW, POLICY))
      const matches = [{ authenticatorId: 'pending', step: STEP }]
      const replay = verify(record, { method: 'totp', digits: 6, matches }, 'new epoch', NOW, POLICY)
      expect(replay.verdict).to.deep.equal({ ok: false, reason: 'invalid_code', replayed: true })
      expect(replay.events).to.deep.equal([{ type: 'replayed', method: 'totp' }])
    })

    const debts: readonly (readonly [string, AuthenticatorRecord, boolean])[] = [
      ['stays while another one is active', VERIFIED, true],
      ['is gone with the disabled one that it was guessed at', { ...VERIFIED, disabledAt: NOW }, false],
    ]
    for (const [title, other, stays] of debts) {
      it(`makes a pending one count; what is owed for wrong codes ${title}`, () => {
        const totpThrottle = { failures: 0, spent: 59, at: NOW }
        const record = enabledRecord({ authenticators: [other, PENDING], totpThrottle })
        const next = written(confirm(record, confirmation(), NOW, POLICY))
        expect(next.totpThrottle).to.deep.equal(stays ? totpThrottle : undefined)
        expect(next).to.deep.include({ epoch: 'epoch' })
      })
    }

    it('puts a first set of backup codes in force, where one comes with it', () => {
      const backupCodes = backupCodeSet({ id: 'first set' })
      const next = written(confirm(ONE_OF_EACH, confirmation({ backupCodes }), NOW, POLICY))
      expect(next.backupCodes).to.deep.equal(backupCodes)
    })

    it('leaves the backup codes in force alone, where none come with it', () => {
      const backupCodes = backupCodeSet({ usedAt: { 2: NOW } })
      const record = enabledRecord({ authenticators: [VERIFIED, PENDING], backupCodes })
      expect(written(confirm(record, confirmation(), NOW, POLICY)).backupCodes).to.deep.equal(backupCodes)
    })

    it('charges a wrong code to the pending one alone', () => {
      const transition = confirm(ONE_OF_EACH, confirmation({ step: undefined }), NOW, POLICY)
      expect(transition.verdict).to.deep.equal({ ok: false, reason: 'invalid_code' })
      expect(transition.events).to.deep.equal([{ type: 'failed', method: 'totp', during: 'enrolment' }])
      const charged = { ...PENDING, throttle: { failures: 1, spent: 1, at: NOW } }
      expect(written(transition)).to.deep.equal(enabledRecord({ authenticators: [VERIFIED, charged] }))
    })

    it('looks at exactly as many wrong codes at one instant as are free', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 20 }),
          fc.integer({ min: 0, max: 20 }),
          (freeAttempts, more) => {
            const policy = throttledBy({ freeAttempts, weeklyBudget: 1000 })
            let record: SecondFactorRecord | undefined = ONE_OF_EACH
            const reasons: (string | undefined)[] = []
            for (let attempt = 0; attempt < freeAttempts + more; attempt++) {
              const transition = confirm(record, confirmation({ step: undefined }), NOW, policy)
              record = recordAfter(transition, record)
              reasons.push(transition.verdict.ok ? undefined : transition.verdict.reason)
            }
            expect(reasons.filter((reason) => reason === 'invalid_code').length).to.equal(freeAttempts)
            expect(reasons.filter((reason) => reason === 'locked').length).to.equal(more)
            expect(record?.authenticators[0]).to.deep.equal(VERIFIED)
          },
        ),
        { numRuns: 200 },
      )
    })
  })

  describe('rename', () => {
    it('gives another label, and changes nothing else', () => {
      const transition = rename(ONE_OF_EACH, 'verified', 'New label', NOW + 7, POLICY)
      expect(transition.verdict).to.include({ ok: true, id: 'verified', label: 'New label' })
      expect(transition.events).to.deep.equal([])
      const renamed = { ...VERIFIED, label: 'New label', updatedAt: NOW + 7 }
      expect(written(transition)).to.deep.equal(enabledRecord({ authenticators: [renamed, PENDING] }))
    })

    const missing: readonly [string, SecondFactorRecord | undefined][] = [
      ['an id that nobody made', ONE_OF_EACH],
      ['anything when nothing is stored', undefined],
    ]
    for (const [title, record] of missing) {
      it(`refuses ${title}`, () => {
        const transition = rename(record, 'unknown', 'New label', NOW, POLICY)
        expect(transition).to.deep.equal({
          verdict: { ok: false, reason: 'not_found' },
          events: [],
          change: 'keep',
        })
      })
    }
  })

  describe('removeAuthenticator', () => {
    it('takes away a pending one, and the epoch stays', () => {
      const transition = removeAuthenticator(ONE_OF_EACH, 'pending', 'new epoch')
      expect(transition.verdict).to.deep.equal({ ok: true, epoch: 'epoch' })
      expect(transition.events).to.deep.equal([])
      expect(written(transition)).to.deep.equal(enabledRecord({ authenticators: [VERIFIED] }))
    })

    it('C27 gives a new epoch with a verified one, so that what it opened is void', () => {
      const record = enabledRecord({
        authenticators: [VERIFIED, verifiedAuthenticator({ id: 'other' }), PENDING],
        backupCodes: backupCodeSet(),
      })
      const transition = removeAuthenticator(record, 'other', 'new epoch')
      expect(transition.verdict).to.deep.equal({ ok: true, epoch: 'new epoch' })
      expect(transition.events).to.deep.equal([{ type: 'removed', authenticatorId: 'other' }])
      const { backupCodes = backupCodeSet({ id: 'lost' }) } = record
      expect(written(transition)).to.deep.equal(
        enabledRecord({ epoch: 'new epoch', authenticators: [VERIFIED, PENDING], backupCodes }),
      )
    })

    it('removes everything with the last verified one: pending ones and backup codes too', () => {
      const record = enabledRecord({
        authenticators: [VERIFIED, PENDING],
        backupCodes: backupCodeSet(),
        unconfirmedBackupCodes: backupCodeSet({ id: 'fresh' }),
      })
      expect(removeAuthenticator(record, 'verified', 'new epoch')).to.deep.equal({
        verdict: { ok: true, epoch: undefined },
        events: [{ type: 'reset' }],
        change: 'remove',
      })
    })

    it('stays on while a disabled one is left, for disabling opens nothing', () => {
      const disabled = verifiedAuthenticator({ id: 'disabled', disabledAt: NOW })
      const record = enabledRecord({ authenticators: [VERIFIED, disabled] })
      const next = written(removeAuthenticator(record, 'verified', 'new epoch'))
      expect(isEnabled(next)).to.equal(true)
      expect(activeAuthenticators(next)).to.deep.equal([])
    })

    const missing: readonly [string, SecondFactorRecord | undefined][] = [
      ['an id that nobody made', ONE_OF_EACH],
      ['anything when nothing is stored', undefined],
    ]
    for (const [title, record] of missing) {
      it(`refuses ${title}`, () => {
        const transition = removeAuthenticator(record, 'unknown', 'new epoch')
        expect(transition).to.deep.equal({
          verdict: { ok: false, reason: 'not_found' },
          events: [],
          change: 'keep',
        })
      })
    }
  })

  describe('reset', () => {
    it('removes everything', () => {
      const removed = { verdict: { ok: true }, events: [{ type: 'reset' }], change: 'remove' }
      expect(reset(ONE_OF_EACH)).to.deep.equal(removed)
    })

    it('is content when there is nothing, and tells nobody', () => {
      expect(reset(undefined)).to.deep.equal({ verdict: { ok: true }, events: [], change: 'keep' })
    })
  })

  describe('a walk of enrolments, confirmations and removals', () => {
    type Move = { readonly kind: 'enrol' | 'right' | 'wrong' | 'remove'; readonly pick: number }

    /** Beside the core, the least that says what should be so: which ids are verified. */
    function walk(moves: readonly Move[]) {
      let record: SecondFactorRecord | undefined
      let verified: string[] = []
      for (const [index, { kind, pick }] of moves.entries()) {
        const ids = idsOf(record)
        const id = ids[pick % Math.max(1, ids.length)] ?? 'nobody'
        const step = kind === 'right' ? STEP + index : undefined
        const transition =
          kind === 'enrol'
            ? enrol(record, newEnrolment(`id ${index}`), NOW, PATIENT)
            : kind === 'remove'
              ? removeAuthenticator(record, id, `epoch ${index}`)
              : confirm(record, { id, step, backupCodes: undefined }, NOW, PATIENT)
        record = recordAfter(transition, record)
        if (kind === 'right' && transition.verdict.ok) verified.push(id)
        if (kind === 'remove') verified = verified.filter((one) => one !== id)
        if (kind === 'wrong') expect(transition.verdict.ok).to.equal(false)
        const present = record?.authenticators.filter(isVerified).map((one) => one.id) ?? []
        expect([...present].sort()).to.deep.equal([...verified].sort())
        expect(isEnabled(record)).to.equal(verified.length > 0)
        const labels = record?.authenticators.map(({ label }) => label) ?? []
        expect(new Set(labels).size).to.equal(labels.length)
      }
    }

    it('is on exactly while a right code has confirmed something that is still there, and names nothing twice', () => {
      const kinds = fc.constantFrom<Move['kind'][]>('enrol', 'enrol', 'right', 'right', 'wrong', 'remove')
      const moves = fc.array(fc.record({ kind: kinds, pick: fc.nat(9) }), { maxLength: 40 })
      fc.assert(fc.property(moves, walk), { numRuns: 200 })
    })
  })
})
