import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import type { Policy } from '../../lib/core/policy.js'
import { isEnabled } from '../../lib/core/status.js'
import { lockedUntil } from '../../lib/core/throttle.js'
import type { Transition } from '../../lib/core/transition.js'
import { admit, type CodeForm, type Evidence, MALFORMED, verify } from '../../lib/core/verify.js'
import type { CoreEvent } from '../../lib/events.js'
import type { VerifyOutcome } from '../../lib/outcomes.js'
import type { AuthenticatorRecord, SecondFactorRecord } from '../../lib/record.js'
import {
  backupCodeSet,
  deepFreeze,
  enabledRecord,
  NOW,
  PATIENT,
  pendingAuthenticator,
  POLICY,
  throttledBy,
  verifiedAuthenticator,
  written,
} from '../support/records.js'

const STEP = NOW / 30_000
const RUNS = { numRuns: 200 }

/** A TOTP code that is right at a step for each authenticator named; for none: a wrong one. */
const totp = (matches: Readonly<Record<string, number>> = {}, digits = 6): Evidence =>
  deepFreeze({
    method: 'totp',
    digits,
    matches: Object.entries(matches).map(([authenticatorId, step]) => ({ authenticatorId, step })),
  })
const backupCode = (index?: number): Evidence => ({ method: 'backup_code', index })
const WRONG = { totp: totp(), backup_code: backupCode() }

const INVALID_CODE: VerifyOutcome = { ok: false, reason: 'invalid_code' }
const REPLAYED: VerifyOutcome = { ...INVALID_CODE, replayed: true }
const NOT_ENROLLED: VerifyOutcome = { ok: false, reason: 'not_enrolled' }
const DISABLED: VerifyOutcome = { ok: false, reason: 'authenticator_disabled' }
const locked = (seconds: number): VerifyOutcome => ({
  ok: false,
  reason: 'locked',
  retryAt: NOW + seconds * 1000,
  retryAfterSeconds: seconds,
})

const decide = (record: SecondFactorRecord | undefined, evidence: Evidence, now = NOW, policy = POLICY) =>
  verify(record, evidence, 'new epoch', now, policy)

const PHONE = verifiedAuthenticator({ id: 'phone', lastStep: STEP - 1 })
const TABLET = verifiedAuthenticator({ id: 'tablet', lastStep: STEP - 1 })
const NEVER_USED = (({ lastStep: _lastStep, ...rest }) => rest)(verifiedAuthenticator({ id: 'imported' }))
const DISABLED_PHONE = verifiedAuthenticator({ id: 'disabled', disabledAt: NOW })
const PENDING = pendingAuthenticator({ id: 'pending' })
const WAITING = { failures: 5, spent: 5, at: NOW }

const used = (authenticator: AuthenticatorRecord, step: number): AuthenticatorRecord => ({
  ...authenticator,
  lastStep: step,
  lastUsedAt: NOW,
})

const shownTotp = (authenticatorId: string, backupCodesRemaining = 0): VerifyOutcome => ({
  ok: true,
  method: 'totp',
  authenticatorId,
  backupCodesRemaining,
  epoch: 'epoch',
  at: NOW,
})
const shownBackupCode = (backupCodesRemaining: number): VerifyOutcome => ({
  ok: true,
  method: 'backup_code',
  backupCodesRemaining,
  epoch: 'new epoch',
  at: NOW,
})

interface Row {
  readonly title: string
  readonly before: Partial<SecondFactorRecord> | undefined
  readonly evidence: Evidence
  readonly verdict: VerifyOutcome
  /** What is written; undefined: nothing. Members given as undefined are gone. */
  readonly after?: { readonly [Member in keyof SecondFactorRecord]?: SecondFactorRecord[Member] | undefined }
  readonly events?: readonly CoreEvent[]
}

const verifiedBy = (authenticatorId: string): CoreEvent => ({
  type: 'verified',
  method: 'totp',
  authenticatorId,
})
const recovered = (remaining: number): readonly CoreEvent[] => [
  { type: 'verified', method: 'backup_code' },
  { type: 'backup_code_used', remaining },
]

