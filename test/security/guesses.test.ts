import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { SecondFactorEvent } from '../../lib/index.js'
import type { TestApp } from '../support/app.js'
import {
  countStatuses,
  guessesBut,
  lockOut,
  openDoors,
  verificationsBut,
  WITH_CODE_PATHS,
  WRONG_BACKUP_CODE,
} from '../support/code-paths.js'
import { appsOnRedis } from '../support/suite.js'

/** Those of a step-up have to be opened one after the other. Two processes: test/races.test.ts. */
const sessionsOf = (title: string) => (title === 'step-up' ? 20 : 100)
const GUESSES = 10
const FREE = 5
const FIRST_WAIT = 30

/** Another address for every guess, of every kind that a client can claim, or have by the thousand. */
const ADDRESSES = [
  { 'X-Forwarded-For': '203.0.113.1' },
  { 'X-Forwarded-For': '203.0.113.2, 10.0.0.1' },
  { 'X-Real-IP': '203.0.113.3', 'CF-Connecting-IP': '203.0.113.3' },
  { Forwarded: 'for=203.0.113.4' },
  { 'X-Forwarded-For': '2001:db8:0:1::1' },
  { 'X-Forwarded-For': '2001:db8:0:1::2' },
]

describe('guesses', () => {
  const apps = appsOnRedis()
  const events: SecondFactorEvent[] = []
  let app: TestApp
  /** It believes every address that it is told of. */
  let trusting: TestApp
  before(async () => {
    app = await apps.start({
      ...WITH_CODE_PATHS,
      secondFactor: { onEvent: (event) => void events.push(event) },
    })
    trusting = await apps.start({ ...WITH_CODE_PATHS, front: (host) => host.set('trust proxy', true) })
  })

  for (const path of guessesBut()) {
    describe(`[${path.title}]`, () => {
      it('C10 C35 lock after five, the right code too, which is not spent by that', async () => {
        const guest = await path.invite(app)
        const door = await path.open(app, guest)
        await lockOut(door, guest)
        const code = guest.code(1)
        expect(await door.show(code)).to.equal(429)
        app.clock.advance(FIRST_WAIT - 1)
        expect(await door.show(code)).to.equal(429)
        app.clock.advance(1)
        expect(await door.show(code)).to.equal(200)
      })

      it('C25 are remembered in the next login, and in another session', async () => {
        const guest = await path.invite(app)
        const [door, other] = [await path.open(app, guest), await path.open(app, guest)]
        for (let count = 0; count < FREE; count++) {
          expect(await door.show(guest.wrongCode())).to.equal(422)
          await door.signInAgain()
        }
        expect(await door.show(guest.code())).to.equal(429)
        expect(await other.show(guest.code())).to.equal(429)
      })
    })
  }

  for (const path of guessesBut('service')) {
    it(`C2 C16 [${path.title}] are counted for the account, from whatever address each comes`, async () => {
      const guest = await path.invite(trusting)
      const door = await path.open(trusting, guest)
      const statuses: number[] = []
      for (const headers of ADDRESSES) statuses.push(await door.show(guest.wrongCode(), { headers }))
      expect(statuses).to.deep.equal([422, 422, 422, 422, 422, 429])
      expect(await door.show(guest.code())).to.equal(429)
    })
  }

  for (const path of verificationsBut('service', 'strategy')) {
    const sessions = sessionsOf(path.title)
    it(`C26 [${path.title}] are ${FREE} for ${sessions} sessions with ${GUESSES} each, of which the owner hears`, async () => {
      const guest = await path.invite(app)
      const doors = await openDoors(app, path, guest, sessions)
      events.length = 0
      const statuses: number[] = []
      for (let guess = 0; guess < GUESSES; guess++) {
        statuses.push(...(await Promise.all(doors.map((door) => door.show(guest.wrongCode())))))
      }
      expect(countStatuses(statuses)).to.deep.equal({ 422: FREE, 429: sessions * GUESSES - FREE })
      expect(events.map(({ type }) => type)).to.deep.equal([...Array<string>(FREE).fill('failed'), 'locked'])
    })
  }

  for (const path of verificationsBut()) {
    describe(`[${path.title}]`, () => {
      it('C36 are forgiven to who shows a right code, and to nobody else', async () => {
        const [owner, other] = [await path.invite(app), await path.invite(app)]
        const [own, others] = [await path.open(app, owner), await path.open(app, other)]
        for (let count = 1; count < FREE; count++) {
          expect(await own.show(owner.wrongCode())).to.equal(422)
          expect(await others.show(other.wrongCode())).to.equal(422)
        }
        expect(await own.show(owner.code())).to.equal(200)
        expect(await own.show(owner.wrongCode())).to.equal(422)
        expect(await others.show(other.wrongCode())).to.equal(422)
        expect(await own.show(owner.code(1))).to.equal(200)
        expect(await others.show(other.code())).to.equal(429)
      })

      it('C10 C35 at backup codes lock those, and not the authenticator', async () => {
        const guest = await path.invite(app)
        const door = await path.open(app, guest)
        for (let count = 0; count < FREE; count++) expect(await door.show(WRONG_BACKUP_CODE)).to.equal(422)
        expect(await door.show(guest.backupCodes[0])).to.equal(429)
        expect(await door.show(guest.code())).to.equal(200)
        expect(await door.show(guest.backupCodes[0])).to.equal(429)
        app.clock.advance(FIRST_WAIT)
        expect(await door.show(guest.backupCodes[0])).to.equal(200)
      })
    })
  }
})
