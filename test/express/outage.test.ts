import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { Response } from 'supertest'
import { RedisStorage } from '../../lib/storage/redis.js'
import { type Browser, enrolThroughRouter, startApp, type TestApp, whoAmI } from '../support/app.js'
import {
  callEndpoint,
  ENDPOINT_CALLS,
  outcomeOf,
  type PreparedPerson,
  preparePerson,
  titleOf,
} from '../support/endpoints.js'
import { FailingStorage } from '../support/failing-storage.js'
import { type RedisClient, type RedisServer, startRedis } from '../support/redis.js'

/** Who is there when the records go away. */
const VISITORS = ['satisfied', 'pending', 'not enrolled'] as const

function expectUnavailable(answer: Response, what?: string) {
  expect(outcomeOf(answer), what).to.equal('503 unavailable')
  expect(answer.get('Retry-After'), what).to.equal('2')
  expect(answer.get('Cache-Control'), what).to.equal('no-store')
  expect(answer.get('Content-Type'), what).to.match(/^application\/problem\+json(;|$)/)
}

const untilReady = async (client: RedisClient) => {
  while (!client.isReady) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('an outage', () => {
  let sessions: RedisServer
  let sessionClient: RedisClient
  before(async () => {
    sessions = await startRedis()
    sessionClient = await sessions.client()
  })
  after(() => sessions.stop())

  const signIn = async (app: TestApp, name: string): Promise<Browser> => {
    const browser = app.browser()
    await browser.post('/login').send({ name }).expect(204)
    return browser
  }

  describe('of the Redis that has the records', () => {
    let records: RedisServer
    let client: RedisClient
    let app: TestApp
    let person: PreparedPerson
    const browsers = {} as Record<(typeof VISITORS)[number], Browser>
    before(async () => {
      records = await startRedis()
      client = await records.client()
      app = await startApp({ storage: new RedisStorage({ client }), sessions: sessionClient })
      browsers.satisfied = app.browser()
      person = await preparePerson(app, browsers.satisfied, 'owner')
      browsers.pending = await signIn(app, 'owner')
      browsers['not enrolled'] = await signIn(app, 'newcomer')
      await browsers.satisfied.get('/private').expect(200)
      await records.kill()
    })
    after(async () => {
      await app.close()
      await records.stop()
    })

    for (const visitor of VISITORS) {
      for (const call of ENDPOINT_CALLS) {
        it(`C18 answers 503 to ${titleOf(call)} of somebody who is ${visitor}`, async () => {
          expectUnavailable(await callEndpoint(app, browsers[visitor], call, person))
        })
      }

      it(`C18 holds who is ${visitor}`, async () => {
        expect(await whoAmI(browsers[visitor])).to.include({ authenticated: false, state: 'pending' })
        await browsers[visitor].get('/private').expect(401)
        expectUnavailable(await browsers[visitor].post('/transfer'))
      })

      it(`C18 answers 503 to Passport’s second step of somebody who is ${visitor}`, async () => {
        const code = person.phone.codeAt(app.clock.now())
        const answer = await browsers[visitor].post('/login/2fa').send({ code }).expect(503)
        expect(answer.body).to.deep.equal({ error: 'storage_unavailable' })
      })
    }

    it('asks strangers who they are, as ever', async () => {
      expect(outcomeOf(await app.browser().get('/2fa'))).to.equal('401 not_authenticated')
      expect(outcomeOf(await app.browser().post('/transfer'))).to.equal('401 not_authenticated')
    })

    it('C18 holds who signs in meanwhile', async () => {
      const browser = await signIn(app, 'owner')
      expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
    })

    describe('when it is back, without a restart of the application', () => {
      before(async () => {
        await records.restart()
        await untilReady(client)
      })

      it('knows the satisfied session again', async () => {
        expect(await whoAmI(browsers.satisfied)).to.include({ authenticated: true, state: 'satisfied' })
        await browsers.satisfied.get('/private').expect(200)
        await browsers.satisfied.post('/transfer').expect(200)
      })

      it('knows the pending session again, and takes the code that it sent during the outage', async () => {
        const { pending } = browsers
        expect(await whoAmI(pending)).to.include({ authenticated: false, state: 'pending' })
        const code = person.phone.codeAt(app.clock.now())
        await pending.post('/2fa/verify').send({ code }).expect(200)
        await pending.get('/private').expect(200)
      })

      it('lets the newcomer enrol', async () => {
        await enrolThroughRouter(app, browsers['not enrolled'], 'newcomer')
      })

      for (const call of ENDPOINT_CALLS) {
        it(`answers ${titleOf(call)} as ever`, async () => {
          const browser = app.browser()
          const own = await preparePerson(app, browser, `afterwards: ${titleOf(call)}`)
          const answer = await callEndpoint(app, browser, call, own)
          expect(outcomeOf(answer)).to.equal(String(call.success))
        })
      }
    })
  })

  describe('in which the Redis that has the records does not answer', () => {
    let records: RedisServer
    let client: RedisClient
    let app: TestApp
    before(async () => {
      records = await startRedis()
      client = await records.client()
      app = await startApp({
        storage: new RedisStorage({ client }),
        sessions: sessionClient,
        secondFactor: { storageTimeoutSeconds: 0.1 },
      })
    })
    after(async () => {
      await app.close()
      await records.stop()
    })

    it('C18 answers 503 to everything in time, and lets nobody in', async () => {
      const browser = app.browser()
      const person = await preparePerson(app, browser, 'waits')
      // Redis takes the commands, and answers none for this long.
      await client.sendCommand(['CLIENT', 'PAUSE', '1000', 'ALL'])
      const began = performance.now()
      const [seen, refused, guarded, ...answers] = await Promise.all([
        whoAmI(browser),
        browser.get('/private'),
        browser.post('/transfer'),
        ...ENDPOINT_CALLS.map((call) => callEndpoint(app, browser, call, person)),
      ])
      expect(performance.now() - began).to.be.lessThan(1000)
      expect(seen).to.include({ authenticated: false, state: 'pending' })
      expect(refused.status).to.equal(401)
      for (const answer of [guarded, ...answers]) expectUnavailable(answer)
      await client.ping()
      expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
    })

    it('C18 answers 503 to a right code when only the write hangs, and lets nobody in', async () => {
      const { phone } = await enrolThroughRouter(app, app.browser(), 'half a hang')
      const browser = await signIn(app, 'half a hang')
      app.clock.advance(30)
      const code = phone.codeAt(app.clock.now())
      const admin = await records.client()
      await admin.sendCommand(['CLIENT', 'PAUSE', '60000', 'WRITE'])
      expectUnavailable(await browser.post('/2fa/verify').send({ code }))
      expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      await admin.sendCommand(['CLIENT', 'UNPAUSE'])
      // Whether Redis has written in the end or not: the session was told no.
      expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      app.clock.advance(30)
      await browser
        .post('/2fa/verify')
        .send({ code: phone.codeAt(app.clock.now()) })
        .expect(200)
      expect(await whoAmI(browser)).to.include({ authenticated: true })
    })
  })

  describe('between the read and the write of a right code', () => {
    for (const how of ['reject', 'throw', 'hang', 'lose answer', undefined, null, 1, 'true'] as const) {
      const answers = how !== 'reject' && how !== 'throw' && how !== 'hang' && how !== 'lose answer'
      it(`C28 answers 503, and lets nobody in: ${answers ? `the answer is ${String(how)}` : how}`, async () => {
        const storage = new FailingStorage()
        const app = await startApp({
          storage,
          sessions: sessionClient,
          secondFactor: { storageTimeoutSeconds: 0.1 },
        })
        try {
          const { phone } = await enrolThroughRouter(app, app.browser(), 'interrupted')
          const browser = await signIn(app, 'interrupted')
          app.clock.advance(30)
          const { sessionId } = await whoAmI(browser)
          storage.fail(answers ? { answer: how } : how, { methods: ['replace'] })
          const code = phone.codeAt(app.clock.now())
          expectUnavailable(await browser.post('/2fa/verify').send({ code }))
          expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending', sessionId })
          storage.recover()
          // The code is spent if, and only if, the write was done after all.
          const again = await browser.post('/2fa/verify').send({ code })
          expect(again.status).to.equal(how === 'lose answer' ? 422 : 200)
        } finally {
          await app.close()
        }
      })
    }
  })

  it('of the Redis that has the sessions lets nobody in, and leaves everything as it was', async () => {
    const own = await startRedis()
    const client = await own.client()
    const app = await startApp({ storage: new RedisStorage({ client: sessionClient }), sessions: client })
    try {
      const browser = app.browser()
      await enrolThroughRouter(app, browser, 'forgotten')
      await own.kill()
      for (const path of ['/private', '/2fa', '/whoami']) await browser.get(path).expect(500)
      await browser.post('/transfer').expect(500)
      await own.restart()
      await untilReady(client)
      await browser.post('/transfer').expect(200)
    } finally {
      await app.close()
      await own.stop()
    }
  })
})