const REFUSED_UNSEEN: readonly Row[] = [
  {
    title: 'C39 refuses a TOTP code when nothing is stored',
    before: undefined,
    evidence: totp({ phone: STEP }),
    verdict: NOT_ENROLLED,
  },
  {
    title: 'C39 refuses a backup code when nothing is stored',
    before: undefined,
    evidence: backupCode(0),
    verdict: NOT_ENROLLED,
  },
  {
    title: 'refuses the code of an authenticator that is pending still',
    before: { authenticators: [PENDING] },
    evidence: totp({ pending: STEP }),
    verdict: NOT_ENROLLED,
  },
  {
    title: 'refuses a backup code before an authenticator is verified',
    before: { authenticators: [PENDING], backupCodes: backupCodeSet() },
    evidence: backupCode(0),
    verdict: NOT_ENROLLED,
  },
  {
    title: 'refuses a TOTP code when every authenticator is disabled',
    before: { authenticators: [DISABLED_PHONE] },
    evidence: totp({ disabled: STEP }),
    verdict: DISABLED,
  },
  {
    title: 'refuses, without a charge, as many digits as no authenticator shows',
    before: { authenticators: [PHONE] },
    evidence: totp({ phone: STEP }, 8),
    verdict: MALFORMED,
  },
  {
    title: 'C10 refuses the right TOTP code while locked',
    before: { authenticators: [PHONE], totpThrottle: WAITING },
    evidence: totp({ phone: STEP }),
    verdict: locked(30),
  },
  {
    title: 'C10 refuses the right backup code while locked',
    before: { backupCodes: backupCodeSet(), backupCodeThrottle: WAITING },
    evidence: backupCode(0),
    verdict: locked(30),
  },
  {
    title: 'asks of a guess at two authenticators that the budget has room for two',
    before: { authenticators: [PHONE, TABLET], totpThrottle: { failures: 0, spent: 59, at: NOW } },
    evidence: totp(),
    verdict: locked(10_080),
  },
]

