import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import type { Transition } from '../../lib/core/transition.js'
import { type DeviceEvidence, findDevice, recognise, revoke, trust } from '../../lib/core/trusted-devices.js'
import type { CoreEvent } from '../../lib/events.js'
import type { SecondFactorRecord } from '../../lib/record.js'
import { enabledRecord, NOW, pendingAuthenticator, POLICY, recordAfter, written } from '../support/records.js'
import {
  EXPIRED,
  LAPTOP,
  NEW_DEVICE,
  NEW_DEVICE_RECORD,
  NEW_DEVICE_SHOWN,
  trustedDevice,
  trusting,
} from '../support/trusted-device-records.js'

const RUNS = { numRuns: 200 }
const MINUTE = 60_000
const TABLET = trustedDevice({ id: 'tablet', label: 'Tablet' })

const NOT_ENABLED: readonly [string, SecondFactorRecord | undefined][] = [
  ['when nothing is stored', undefined],
  [
    'when no authenticator is verified',
    enabledRecord({ authenticators: [pendingAuthenticator()], trustedDevices: [LAPTOP] }),
  ],
]

const idsOf = (record: SecondFactorRecord | undefined) => record?.trustedDevices?.map(({ id }) => id)

describe('core/trusted-devices', () => {
  describe('trust', () => {
    for (const [title, record] of NOT_ENABLED) {
      it(`trusts nobody ${title}: there is nothing that trust could stand in for`, () => {
        const transition = trust(record, NEW_DEVICE, NOW, POLICY)
        expect(transition.verdict).to.deep.equal({ ok: false, reason: 'not_enrolled' })
        expect(transition.change).to.equal('keep')
        expect(transition.events).to.deep.equal([])
      })
    }

    it('keeps the digest, tells the token, and nothing to the listener but the id', () => {
      const transition = trust(enabledRecord(), NEW_DEVICE, NOW, POLICY)
      expect(transition.verdict).to.deep.equal({ ok: true, ...NEW_DEVICE_SHOWN })
      expect(written(transition)).to.deep.equal(trusting(NEW_DEVICE_RECORD))
      expect(transition.events).to.deep.equal([{ type: 'trusted', deviceId: 'new' }])
    })

    it('puts the browser behind those that are trusted, and forgets those that are no more', () => {
      const transition = trust(trusting(EXPIRED, LAPTOP, TABLET), NEW_DEVICE, NOW, POLICY)
      expect(written(transition)).to.deep.equal(trusting(LAPTOP, TABLET, NEW_DEVICE_RECORD))
    })

    it('puts the browser in the place of what it has been so far', () => {
      const transition = trust(trusting(LAPTOP, TABLET), { ...NEW_DEVICE, replaces: LAPTOP.id }, NOW, POLICY)
      expect(written(transition)).to.deep.equal(trusting(TABLET, NEW_DEVICE_RECORD))
    })

    it('keeps the ten newest, whatever came before', () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 25 }), (count) => {
          let record: SecondFactorRecord | undefined = enabledRecord()
          const ids = Array.from({ length: count }, (_, index) => `device ${index}`)
          for (const id of ids)
            record = recordAfter(trust(record, { ...NEW_DEVICE, id }, NOW, POLICY), record)
          expect(idsOf(record) ?? []).to.deep.equal(ids.slice(-10))
        }),
        RUNS,
      )
    })
  })

  describe('recognise', () => {
    const NEXT = { token: 'next token', digest: 'next digest' }
    const evidence = (brought: DeviceEvidence['brought'], id = 'laptop'): DeviceEvidence => ({
      id,
      brought,
      next: NEXT,
    })
    const refused = { ok: false, reason: 'not_found' } as const
    const recognised = { ok: true, method: 'trusted_device', deviceId: 'laptop', epoch: 'epoch', at: NOW }
    const verified: CoreEvent = { type: 'verified', method: 'trusted_device', deviceId: 'laptop' }
    const reused: CoreEvent = { type: 'revoked', deviceId: 'laptop', because: 'reused' }
    const rotated = trustedDevice({
      digest: 'next digest',
      previousDigest: 'present digest',
      rotatedAt: NOW,
    })
    const justRotated = trustedDevice({ rotatedAt: NOW - MINUTE + 1 })
    const rotatedBefore = trustedDevice({ rotatedAt: NOW - MINUTE })

    interface Row {
      readonly title: string
      readonly before: SecondFactorRecord | undefined
      readonly evidence: DeviceEvidence
      readonly verdict: object
      /** What is written; undefined: nothing. */
      readonly after?: SecondFactorRecord
      readonly events?: readonly CoreEvent[]
    }
    const rows: readonly Row[] = [
      {
        title: 'lets the present token in, and replaces it for the rest of the term',
        before: trusting(LAPTOP, TABLET),
        evidence: evidence('present'),
        verdict: { ...recognised, next: { token: 'next token', expiresAt: LAPTOP.expiresAt } },
        after: trusting(rotated, TABLET),
        events: [verified],
      },
      {
        title: 'forgets the browsers whose term is over when it writes',
        before: trusting(EXPIRED, LAPTOP),
        evidence: evidence('present'),
        verdict: { ...recognised, next: { token: 'next token', expiresAt: LAPTOP.expiresAt } },
        after: trusting(rotated),
        events: [verified],
      },
      {
        title: 'lets the token before in for less than a minute, and replaces nothing',
        before: trusting(justRotated, TABLET),
        evidence: evidence('previous'),
        verdict: recognised,
        after: trusting(justRotated, TABLET),
        events: [verified],
      },
      {
        title: 'ends the trust when the token before comes after a minute',
        before: trusting(rotatedBefore, TABLET),
        evidence: evidence('previous'),
        verdict: refused,
        after: trusting(TABLET),
        events: [reused],
      },
      {
        title: 'ends the trust at once when a token comes that was replaced more than once',
        before: trusting(TABLET, justRotated),
        evidence: evidence('other'),
        verdict: refused,
        after: trusting(TABLET),
        events: [reused],
      },
      {
        title: 'keeps no empty list when the only trust has ended',
        before: trusting(rotatedBefore),
        evidence: evidence('previous'),
        verdict: refused,
        after: enabledRecord(),
        events: [reused],
      },
      {
        title: 'refuses, and suspects nobody, when the key of the digest is gone',
        before: trusting(LAPTOP),
        evidence: evidence('unknown'),
        verdict: refused,
      },
      {
        title: 'refuses a browser that is not known',
        before: trusting(LAPTOP),
        evidence: evidence('present', 'stranger'),
        verdict: refused,
      },
      {
        title: 'refuses from the very instant at which the term is over',
        before: trusting(trustedDevice({ expiresAt: NOW })),
        evidence: evidence('present'),
        verdict: refused,
      },
      {
        title: 'refuses a token that comes again after its term, and tells nobody',
        before: trusting(trustedDevice({ expiresAt: NOW })),
        evidence: evidence('previous'),
        verdict: refused,
      },
      ...NOT_ENABLED.map(([title, before]) => ({
        title: `refuses ${title}`,
        before,
        evidence: evidence('present'),
        verdict: refused,
      })),
    ]
    for (const { title, before, evidence: brought, verdict, after, events = [] } of rows) {
      it(title, () => {
        const transition = recognise(before, brought, NOW)
        expect(transition.verdict).to.deep.equal(verdict)
        expect(transition.events).to.deep.equal(events)
        if (after) expect(written(transition)).to.deep.equal(after)
        else expect(transition.change).to.equal('keep')
      })
    }

    it('still lets in at the last instant of the term', () => {
      expect(
        recognise(trusting(trustedDevice({ expiresAt: NOW + 1 })), evidence('present'), NOW).verdict,
      ).to.include({ ok: true })
    })

    it('lets in the newest token, the one before for a minute, and after any other nobody ever', () => {
      const visit = fc.record({ back: fc.integer({ min: 0, max: 3 }), wait: fc.integer({ min: 0, max: 90 }) })
      fc.assert(
        fc.property(fc.array(visit, { maxLength: 20 }), (visits) => {
          let record: SecondFactorRecord | undefined = trusting(trustedDevice({ rotatedAt: NOW }))
          let [now, rotatedAt, newest, ended] = [NOW, NOW, 3, false]
          for (const { back, wait } of visits) {
            now += wait * 1000
            const brought = (['present', 'previous'] as const)[back] ?? 'other'
            const next = { token: `token ${newest + 1}`, digest: `digest ${newest + 1}` }
            const transition: Transition<{ ok: boolean }> = recognise(
              record,
              { id: 'laptop', brought, next },
              now,
            )
            const good = back === 0 || (back === 1 && now - rotatedAt < MINUTE)
            expect(transition.verdict.ok).to.equal(!ended && good)
            ended ||= !good
            record = recordAfter(transition, record)
            if (!ended && back === 0) {
              newest++
              rotatedAt = now
            }
            const found = findDevice(record, 'laptop', now)
            expect(found === undefined).to.equal(ended)
            if (found) expect(found.expiresAt).to.equal(LAPTOP.expiresAt)
            if (found && newest > 3) expect(found.digest).to.equal(`digest ${newest}`)
          }
        }),
        RUNS,
      )
    })
  })

  describe('revoke', () => {
    const asked = (deviceId: string): CoreEvent => ({ type: 'revoked', deviceId, because: 'asked' })

    it('trusts one browser no more', () => {
      const transition = revoke(trusting(LAPTOP, TABLET), 'laptop', NOW)
      expect(transition.verdict).to.deep.equal({ ok: true })
      expect(written(transition)).to.deep.equal(trusting(TABLET))
      expect(transition.events).to.deep.equal([asked('laptop')])
    })

    it('trusts none any more, and tells of each that was trusted', () => {
      const transition = revoke(trusting(EXPIRED, LAPTOP, TABLET), undefined, NOW)
      expect(transition.verdict).to.deep.equal({ ok: true })
      expect(written(transition)).to.deep.equal(enabledRecord())
      expect(transition.events).to.deep.equal([asked('laptop'), asked('tablet')])
    })

    const nothing: readonly [string, SecondFactorRecord | undefined, string | undefined][] = [
      ['an id that is not known', trusting(LAPTOP), 'stranger'],
      ['an id whose term is over', trusting(EXPIRED), 'expired'],
      ['an id when nothing is stored', undefined, 'laptop'],
      ['all when none is trusted', enabledRecord(), undefined],
      ['all when nothing is stored', undefined, undefined],
    ]
    for (const [title, record, id] of nothing) {
      it(`changes nothing for ${title}`, () => {
        const transition = revoke(record, id, NOW)
        expect(transition.change).to.equal('keep')
        expect(transition.events).to.deep.equal([])
        expect(transition.verdict).to.deep.equal(
          id === undefined ? { ok: true } : { ok: false, reason: 'not_found' },
        )
      })
    }
  })
})
