import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { Test } from 'supertest'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { type Browser, enrolThroughRouter, startApp, type TestApp, wrongCode } from '../support/app.js'
import { CountingStorage } from '../support/counting-storage.js'
import { callEndpoint, ENDPOINT_CALLS, preparePerson, titleOf } from '../support/endpoints.js'
import { type RedisServer, startRedis } from '../support/redis.js'

const NOTHING = { read: 0, insert: 0, replace: 0, remove: 0 }
const READ = { ...NOTHING, read: 1 }
const READ_AND_INSERT = { ...READ, insert: 1 }
const READ_AND_REPLACE = { ...READ, replace: 1 }
const READ_AND_REMOVE = { ...READ, remove: 1 }

/** What each endpoint asks of the storage when it succeeds. */
const ENDPOINT_COSTS: Readonly<Record<string, typeof NOTHING>> = {
  'GET /': READ,
  'POST /verify': READ_AND_REPLACE,
  'POST /totp': READ_AND_REPLACE,
  'POST /totp/:id/verify': READ_AND_REPLACE,
  'PATCH /totp/:id': READ_AND_REPLACE,
  'POST /backup-codes': READ_AND_REPLACE,
  'POST /backup-codes/:id/confirm': READ_AND_REPLACE,
  'GET /trusted-devices': READ,
  'DELETE /trusted-devices/:id': READ_AND_REPLACE,
  'DELETE /trusted-devices': READ_AND_REPLACE,
  'DELETE /totp/:id': READ_AND_REMOVE,
  'DELETE /': READ_AND_REMOVE,
}

/** How long an enrolment may keep other requests waiting; a busy machine adds its own to a single one of them. */
const USUAL_BLOCK_MILLISECONDS = 20
const LONGEST_BLOCK_MILLISECONDS = 200
const ENROLMENTS = 20