const DECIDED: readonly Row[] = [
  {
    title: 'takes a TOTP code, and spends its step',
    before: { authenticators: [PHONE, TABLET] },
    evidence: totp({ tablet: STEP }),
    verdict: shownTotp('tablet'),
    after: { authenticators: [PHONE, used(TABLET, STEP)] },
    events: [verifiedBy('tablet')],
  },
  {
    title: 'takes the first TOTP code of an authenticator that has shown none, step 0 included',
    before: { authenticators: [NEVER_USED] },
    evidence: totp({ imported: 0 }),
    verdict: shownTotp('imported'),
    after: { authenticators: [used(NEVER_USED, 0)] },
    events: [verifiedBy('imported')],
  },
  {
    title: 'C8 refuses a time step that was used before, and charges nothing',
    before: { authenticators: [used(PHONE, STEP)] },
    evidence: totp({ phone: STEP }),
    verdict: REPLAYED,
    after: {},
    events: [{ type: 'replayed', method: 'totp' }],
  },
  {
    title: 'C9 refuses a step older than the newest that counted',
    before: { authenticators: [used(PHONE, STEP + 1)] },
    evidence: totp({ phone: STEP }),
    verdict: REPLAYED,
    after: {},
    events: [{ type: 'replayed', method: 'totp' }],
  },
  {
    title: 'spends a code that is right for two authenticators at both',
    before: { authenticators: [PHONE, TABLET] },
    evidence: totp({ phone: STEP, tablet: STEP + 1 }),
    verdict: shownTotp('phone'),
    after: { authenticators: [used(PHONE, STEP), used(TABLET, STEP + 1)] },
    events: [verifiedBy('phone')],
  },
  {
    title: 'takes a code that is used up at one authenticator and fresh at another',
    before: { authenticators: [used(PHONE, STEP), TABLET] },
    evidence: totp({ phone: STEP, tablet: STEP }),
    verdict: shownTotp('tablet'),
    after: { authenticators: [used(PHONE, STEP), used(TABLET, STEP)] },
    events: [verifiedBy('tablet')],
  },
  {
    title: 'takes no account of what a disabled or pending authenticator would show',
    before: { authenticators: [PHONE, DISABLED_PHONE, PENDING] },
    evidence: totp({ disabled: STEP, pending: STEP, phone: STEP }),
    verdict: shownTotp('phone'),
    after: { authenticators: [used(PHONE, STEP), DISABLED_PHONE, PENDING] },
    events: [verifiedBy('phone')],
  },
  {
    title: 'tells how many backup codes are left',
    before: { authenticators: [PHONE], backupCodes: backupCodeSet({ usedAt: { 1: NOW } }) },
    evidence: totp({ phone: STEP }),
    verdict: shownTotp('phone', 9),
    after: { authenticators: [used(PHONE, STEP)] },
    events: [verifiedBy('phone')],
  },
  {
    title: 'C36 forgives failures in a row with a TOTP code, but neither the budget nor backup codes',
    before: {
      authenticators: [PHONE],
      totpThrottle: { failures: 4, spent: 20, at: NOW },
      backupCodeThrottle: WAITING,
    },
    evidence: totp({ phone: STEP }),
    verdict: shownTotp('phone'),
    after: {
      authenticators: [used(PHONE, STEP)],
      totpThrottle: { failures: 0, spent: 20, at: NOW },
    },
    events: [verifiedBy('phone')],
  },
  {
    title: 'keeps nothing of TOTP failures of which the budget has drained',
    before: { authenticators: [PHONE], totpThrottle: { failures: 4, spent: 4, at: NOW - 7 * 86_400_000 } },
    evidence: totp({ phone: STEP }),
    verdict: shownTotp('phone'),
    after: { authenticators: [used(PHONE, STEP)], totpThrottle: undefined },
    events: [verifiedBy('phone')],
  },
  {
    title: 'charges a wrong TOTP code',
    before: { authenticators: [PHONE] },
    evidence: totp(),
    verdict: INVALID_CODE,
    after: { totpThrottle: { failures: 1, spent: 1, at: NOW } },
    events: [{ type: 'failed', method: 'totp', during: 'challenge' }],
  },
  {
    title: 'charges a wrong TOTP code once for each authenticator that shows as many digits',
    before: { authenticators: [PHONE, { ...TABLET, digits: 8 }, NEVER_USED, DISABLED_PHONE, PENDING] },
    evidence: totp(),
    verdict: INVALID_CODE,
    after: { totpThrottle: { failures: 1, spent: 2, at: NOW } },
    events: [{ type: 'failed', method: 'totp', during: 'challenge' }],
  },
  {
    title: 'locks with the last free attempt, and tells until when',
    before: { authenticators: [PHONE], totpThrottle: { failures: 4, spent: 4, at: NOW } },
    evidence: totp(),
    verdict: INVALID_CODE,
    after: { totpThrottle: { failures: 5, spent: 5, at: NOW } },
    events: [
      { type: 'failed', method: 'totp', during: 'challenge' },
      { type: 'locked', method: 'totp', retryAt: NOW + 30_000 },
    ],
  },
  {
    title: 'locks when the budget has no room for one more guess at two authenticators',
    before: { authenticators: [PHONE, TABLET], totpThrottle: { failures: 0, spent: 57, at: NOW } },
    evidence: totp(),
    verdict: INVALID_CODE,
    after: { totpThrottle: { failures: 1, spent: 59, at: NOW } },
    events: [
      { type: 'failed', method: 'totp', during: 'challenge' },
      { type: 'locked', method: 'totp', retryAt: NOW + 10_080_000 },
    ],
  },
  {
    title: 'disables what is active with the 100th wrong code in a row, and nothing else',
    before: {
      authenticators: [PHONE, TABLET, { ...DISABLED_PHONE, disabledAt: 7 }, PENDING],
      totpThrottle: { failures: 99, spent: 0, at: NOW - 3_600_000 },
    },
    evidence: totp(),
    verdict: INVALID_CODE,
    after: {
      authenticators: [
        { ...PHONE, disabledAt: NOW },
        { ...TABLET, disabledAt: NOW },
        { ...DISABLED_PHONE, disabledAt: 7 },
        PENDING,
      ],
      totpThrottle: { failures: 0, spent: 2, at: NOW },
    },
    events: [{ type: 'failed', method: 'totp', during: 'challenge' }, { type: 'disabled' }],
  },
  {
    title: 'C3 takes a backup code, keeps it as used, and begins a new epoch',
    before: { backupCodes: backupCodeSet() },
    evidence: backupCode(3),
    verdict: shownBackupCode(9),
    after: { epoch: 'new epoch', backupCodes: backupCodeSet({ usedAt: { 3: NOW } }) },
    events: recovered(9),
  },
  {
    title: 'tells when few backup codes are left',
    before: { backupCodes: backupCodeSet({ digests: ['a', 'b', 'c', 'd', 'e'], usedAt: { 0: 7 } }) },
    evidence: backupCode(4),
    verdict: shownBackupCode(3),
    after: {
      epoch: 'new epoch',
      backupCodes: backupCodeSet({ digests: ['a', 'b', 'c', 'd', 'e'], usedAt: { 0: 7, 4: NOW } }),
    },
    events: [...recovered(3), { type: 'backup_codes_low', remaining: 3 }],
  },
  {
    title: 'C6 refuses a backup code that was used before, and charges nothing',
    before: { backupCodes: backupCodeSet({ usedAt: { 3: NOW - 1 } }) },
    evidence: backupCode(3),
    verdict: REPLAYED,
    after: {},
    events: [{ type: 'replayed', method: 'backup_code' }],
  },
  {
    title: 'takes a backup code while every authenticator is disabled',
    before: { authenticators: [DISABLED_PHONE], backupCodes: backupCodeSet() },
    evidence: backupCode(0),
    verdict: shownBackupCode(9),
    after: { epoch: 'new epoch', backupCodes: backupCodeSet({ usedAt: { 0: NOW } }) },
    events: recovered(9),
  },
  {
    title: 'C36 forgives failures in a row with a backup code, but neither the budget nor TOTP',
    before: {
      backupCodes: backupCodeSet(),
      totpThrottle: WAITING,
      backupCodeThrottle: { failures: 4, spent: 20, at: NOW },
    },
    evidence: backupCode(0),
    verdict: shownBackupCode(9),
    after: {
      epoch: 'new epoch',
      backupCodes: backupCodeSet({ usedAt: { 0: NOW } }),
      backupCodeThrottle: { failures: 0, spent: 20, at: NOW },
    },
    events: recovered(9),
  },
  {
    title: 'charges a wrong backup code',
    before: { backupCodes: backupCodeSet() },
    evidence: backupCode(),
    verdict: INVALID_CODE,
    after: { backupCodeThrottle: { failures: 1, spent: 1, at: NOW } },
    events: [{ type: 'failed', method: 'backup_code', during: 'challenge' }],
  },
  {
    title: 'charges any backup code of somebody who has none',
    before: {},
    evidence: backupCode(),
    verdict: INVALID_CODE,
    after: { backupCodeThrottle: { failures: 1, spent: 1, at: NOW } },
    events: [{ type: 'failed', method: 'backup_code', during: 'challenge' }],
  },
  {
    title: 'locks backup codes with the last free attempt, and tells until when',
    before: { backupCodeThrottle: { failures: 4, spent: 4, at: NOW } },
    evidence: backupCode(),
    verdict: INVALID_CODE,
    after: { backupCodeThrottle: { failures: 5, spent: 5, at: NOW } },
    events: [
      { type: 'failed', method: 'backup_code', during: 'challenge' },
      { type: 'locked', method: 'backup_code', retryAt: NOW + 30_000 },
    ],
  },
]

