import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { activeAuthenticators, isEnabled } from '../../lib/core/status.js'
import { charge, forgive, lockedUntil, lockRefusal, type ThrottlePolicy } from '../../lib/core/throttle.js'
import { verify } from '../../lib/core/verify.js'
import type { ThrottleState } from '../../lib/record.js'
import { deepFreeze, enabledRecord, NOW, POLICY, verifiedAuthenticator, written } from '../support/records.js'

const DAY = 86_400_000
const WEEK = 7 * DAY
const YEAR = 365 * DAY
const DEFAULTS = POLICY.totpThrottle

const state = (changes: Partial<ThrottleState>): ThrottleState =>
  deepFreeze({ failures: 0, spent: 0, at: NOW, ...changes })

/** The first instant from now on at which a code is looked at. */
const nextAdmitted = (
  throttle: ThrottleState | undefined,
  cost: number,
  now: number,
  policy: ThrottlePolicy,
) => lockedUntil(throttle, cost, now, policy) ?? now

describe('core/throttle', () => {
  it('has the defaults that the sum below is done with', () => {
    expect(DEFAULTS).to.deep.equal({
      freeAttempts: 5,
      firstWaitSeconds: 30,
      longestWaitSeconds: 3600,
      weeklyBudget: 60,
      disableAfter: 100,
    })
  })

  describe('the wait', () => {
    const waits: readonly [number, number][] = [
      [0, 0],
      [4, 0],
      [5, 30],
      [6, 60],
      [7, 120],
      [8, 240],
      [9, 480],
      [10, 960],
      [11, 1920],
      [12, 3600],
      [13, 3600],
      [99, 3600],
      [5000, 3600],
    ]
    for (const [failures, seconds] of waits) {
      it(`is ${seconds} seconds after ${failures} wrong codes in a row`, () => {
        const end = lockedUntil(state({ failures, spent: 1 }), 1, NOW, DEFAULTS)
        expect(end).to.equal(seconds === 0 ? undefined : NOW + seconds * 1000)
      })
    }

    it('is over at the very instant that was named, and not a millisecond before', () => {
      const waiting = state({ failures: 5 })
      expect(lockRefusal(waiting, 1, NOW + 29_999, DEFAULTS)).to.deep.equal({
        ok: false,
        reason: 'locked',
        retryAt: NOW + 30_000,
        retryAfterSeconds: 1,
      })
      expect(lockRefusal(waiting, 1, NOW + 30_000, DEFAULTS)).to.equal(undefined)
    })

    it('is none where nothing is owed', () => {
      expect(lockedUntil(undefined, 1, NOW, DEFAULTS)).to.equal(undefined)
      expect(lockRefusal(undefined, 1, NOW, DEFAULTS)).to.equal(undefined)
    })

    it('ends when it would have, by the clock, however far that has stepped back', () => {
      const waiting = state({ failures: 5 })
      expect(lockedUntil(waiting, 1, NOW - YEAR, DEFAULTS)).to.equal(NOW + 30_000)
      expect(lockedUntil(state({ failures: 4 }), 1, NOW - YEAR, DEFAULTS)).to.equal(undefined)
    })
  })

  describe('the weekly budget', () => {
    it('admits what it has room for, and not one code more', () => {
      expect(lockedUntil(state({ spent: 59 }), 1, NOW, DEFAULTS)).to.equal(undefined)
      expect(lockedUntil(state({ spent: 60 }), 1, NOW, DEFAULTS)).to.equal(NOW + WEEK / 60)
      expect(lockedUntil(state({ spent: 55 }), 5, NOW, DEFAULTS)).to.equal(undefined)
      expect(lockedUntil(state({ spent: 56 }), 5, NOW, DEFAULTS)).to.equal(NOW + WEEK / 60)
    })

    it('drains evenly, to nothing in a week', () => {
      const full = state({ spent: 60 })
      expect(charge(full, 1, NOW + WEEK / 2, DEFAULTS).spent).to.equal(31)
      expect(charge(full, 1, NOW + WEEK, DEFAULTS).spent).to.equal(1)
      expect(charge(full, 1, NOW + 10 * WEEK, DEFAULTS).spent).to.equal(1)
    })

    it('does not refill when the clock steps back', () => {
      expect(charge(state({ spent: 60 }), 1, NOW - WEEK, DEFAULTS)).to.deep.equal({
        failures: 1,
        spent: 61,
        at: NOW - WEEK,
      })
    })
  })

  describe('charge', () => {
    it('begins to count', () => {
      expect(charge(undefined, 3, NOW, DEFAULTS)).to.deep.equal({ failures: 1, spent: 3, at: NOW })
    })

    it('counts one failure more, and what the guess cost', () => {
      const next = charge(state({ failures: 7, spent: 20 }), 2, NOW, DEFAULTS)
      expect(next).to.deep.equal({ failures: 8, spent: 22, at: NOW })
    })
  })

  describe('forgive', () => {
    it('forgives failures in a row, but not the budget', () => {
      const next = forgive(state({ failures: 7, spent: 30 }), NOW + WEEK / 4, DEFAULTS)
      expect(next).to.deep.equal({ failures: 0, spent: 15, at: NOW + WEEK / 4 })
    })

    it('leaves nothing behind where nothing is owed any more', () => {
      expect(forgive(undefined, NOW, DEFAULTS)).to.equal(undefined)
      expect(forgive(state({ failures: 7, spent: 30 }), NOW + WEEK, DEFAULTS)).to.equal(undefined)
    })
  })

  describe('for any numbers', () => {
    const policies = fc.record({
      freeAttempts: fc.integer({ min: 1, max: 100 }),
      firstWaitSeconds: fc.integer({ min: 1, max: 3600 }),
      longestWaitSeconds: fc.integer({ min: 3600, max: DAY / 1000 }),
      weeklyBudget: fc.integer({ min: 20, max: 10_000 }),
      disableAfter: fc.constant(100),
    })
    const costs = fc.integer({ min: 1, max: 20 })
    const moves = fc.array(
      fc.record({
        kind: fc.constantFrom('wrong', 'wrong', 'wrong', 'right'),
        wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: DAY })),
      }),
      { minLength: 1, maxLength: 60 },
    )

    it('admits a code no later than a millisecond after the instant that was named', () => {
      fc.assert(
        fc.property(policies, costs, moves, (policy, cost, schedule) => {
          let throttle: ThrottleState | undefined
          let now = NOW
          for (const { wait } of schedule) {
            now += wait
            const until = lockedUntil(throttle, cost, now, policy)
            if (until !== undefined) {
              expect(until).to.be.greaterThan(now)
              // Half an interval is not enough; the whole of it is, but for the rounding of a fraction.
              expect(lockedUntil(throttle, cost, Math.floor((now + until) / 2), policy)).to.not.equal(
                undefined,
              )
              expect(lockedUntil(throttle, cost, until + 1, policy)).to.equal(undefined)
              now = until + 1
            }
            throttle = charge(throttle, cost, now, policy)
          }
        }),
        { numRuns: 200 },
      )
    })

    it('C36 never admits more in any span of time than the budget and what drains from it, right codes or not', () => {
      fc.assert(
        fc.property(policies, costs, moves, (policy, cost, schedule) => {
          let throttle: ThrottleState | undefined
          let now = NOW
          const spending: { readonly at: number; readonly total: number }[] = [{ at: NOW, total: 0 }]
          for (const { kind, wait } of schedule) {
            now = nextAdmitted(throttle, cost, now + wait, policy)
            if (lockedUntil(throttle, cost, now, policy) !== undefined) continue
            throttle = kind === 'right' ? forgive(throttle, now, policy) : charge(throttle, cost, now, policy)
            const total = (spending.at(-1)?.total ?? 0) + (kind === 'right' ? 0 : cost)
            for (const earlier of spending) {
              const room = policy.weeklyBudget * (1 + (now - earlier.at) / WEEK)
              expect(total - earlier.total).to.be.at.most(room + 1e-6)
            }
            spending.push({ at: now, total: total - (kind === 'right' ? 0 : cost) }, { at: now, total })
          }
        }),
        { numRuns: 200 },
      )
    })

    it('waits no shorter for more failures', () => {
      fc.assert(
        fc.property(policies, fc.nat(200), fc.nat(200), (policy, one, other) => {
          const [fewer, more] = [Math.min(one, other), Math.max(one, other)]
          const wait = (failures: number) => nextAdmitted(state({ failures }), 1, NOW, policy) - NOW
          expect(wait(fewer)).to.be.at.most(wait(more))
          expect(wait(more)).to.be.at.most(policy.longestWaitSeconds * 1000)
        }),
        { numRuns: 200 },
      )
    })
  })

  describe('a year of guessing at full speed by somebody who has the password', () => {
    /** One guess is right for one of the three steps of the default window, at each authenticator. */
    const CHANCE = 3e-6

    interface Year {
      /** Codes that were looked at, each counted once for each authenticator. */
      readonly guesses: number
      readonly enabled: boolean
      readonly disabled: boolean
      readonly ownerSuccesses: number
    }

    /**
     * The guesser is there at each instant at which a code is looked at. The owner comes once a day at noon: either
     * waits until the lock ends and is then the first, which forgives all failures in a row, or finds it locked.
     */
    function simulateYear(authenticatorCount: number, ownerFirst: boolean): Year {
      const ids = Array.from({ length: authenticatorCount }, (_, index) => `authenticator ${index}`)
      let record = enabledRecord({
        authenticators: ids.map((id) => verifiedAuthenticator({ id })),
      })
      let [guesses, ownerSuccesses, ownerDay] = [0, 0, 0]
      const present = (matches: { authenticatorId: string; step: number }[], now: number) => {
        const transition = verify(record, { method: 'totp', digits: 6, matches }, 'epoch', now, POLICY)
        if (transition.change === 'put') record = written(transition)
        return transition.verdict
      }
      const ownerTries = (now: number) => {
        ownerDay = Math.floor((now - NOW) / DAY) + 1
        const { ok } = present([{ authenticatorId: 'authenticator 0', step: Math.floor(now / 30_000) }], now)
        if (ok) ownerSuccesses++
      }
      let now = NOW
      while (now < NOW + YEAR) {
        const due = NOW + ownerDay * DAY + DAY / 2
        if (due <= now && ownerFirst) ownerTries(now)
        const verdict = present([], now)
        if (!verdict.ok && verdict.reason === 'invalid_code') guesses += authenticatorCount
        if (!verdict.ok && verdict.reason === 'authenticator_disabled') break
        const next = nextAdmitted(record.totpThrottle, authenticatorCount, now, POLICY.totpThrottle)
        if (!ownerFirst && due <= next) ownerTries(due)
        now = next
      }
      return {
        guesses,
        ownerSuccesses,
        enabled: isEnabled(record),
        disabled: activeAuthenticators(record).length === 0,
      }
    }

    for (const count of [1, 2, 5]) {
      it(`gets in with at most 1 % while the owner logs in daily, with ${count} authenticator(s)`, () => {
        const { guesses, ownerSuccesses } = simulateYear(count, true)
        expect(ownerSuccesses).to.be.at.least(300)
        expect(guesses).to.be.greaterThan(3000)
        expect(guesses * CHANCE).to.be.at.most(0.01)
      })
    }

    it('C26 disables after 100 guesses when the owner always finds it locked, and the second factor stays on', () => {
      expect(simulateYear(1, false)).to.deep.equal({
        guesses: 100,
        ownerSuccesses: 0,
        enabled: true,
        disabled: true,
      })
    })
  })
})