describe('what it costs', () => {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())

  for (const hold of ['with', 'without'] as const) {
    describe(`${hold} holdForSecondFactor`, () => {
      const storage = new CountingStorage()
      let app: TestApp
      before(async () => {
        const sessions = await redis.client()
        app = await startApp({ storage, sessions, ...(hold === 'without' && { hold: false as const }) })
      })
      after(() => app.close())

      const signIn = async (name: string): Promise<Browser> => {
        const browser = app.browser()
        await browser.post('/login').send({ name }).expect(204)
        return browser
      }

      /** Enrolled elsewhere; here with the first factor alone. The next code of the phone is a new one. */
      const pending = async (name: string) => {
        const person = await enrolThroughRouter(app, app.browser(), name)
        app.clock.advance(30)
        return { ...person, browser: await signIn(name) }
      }

      const verify = (browser: Browser, code: string | undefined) =>
        browser.post('/2fa/verify').send({ code })

      const costOf = async (request: Test, status: number) => {
        storage.reset()
        await request.expect(status)
        return { ...storage.counts }
      }

      it('a right TOTP code costs one read and one guarded write', async () => {
        const { browser, phone } = await pending('right')
        const request = verify(browser, phone.codeAt(app.clock.now()))
        expect(await costOf(request, 200)).to.deep.equal(READ_AND_REPLACE)
      })

      it('a wrong TOTP code costs one read and one guarded write', async () => {
        const { browser, phone } = await pending('wrong')
        const request = verify(browser, wrongCode(phone, app.clock.now()))
        expect(await costOf(request, 422)).to.deep.equal(READ_AND_REPLACE)
      })

      it('a replayed TOTP code costs one read and one guarded write', async () => {
        const { browser, phone } = await pending('replayed')
        const code = phone.codeAt(app.clock.now())
        await verify(browser, code).expect(200)
        expect(await costOf(verify(browser, code), 422)).to.deep.equal(READ_AND_REPLACE)
      })

      it('a right backup code costs one read and one guarded write', async () => {
        const { browser, backupCodes } = await pending('recovers')
        expect(await costOf(verify(browser, backupCodes[0]), 200)).to.deep.equal(READ_AND_REPLACE)
      })

      it('a wrong backup code costs one read and one guarded write', async () => {
        const { browser } = await pending('guesses')
        const request = verify(browser, '00000-00000-00000-00000-00000')
        expect(await costOf(request, 422)).to.deep.equal(READ_AND_REPLACE)
      })

      it('a used backup code costs one read and one guarded write', async () => {
        const { browser, backupCodes } = await pending('recovers twice')
        await verify(browser, backupCodes[0]).expect(200)
        expect(await costOf(verify(browser, backupCodes[0]), 422)).to.deep.equal(READ_AND_REPLACE)
      })

      it('a code that cannot be one costs one read', async () => {
        const { browser } = await pending('mistypes')
        expect(await costOf(verify(browser, 'none'), 400)).to.deep.equal(READ)
      })

      it('a code while locked costs no write: what was read first is read once more instead', async () => {
        const { browser, phone } = await pending('hammers')
        for (let count = 0; count < 5; count++) {
          await verify(browser, wrongCode(phone, app.clock.now())).expect(422)
        }
        expect(await costOf(verify(browser, phone.codeAt(app.clock.now())), 429)).to.deep.equal({
          ...NOTHING,
          read: 2,
        })
      })

      it('a guarded page costs one read, whether it opens or not', async () => {
        const { browser, phone } = await pending('visits')
        expect(await costOf(browser.post('/transfer'), 403)).to.deep.equal(READ)
        await verify(browser, phone.codeAt(app.clock.now())).expect(200)
        expect(await costOf(browser.post('/transfer'), 200)).to.deep.equal(READ)
      })

      it(`any other page costs ${hold === 'with' ? 'one read' : 'nothing'}`, async () => {
        const browser = app.browser()
        await enrolThroughRouter(app, browser, 'reads')
        expect(await costOf(browser.get('/private'), 200)).to.deep.equal(hold === 'with' ? READ : NOTHING)
      })

      it('strangers cost nothing', async () => {
        for (const [path, status] of [
          ['/whoami', 200],
          ['/private', 401],
          ['/2fa', 401],
        ] as const) {
          expect(await costOf(app.browser().get(path), status)).to.deep.equal(NOTHING)
        }
        expect(await costOf(app.browser().post('/transfer'), 401)).to.deep.equal(NOTHING)
        expect(await costOf(verify(app.browser(), '123456'), 401)).to.deep.equal(NOTHING)
      })

      it('a first enrolment costs one read and one guarded write for each of its two steps', async () => {
        const browser = await signIn('newcomer')
        expect(await costOf(browser.post('/2fa/totp').send({}), 201)).to.deep.equal(READ_AND_INSERT)
        const begun = await browser.post('/2fa/totp').send({}).expect(201)
        const { id, uri } = begun.body as { id: string; uri: string }
        const code = new TestAuthenticator(uri).codeAt(app.clock.now())
        const confirmation = browser.post(`/2fa/totp/${id}/verify`).send({ code })
        expect(await costOf(confirmation, 200)).to.deep.equal(READ_AND_REPLACE)
      })

      for (const call of ENDPOINT_CALLS) {
        it(`${titleOf(call)} costs one read${call.method === 'get' ? '' : ' and one guarded write'}`, async () => {
          const browser = app.browser()
          const person = await preparePerson(app, browser, `costs of ${titleOf(call)}`)
          const cost = await costOf(callEndpoint(app, browser, call, person), call.success)
          expect(cost).to.deep.equal(ENDPOINT_COSTS[titleOf(call)])
        })
      }
    })
  }

  it('an enrolment blocks nobody else for long', async () => {
    const app = await startApp({ storage: new CountingStorage(), sessions: await redis.client() })
    try {
      const browser = app.browser()
      await enrolThroughRouter(app, browser, 'enrols often')
      const blocks: number[] = []
      for (let count = 0; count < ENROLMENTS; count++) {
        const delays = monitorEventLoopDelay({ resolution: 1 })
        delays.enable()
        await browser.post('/2fa/totp').send({}).expect(201)
        delays.disable()
        blocks.push(delays.max / 1e6)
      }
      blocks.sort((left, right) => left - right)
      expect(blocks[ENROLMENTS / 2]).to.be.lessThan(USUAL_BLOCK_MILLISECONDS)
      expect(blocks.at(-1)).to.be.lessThan(LONGEST_BLOCK_MILLISECONDS)
    } finally {
      await app.close()
    }
  })
})