describe('core/verify', () => {
  it('says what a code has to be, where it can be none', () => {
    expect(MALFORMED).to.deep.equal({
      ok: false,
      reason: 'invalid_request',
      detail: 'code must be the digits of an authenticator, or a backup code.',
    })
  })

  describe('without looking at the code, and without a write', () => {
    for (const { title, before, evidence, verdict } of REFUSED_UNSEEN) {
      it(title, () => {
        const record = before && enabledRecord(before)
        expect(decide(record, evidence)).to.deep.equal({ verdict, events: [], change: 'keep' })
        expect(admit(record, evidence, NOW, POLICY)).to.deep.equal(verdict)
      })
    }

    const forms: readonly [string, CodeForm, readonly string[]][] = [
      ['those verified ones that show six digits', { method: 'totp', digits: 6 }, ['phone', 'imported']],
      ['those verified ones that show eight digits', { method: 'totp', digits: 8 }, ['tablet']],
      ['none for a backup code', { method: 'backup_code' }, []],
    ]
    for (const [title, form, ids] of forms) {
      it(`names the authenticators that a code may be compared with: ${title}`, () => {
        const authenticators = [PHONE, { ...TABLET, digits: 8 }, NEVER_USED, DISABLED_PHONE, PENDING]
        const admission = admit(enabledRecord({ authenticators }), form, NOW, POLICY)
        if (!admission.ok) throw new Error(admission.reason)
        expect(admission.candidates.map(({ id }) => id)).to.deep.equal(ids)
      })
    }
  })

  describe('with a write before anybody hears of it', () => {
    for (const { title, before, evidence, verdict, after, events } of DECIDED) {
      it(title, () => {
        const record = enabledRecord(before)
        const transition = decide(record, evidence)
        expect(transition.verdict).to.deep.equal(verdict)
        expect(transition.events).to.deep.equal(events)
        const entries = Object.entries({ ...record, ...after }).filter(([, member]) => member !== undefined)
        expect(written(transition)).to.deep.equal(Object.fromEntries(entries))
      })
    }
  })

  describe('time steps, for any window and any sequence of codes', () => {
    /** Seven codes in all, so that the same digits come up again and again, also twice within a window. */
    const codeAt = (step: number) => step % 7
    const PERIOD = 30_000

    interface Attempt {
      readonly seconds: number
      readonly code: number
    }

    const attempts = fc.array(
      fc.record({
        seconds: fc.oneof(
          fc.constant(0),
          fc.integer({ min: 0, max: 90 }),
          // A clock may step back.
          fc.integer({ min: -600, max: 600 }),
        ),
        code: fc.nat(6),
      }),
      { minLength: 1, maxLength: 60 },
    )

    /** The steps that the window covers and at which the code is right, as the shell finds them. */
    const rightSteps = (code: number, now: number, window: number) => {
      const present = Math.floor(now / PERIOD)
      return Array.from({ length: 2 * window + 1 }, (_, index) => present - window + index).filter(
        (step) => codeAt(step) === code,
      )
    }

    interface Turn {
      readonly ok: boolean
      readonly steps: readonly number[]
      readonly lastBefore: number
      readonly lastAfter: number
      readonly evidence: Evidence
      readonly after: SecondFactorRecord
      readonly now: number
    }

    const lastStepOf = (record: SecondFactorRecord) => record.authenticators[0]?.lastStep ?? -1

    function replay(window: number, sequence: readonly Attempt[], check: (turn: Turn) => void): void {
      let record = enabledRecord({ authenticators: [NEVER_USED] })
      let now = NOW
      for (const { seconds, code } of sequence) {
        now += seconds * 1000
        const steps = rightSteps(code, now, window)
        const newest = steps.at(-1)
        const evidence = newest === undefined ? totp() : totp({ imported: newest })
        const transition = decide(record, evidence, now, PATIENT)
        const after = written(transition)
        const [lastBefore, lastAfter] = [lastStepOf(record), lastStepOf(after)]
        check({ ok: transition.verdict.ok, steps, lastBefore, lastAfter, evidence, after, now })
        record = after
      }
    }

    const windows = fc.integer({ min: 0, max: 10 })

    it('C38 C9 C8 never counts a step up to the last that counted, nor the same one twice', () => {
      fc.assert(
        fc.property(windows, attempts, (window, sequence) => {
          const counted: number[] = []
          replay(window, sequence, ({ ok, steps, lastBefore, lastAfter }) => {
            expect(ok).to.equal(steps.some((step) => step > lastBefore))
            if (ok) counted.push(lastAfter)
          })
          expect(counted).to.deep.equal([...new Set(counted)].sort((one, other) => one - other))
        }),
        RUNS,
      )
    })

    it('C38 never lets the last step decrease, however the clock steps', () => {
      fc.assert(
        fc.property(windows, attempts, (window, sequence) => {
          replay(window, sequence, ({ ok, lastBefore, lastAfter }) => {
            if (ok) expect(lastAfter).to.be.greaterThan(lastBefore)
            else expect(lastAfter).to.equal(lastBefore)
          })
        }),
        RUNS,
      )
    })

    it('spends a code at every step of the window at which it is right', () => {
      fc.assert(
        fc.property(windows, attempts, (window, sequence) => {
          replay(window, sequence, ({ ok, steps, lastAfter, evidence, after, now }) => {
            if (!ok) return
            for (const step of steps) expect(lastAfter).to.be.at.least(step)
            expect(decide(after, evidence, now, PATIENT).verdict).to.deep.equal(REPLAYED)
          })
        }),
        RUNS,
      )
    })

    it('charges a replayed code never, and writes the record as it was', () => {
      fc.assert(
        fc.property(windows, attempts, (window, sequence) => {
          replay(window, sequence, ({ evidence, after, now, steps }) => {
            if (steps.length === 0) return
            const again = decide(after, evidence, now, PATIENT)
            expect(again.events).to.deep.equal([{ type: 'replayed', method: 'totp' }])
            expect(written(again)).to.deep.equal(after)
          })
        }),
        RUNS,
      )
    })
  })

  it('spends a code at each of any number of authenticators for which it is fresh, and at no other', () => {
    const authenticator = fc.record({
      lastStep: fc.option(fc.integer({ min: STEP - 3, max: STEP + 3 }), { nil: undefined }),
      match: fc.option(fc.integer({ min: STEP - 3, max: STEP + 3 }), { nil: undefined }),
      state: fc.constantFrom('active', 'active', 'active', 'disabled', 'pending'),
    })
    fc.assert(
      fc.property(fc.array(authenticator, { minLength: 1, maxLength: 5 }), (drawn) => {
        const authenticators = drawn.map(({ lastStep, state }, index) => ({
          ...(state === 'pending' ? PENDING : NEVER_USED),
          id: String(index),
          ...(state === 'disabled' && { disabledAt: 7 }),
          ...(lastStep !== undefined && { lastStep }),
        }))
        const isActive = (index: number) => drawn[index]?.state === 'active'
        fc.pre(drawn.some((_, index) => isActive(index)))
        const matches = Object.fromEntries(
          drawn.flatMap(({ match }, index) =>
            match !== undefined && isActive(index) ? [[String(index), match]] : [],
          ),
        )
        const transition = decide(enabledRecord({ authenticators }), totp(matches), NOW, PATIENT)
        const expected = authenticators.map((one, index) => {
          const match = matches[String(index)]
          return match !== undefined && match > (drawn[index]?.lastStep ?? -1) ? used(one, match) : one
        })
        const fresh = expected.filter((one, index) => one !== authenticators[index])
        const refusal = Object.keys(matches).length > 0 ? REPLAYED : INVALID_CODE
        expect(transition.verdict).to.deep.equal(fresh[0] ? shownTotp(fresh[0].id) : refusal)
        expect(written(transition).authenticators).to.deep.equal(expected)
      }),
      RUNS,
    )
  })

  describe('wrong codes, for either method', () => {
    const throttleOf = {
      totp: (record: SecondFactorRecord) => record.totpThrottle,
      backup_code: (record: SecondFactorRecord) => record.backupCodeThrottle,
    }
    const right = { totp: totp({ phone: STEP }), backup_code: backupCode(0) }
    const other = { totp: 'backup_code', backup_code: 'totp' } as const
    const before = enabledRecord({ authenticators: [PHONE], backupCodes: backupCodeSet() })

    /** Give the same evidence a number of times at one instant; how each was answered, and the record after all. */
    function repeat(start: SecondFactorRecord, evidence: Evidence, times: number, policy: Policy) {
      let record = start
      const reasons: string[] = []
      for (let attempt = 0; attempt < times; attempt++) {
        const transition = decide(record, evidence, NOW, policy)
        if (!transition.verdict.ok) reasons.push(transition.verdict.reason)
        if (transition.verdict.ok || transition.verdict.reason === 'invalid_code')
          record = written(transition)
        else expect(transition.change).to.equal('keep')
      }
      return { reasons, record }
    }

    for (const method of ['totp', 'backup_code'] as const) {
      it(`C10 looks at exactly as many at one instant as are free (${method})`, () => {
        const freeAttempts = fc.integer({ min: 1, max: 20 })
        fc.assert(
          fc.property(freeAttempts, fc.integer({ min: 1, max: 20 }), (free, more) => {
            const policy = throttledBy({ freeAttempts: free, weeklyBudget: 1000 })
            const { reasons, record } = repeat(before, WRONG[method], free + more, policy)
            expect(reasons).to.deep.equal([
              ...Array<string>(free).fill('invalid_code'),
              ...Array<string>(more).fill('locked'),
            ])
            expect(throttleOf[method](record)).to.deep.equal({ failures: free, spent: free, at: NOW })
            expect(decide(record, right[method], NOW, policy).verdict).to.include({ reason: 'locked' })
          }),
          RUNS,
        )
      })

      it(`C25 counts every one that was looked at, and none that was not (${method})`, () => {
        const gaps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4000 })), { maxLength: 60 })
        fc.assert(
          fc.property(gaps, (waits) => {
            let [record, now, lookedAt] = [before, NOW, 0]
            for (const seconds of waits) {
              now += seconds * 1000
              const transition = decide(record, WRONG[method], now, POLICY)
              if (transition.change === 'put') {
                lookedAt++
                record = written(transition)
              }
              expect(transition.verdict).to.include(
                transition.change === 'put' ? { reason: 'invalid_code' } : { reason: 'locked' },
              )
              expect(throttleOf[method](record)?.failures).to.equal(lookedAt)
            }
          }),
          RUNS,
        )
      })

      it(`never blocks the other method (${method})`, () => {
        fc.assert(
          fc.property(fc.integer({ min: 1, max: 200 }), (wrong) => {
            const { record } = repeat(before, WRONG[method], wrong, POLICY)
            expect(decide(record, right[other[method]]).verdict.ok).to.equal(true)
            expect(throttleOf[other[method]](record)).to.equal(undefined)
          }),
          RUNS,
        )
      })
    }

    /** Guess at the authenticator on and on, each time at the first instant at which a code is looked at. */
    function guessPatiently(times: number) {
      let [record, now] = [before, NOW]
      let transition: Transition<VerifyOutcome> | undefined
      for (let attempt = 0; attempt < times; attempt++) {
        now = lockedUntil(record.totpThrottle, 1, now, POLICY.totpThrottle) ?? now
        transition = decide(record, totp(), now)
        record = written(transition)
      }
      return { record, now, transition }
    }

    it('disables all authenticators with exactly the 100th in a row, and the second factor stays on', () => {
      const almost = guessPatiently(99)
      expect(almost.record.authenticators).to.deep.equal([PHONE])
      const { record, now, transition } = guessPatiently(100)
      expect(transition?.events).to.deep.equal([
        { type: 'failed', method: 'totp', during: 'challenge' },
        { type: 'disabled' },
      ])
      expect(record.authenticators).to.deep.equal([{ ...PHONE, disabledAt: now }])
      expect(isEnabled(record)).to.equal(true)
      const later = now + 10 * 365 * 86_400_000
      expect(decide(record, totp({ phone: later / 30_000 }), later).verdict).to.deep.equal(DISABLED)
      expect(decide(record, backupCode(0), now).verdict.ok).to.equal(true)
    })

    it('starts to count again after a right code', () => {
      const { record, now } = guessPatiently(99)
      const instant = lockedUntil(record.totpThrottle, 1, now, POLICY.totpThrottle) ?? now
      const shown = written(decide(record, totp({ phone: instant / 30_000 }), instant))
      const again = lockedUntil(shown.totpThrottle, 1, instant, POLICY.totpThrottle) ?? instant
      const next = written(decide(shown, totp(), again))
      expect(next.totpThrottle?.failures).to.equal(1)
      expect(next.authenticators[0]).to.not.have.property('disabledAt')
    })
  })

  it('C3 C6 takes each backup code of a set once, whatever the order, with a new epoch each time', () => {
    const { digests } = backupCodeSet()
    const indexes = fc.array(fc.nat(digests.length - 1), { maxLength: 30 })
    fc.assert(
      fc.property(indexes, (sequence) => {
        let record = enabledRecord({ backupCodes: backupCodeSet() })
        const taken = new Set<number>()
        for (const [turn, index] of sequence.entries()) {
          const epoch = `epoch ${turn}`
          const transition = verify(record, backupCode(index), epoch, NOW, POLICY)
          expect(transition.verdict.ok).to.equal(!taken.has(index))
          const next = written(transition)
          if (taken.has(index)) expect(next).to.deep.equal(record)
          else expect(next.epoch).to.equal(epoch)
          taken.add(index)
          if (transition.verdict.ok) {
            expect(transition.verdict.backupCodesRemaining).to.equal(digests.length - taken.size)
          }
          record = next
        }
      }),
      RUNS,
    )
  })
})
