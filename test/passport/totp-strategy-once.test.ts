import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import { FailingStorage } from '../support/failing-storage.js'
import {
  expectHeld,
  expectSatisfied,
  METHODS,
  type PassportApp,
  type Somebody,
  startPassportApp,
} from '../support/passport-app.js'
import { answer, authenticate } from '../support/passport-paths.js'
import { redisOfSuite } from '../support/suite.js'

const PLAIN = '/paths/a-handler-behind-it'
const SESSIONLESS = '/paths/sessionless'
const ROUTER = '/2fa/verify'
const RACERS = 20
const TITLES = { [PLAIN]: 'strategy', [SESSIONLESS]: 'sessionless strategy', [ROUTER]: 'Router' } as const

describe('TotpStrategy, one of the ways to show a code', () => {
  const redis = redisOfSuite()
  let app: PassportApp

  before(async () => {
    const client = await redis.client()
    app = await startPassportApp({
      sessions: client,
      storage: new FailingStorage(new RedisStorage({ client })),
      secondFactor: { throttle: { freeAttempts: 2 } },
      routes(express, auth) {
        express.post(SESSIONLESS, authenticate(auth, { session: false }), answer)
      },
    })
  })
  after(() => app.close())

  describe('a code counts once', () => {
    const raceOf = async (somebody: Somebody, paths: readonly string[], code: string) => {
      const browsers = await Promise.all(Array.from({ length: RACERS }, () => app.signIn(somebody.name)))
      const answers = await Promise.all(
        browsers.map((browser, index) => browser.post(String(paths[index % paths.length])).send({ code })),
      )
      const counts: Record<number, number> = {}
      for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
      const open = await Promise.all(browsers.map(async (browser) => (await browser.get('/private')).status))
      return { counts, open: open.filter((status) => status === 200).length }
    }

    for (const { method, title } of METHODS) {
      const atOnce = method === 'totp' ? 'C24' : 'C4 C5 C7 C20'
      const again = method === 'totp' ? 'C23 C24' : 'C3 C5 C6'
      for (const [where, paths] of [
        ['through the strategy', [PLAIN]],
        ['through the strategy and the Router by turns', [PLAIN, ROUTER]],
      ] as const) {
        it(`${atOnce} [strategy] lets one of ${RACERS} sessions in that use ${title} at once, ${where}`, async () => {
          const somebody = await app.enrol()
          const { counts, open } = await raceOf(somebody, paths, somebody.code(method))
          expect(counts).to.deep.equal({ 200: 1, 422: RACERS - 1 })
          expect(open).to.equal(1)
        })
      }

      for (const [first, second] of [
        [PLAIN, ROUTER],
        [ROUTER, PLAIN],
        [SESSIONLESS, PLAIN],
        [PLAIN, SESSIONLESS],
      ] as const) {
        it(`${again} [${TITLES[second]}] refuses ${title} at ${second} that was used at ${first}`, async () => {
          const { somebody, browser } = await app.signInSomebody()
          const code = somebody.code(method)
          await browser.post(first).send({ code }).expect(200)
          const other = await app.signIn(somebody.name)
          await other.post(second).send({ code }).expect(422)
          await expectHeld(other)
        })
      }
    }

    it('C9 [strategy] refuses a TOTP code again in the next time step', async () => {
      const { somebody, browser } = await app.signInSomebody()
      const code = somebody.code('totp')
      await browser.post(PLAIN).send({ code }).expect(200)
      app.clock.advance(30)
      const other = await app.signIn(somebody.name)
      await other.post(PLAIN).send({ code }).expect(422)
      await expectHeld(other)
    })

    it("C14 [strategy] refuses another user's codes, which stay unused", async () => {
      const [{ somebody, browser }, other] = await Promise.all([app.signInSomebody(), app.signInSomebody()])
      for (const { method } of METHODS) {
        await other.browser
          .post(PLAIN)
          .send({ code: somebody.code(method) })
          .expect(422)
      }
      await expectHeld(other.browser)
      for (const { method } of METHODS)
        await browser
          .post(PLAIN)
          .send({ code: somebody.code(method) })
          .expect(200)
    })
  })

  describe('wrong codes', () => {
    for (const { method, title } of METHODS) {
      it(`C25 [strategy] are counted on over a new login, for ${title}`, async () => {
        const { somebody, browser } = await app.signInSomebody()
        await browser
          .post(PLAIN)
          .send({ code: somebody.wrongCode(method) })
          .expect(422)
        await browser.post('/logout').expect(204)
        const again = await app.signIn(somebody.name)
        await again
          .post(PLAIN)
          .send({ code: somebody.wrongCode(method) })
          .expect(422)
        await again
          .post(PLAIN)
          .send({ code: somebody.code(method) })
          .expect(429)
        await expectHeld(again)
      })

      for (const [guessed, locked] of [
        [PLAIN, ROUTER],
        [ROUTER, PLAIN],
        [SESSIONLESS, PLAIN],
        [PLAIN, SESSIONLESS],
      ] as const) {
        it(`C35 [${TITLES[locked]}] at ${guessed} lock ${locked} too, for ${title}`, async () => {
          const { somebody, browser } = await app.signInSomebody()
          for (let count = 0; count < 2; count++) {
            await browser
              .post(guessed)
              .send({ code: somebody.wrongCode(method) })
              .expect(422)
          }
          const answer = await browser
            .post(locked)
            .send({ code: somebody.code(method) })
            .expect(429)
          expect(answer.headers['retry-after']).to.equal('30')
          await expectHeld(browser)
          app.clock.advance(30)
          await browser
            .post(PLAIN)
            .send({ code: somebody.code(method) })
            .expect(200)
          await expectSatisfied(browser)
        })
      }
    }

    it('C26 [strategy] of parallel sessions count together', async () => {
      const somebody = await app.enrol()
      const browsers = await Promise.all(Array.from({ length: RACERS }, () => app.signIn(somebody.name)))
      const code = somebody.wrongCode('totp')
      const answers = await Promise.all(browsers.map((browser) => browser.post(PLAIN).send({ code })))
      const looked = answers.filter(({ status }) => status === 422)
      const locked = answers.filter(({ status }) => status === 429)
      expect([looked.length, locked.length]).to.deep.equal([2, RACERS - 2])
    })
  })
})
