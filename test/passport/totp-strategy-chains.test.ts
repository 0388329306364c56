import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import { whoAmI } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import { InterleavingStorage } from '../support/interleaving-storage.js'
import {
  expectHeld,
  expectSatisfied,
  METHODS,
  PASSWORD,
  type PassportApp,
  type Somebody,
  startPassportApp,
} from '../support/passport-app.js'
import { answer, authenticate } from '../support/passport-paths.js'
import { redisOfSuite } from '../support/suite.js'

const INSTANCE = '/paths/the-strategy-itself-in-place-of-its-name'
const CHAIN = '/paths/chain'

describe('TotpStrategy, the [strategy], beside other strategies and other requests', () => {
  const redis = redisOfSuite()
  let app: PassportApp
  let interleaving: InterleavingStorage

  before(async () => {
    const client = await redis.client()
    interleaving = new InterleavingStorage(new RedisStorage({ client }))
    app = await startPassportApp({
      sessions: client,
      storage: new FailingStorage(interleaving),
      routes(express, auth) {
        express.post(CHAIN, authenticate(auth, {}, 'local'), authenticate(auth), answer)
      },
    })
  })
  after(() => app.close())

  describe('behind passport-local in one request', () => {
    const credentialsOf = ({ name }: Somebody, password = PASSWORD) => ({ username: name, password })

    for (const { method, title } of METHODS) {
      it(`takes a password and ${title}, in a session that the second factor has renewed`, async () => {
        const somebody = await app.enrol()
        const browser = app.browser()
        app.forget()
        await browser
          .post(CHAIN)
          .send({ ...credentialsOf(somebody), code: somebody.code(method) })
          .expect(200)
        const { sessionId, authenticated, state, stored } = app.seen()
        expect({ authenticated, state }).to.deep.equal({ authenticated: true, state: 'satisfied' })
        expect(stored?.secondFactor).to.include({ userId: somebody.name, method })
        expect(stored?.passport).to.deep.equal({ user: somebody.name })

        const stages = app.sessions.writes.filter(({ command }) => command === 'set')
        const ids = [...new Set(stages.map((write) => write.sessionId))]
        expect(ids, "one session of Passport's login, one of the second factor").to.have.length(2)
        expect(ids.at(-1)).to.equal(sessionId)
        expect(await app.sessions.read(String(ids[0]))).to.equal(undefined)
        expect((await whoAmI(browser)).sessionId).to.equal(sessionId)
        await expectSatisfied(browser)
      })

      it(`leaves who gave the password held when ${title} is wrong`, async () => {
        const somebody = await app.enrol()
        const browser = app.browser()
        const code = somebody.wrongCode(method)
        await browser
          .post(CHAIN)
          .send({ ...credentialsOf(somebody), code })
          .expect(422)
        await expectHeld(browser)
      })
    }

    it('does not look at the code when the password is wrong', async () => {
      const somebody = await app.enrol()
      const code = somebody.code('totp')
      const browser = app.browser()
      await browser
        .post(CHAIN)
        .send({ ...credentialsOf(somebody, 'wrong'), code })
        .expect(401)
      expect(await whoAmI(browser)).to.include({ authenticated: false })
      await browser
        .post(CHAIN)
        .send({ ...credentialsOf(somebody), code })
        .expect(200)
    })

    it('C39 refuses who has the password and is not enrolled', async () => {
      const browser = app.browser()
      const body = { username: 'unenrolled', password: PASSWORD, code: '000000' }
      await browser.post(CHAIN).send(body).expect(409)
      await browser.post('/transfer').expect(403)
    })
  })

  describe('in an array, which is an OR', () => {
    for (const [order, path] of [
      ['totp, local', '/paths/the-array-totp-local'],
      ['local, totp', '/paths/the-array-local-totp'],
    ] as const) {
      it(`C1 P1 leaves who gave the password alone held (${order})`, async () => {
        const somebody = await app.enrol()
        const browser = app.browser()
        await browser.post(path).send({ username: somebody.name, password: PASSWORD }).expect(200)
        await expectHeld(browser)
      })

      it(`C1 P1 leaves who gave the password and a wrong code held (${order})`, async () => {
        const { somebody, browser } = await app.signInSomebody()
        const body = { username: somebody.name, password: PASSWORD, code: somebody.wrongCode('totp') }
        await browser.post(path).send(body).expect(200)
        await expectHeld(browser)
      })

      it(`C34 P1 lets nobody in by the code alone (${order})`, async () => {
        const somebody = await app.enrol()
        const browser = app.browser()
        const answer = await browser.post(path).send({ username: somebody.name, code: somebody.code('totp') })
        expect(answer.status).to.equal(order === 'totp, local' ? 401 : 400)
        expect(await whoAmI(browser)).to.include({ authenticated: false })
      })
    }
  })

  describe('as an object that Passport uses for many requests', () => {
    it('answers each of two requests with its own verdict, though they overlap', async () => {
      const [owner, guesser] = await Promise.all([app.signInSomebody(), app.signInSomebody()])
      const post = ({ browser }: typeof owner, code: string) =>
        browser.post(INSTANCE).send({ code }).timeout(3000).then(outcome, outcome)
      const answers: Promise<unknown>[] = []
      // The guess comes after the right code, and is decided after it was answered.
      interleaving.before('replace', async () => {
        await new Promise<void>((arrived) => {
          interleaving.before('replace', async () => {
            arrived()
            await answers[0]
          })
          answers[1] = post(guesser, guesser.somebody.wrongCode('totp'))
        })
      })
      answers[0] = post(owner, owner.somebody.code('totp'))
      expect([await answers[0], await answers[1]]).to.deep.equal([200, 422])
      await expectSatisfied(owner.browser)
      await expectHeld(guesser.browser)
    })
  })
})

/** The status of an answer, or why there was none. */
const outcome = (answered: { status?: number; message?: string }) => answered.status ?? answered.message
