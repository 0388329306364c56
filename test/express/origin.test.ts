import { expect } from 'chai'
import type { Express, RequestHandler } from 'express'
import { before, beforeEach, describe, it } from 'mocha'
import type { Response } from 'supertest'
import { type SecondFactorEvent, TotpStrategy } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import {
  type Browser,
  enrolThroughRouter,
  type TestApp,
  type TestAppOptions,
  wrongCode,
} from '../support/app.js'
import { callEndpoint, preparePerson, UNSAFE_CALLS, titleOf } from '../support/endpoints.js'
import { FailingStorage } from '../support/failing-storage.js'
import { newService, succeeded } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const LOOPBACK = '127.0.0.1'
const AGENT = 'Mozilla/5.0 (of the tests)'

/** The strategy without a session, beside the one that the application has. */
const ROUTES: TestAppOptions['routes'] = (host, secondFactor, auth) => {
  auth.use('sessionless', new TotpStrategy(secondFactor))
  host.post(
    '/stateless',
    auth.authenticate('sessionless', { session: false }) as RequestHandler,
    (_req, res) => {
      res.sendStatus(204)
    },
  )
}

describe('the request of an event', () => {
  const { start } = appsOnRedis()
  const events: SecondFactorEvent[] = []
  const storage = new FailingStorage()
  const startHere = (front: (app: Express) => void = () => undefined) =>
    start({
      storage,
      routes: ROUTES,
      front,
      secondFactor: {
        onEvent: (event) => {
          events.push(event)
        },
      },
    })
  let app: TestApp
  let persons = 0
  before(async () => {
    app = await startHere()
  })
  beforeEach(() => {
    events.length = 0
  })

  /** Somebody who has enrolled, and a browser that has shown the first factor. */
  async function somebody(where = app) {
    const name = `person ${++persons}`
    const person = await enrolThroughRouter(where, where.browser(), name)
    where.clock.advance(30)
    const browser = where.browser()
    await browser.post('/login').send({ name }).expect(204)
    events.length = 0
    return { ...person, name, browser }
  }
  const requests = () => events.map(({ request }) => request)
  const types = () => events.map(({ type }) => type)
  const verify = (
    browser: Browser,
    path: string,
    code: string,
    headers: Readonly<Record<string, string>> = {},
  ) => browser.post(path).set('User-Agent', AGENT).set(headers).send({ code })

  describe('through the Router', () => {
    const expectTold = (answer: Response, told: readonly string[]) => {
      expect(types()).to.deep.equal(told)
      const requestId = answer.get('X-Request-Id')
      expect(requestId).to.match(UUID)
      for (const request of requests()) {
        expect(request).to.deep.equal({ requestId, ip: LOOPBACK, userAgent: AGENT })
      }
    }

    it('is told of a right, a replayed and a wrong code, and of a used backup code', async () => {
      const { browser, phone, backupCodes } = await somebody()
      const now = app.clock.now()
      for (const [code, told] of [
        [wrongCode(phone, now), ['failed']],
        [phone.codeAt(now), ['verified']],
        [phone.codeAt(now), ['replayed']],
        [backupCodes[0] ?? '', ['verified', 'backup_code_used']],
      ] as const) {
        events.length = 0
        expectTold(await verify(browser, '/2fa/verify', code), told)
      }
    })

    it('C26 is told of the wrong code that locks', async () => {
      const { browser, phone } = await somebody()
      const wrong = wrongCode(phone, app.clock.now())
      for (let guess = 0; guess < 4; guess++) await verify(browser, '/2fa/verify', wrong)
      events.length = 0
      expectTold(await verify(browser, '/2fa/verify', wrong), ['failed', 'locked'])
    })

    it('is told of an enrolment, and of a wrong first code', async () => {
      const browser = app.browser()
      await browser.post('/login').send({ name: 'enrols' }).expect(204)
      const { id, uri } = (await browser.post('/2fa/totp').send({}).expect(201)).body as {
        id: string
        uri: string
      }
      const phone = new TestAuthenticator(uri)
      const path = `/2fa/totp/${id}/verify`
      expectTold(await verify(browser, path, wrongCode(phone, app.clock.now())), ['failed'])
      expect(events[0]).to.include({ during: 'enrolment', method: 'totp' })
      events.length = 0
      expectTold(await verify(browser, path, phone.codeAt(app.clock.now())), ['enrolled'])
    })

    it('is told of every other change', async () => {
      const told: Record<string, readonly string[]> = {}
      for (const call of UNSAFE_CALLS) {
        const browser = app.browser()
        const person = await preparePerson(app, browser, `changes by ${titleOf(call)}`)
        events.length = 0
        const answer = await callEndpoint(app, browser, call, person).set('User-Agent', AGENT)
        told[titleOf(call)] = types()
        expectTold(answer, types())
      }
      expect(told).to.deep.equal({
        'POST /verify': ['verified'],
        'POST /totp': [],
        'POST /totp/:id/verify': ['enrolled'],
        'PATCH /totp/:id': [],
        'POST /backup-codes': [],
        'POST /backup-codes/:id/confirm': ['backup_codes_regenerated'],
        'DELETE /trusted-devices/:id': ['revoked'],
        'DELETE /trusted-devices': ['revoked'],
        'DELETE /totp/:id': ['reset'],
        'DELETE /': ['reset'],
      })
    })

    it('is told of an outage, once', async () => {
      const { browser, phone } = await somebody()
      storage.fail('reject', { methods: ['replace'] })
      const answer = await verify(browser, '/2fa/verify', phone.codeAt(app.clock.now()))
      storage.recover()
      expect(answer.status).to.equal(503)
      expectTold(answer, ['unavailable'])
    })

    it('has the id that the application has put on the answer', async () => {
      const named = await startHere((host) =>
        host.use((_req, res, next) => {
          res.setHeader('X-Request-Id', 'given in front')
          next()
        }),
      )
      const { browser, phone } = await somebody(named)
      for (const path of ['/2fa/verify', '/login/2fa', '/stateless']) {
        events.length = 0
        const answer = await verify(browser, path, wrongCode(phone, named.clock.now()))
        expect(answer.get('X-Request-Id')).to.equal('given in front')
        expect(requests()).to.deep.equal([{ requestId: 'given in front', ip: LOOPBACK, userAgent: AGENT }])
      }
    })

    it('has no id that a client gives itself', async () => {
      const { browser, phone } = await somebody()
      const headers = { 'X-Request-Id': 'chosen' }
      const answer = await verify(browser, '/2fa/verify', phone.codeAt(app.clock.now()), headers)
      expectTold(answer, ['verified'])
    })
  })

  for (const path of ['/login/2fa', '/stateless']) {
    it(`is told by the strategy: POST ${path}`, async () => {
      const { browser, phone, backupCodes } = await somebody()
      const now = app.clock.now()
      const codes = [wrongCode(phone, now), phone.codeAt(now), phone.codeAt(now), backupCodes[0] ?? '']
      for (const code of codes) await verify(browser, path, code)
      expect(types()).to.deep.equal(['failed', 'verified', 'replayed', 'verified', 'backup_code_used'])
      expect(events[0]).to.include({ during: 'challenge' })
      for (const request of requests()) {
        expect(request?.requestId).to.match(UUID)
        expect(request).to.include({ ip: LOOPBACK, userAgent: AGENT })
      }
      // One id for one request: the last two events are of one.
      expect(new Set(requests().map((request) => request?.requestId)).size).to.equal(4)
    })
  }

  it('is told by holdForSecondFactor when the storage is away, once for all who ask', async () => {
    const { browser, name } = await somebody()
    storage.fail('reject')
    await browser.get('/private').set('User-Agent', AGENT).expect(401)
    const [event, ...more] = events
    expect(more).to.deep.equal([])
    expect(event).to.include({ type: 'unavailable', code: 'storage_unavailable', userId: name })
    expect(event?.request).to.include({ ip: LOOPBACK, userAgent: AGENT })
    events.length = 0
    // Hold and Router ask for the same; the answer has the id.
    const answer = await browser.get('/2fa').set('User-Agent', AGENT).expect(503)
    storage.recover()
    expect(requests()).to.deep.equal([
      { requestId: answer.get('X-Request-Id'), ip: LOOPBACK, userAgent: AGENT },
    ])
  })

  it('is absent where the application’s own code acts', async () => {
    const service = newService()
    const { id } = succeeded(
      await service.secondFactor.importTotp('u', { base32: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }),
    )
    await service.secondFactor.verify('u', '000000')
    await service.secondFactor.remove('u', id)
    expect(service.events.map(({ type }) => type)).to.deep.equal(['imported', 'failed', 'reset'])
    for (const event of service.events) expect(event).to.not.have.property('request')
  })

  describe('has the address', () => {
    const FORGED = {
      'X-Forwarded-For': '203.0.113.7, 198.51.100.9',
      Forwarded: 'for=203.0.113.7',
      'X-Real-IP': '203.0.113.7',
    }
    for (const [title, trust, ip] of [
      ['of the connection, whatever a client claims', false, LOOPBACK],
      ['of the one in front of the proxy that is trusted', 1, '198.51.100.9'],
      ['of the first where all are trusted', true, '203.0.113.7'],
      ['of the connection where another proxy is trusted', '10.0.0.1', LOOPBACK],
    ] as const) {
      it(`C16 ${title}`, async () => {
        const trusting = await startHere((host) => host.set('trust proxy', trust))
        const { browser, phone } = await somebody(trusting)
        for (const path of ['/2fa/verify', '/login/2fa']) {
          await verify(browser, path, wrongCode(phone, trusting.clock.now()), FORGED)
        }
        storage.fail('reject')
        await browser.get('/private').set(FORGED).expect(401)
        storage.recover()
        expect(requests().map((request) => request?.ip)).to.deep.equal([ip, ip, ip])
      })
    }
  })

  describe('has the user agent', () => {
    for (const [length, kept] of [
      [256, 256],
      [257, 256],
      [4000, 256],
    ] as const) {
      it(`up to 256 characters: ${kept} of ${length}`, async () => {
        const { browser, phone } = await somebody()
        const headers = { 'User-Agent': 'x'.repeat(length) }
        await verify(browser, '/2fa/verify', wrongCode(phone, app.clock.now()), headers)
        expect(requests()[0]?.userAgent).to.equal('x'.repeat(kept))
      })
    }

    it('as undefined where there is none', async () => {
      const { browser, phone } = await somebody()
      await browser
        .post('/2fa/verify')
        .unset('User-Agent')
        .send({ code: wrongCode(phone, app.clock.now()) })
        .expect(422)
      expect(requests()[0]).to.have.property('userAgent', undefined)
    })
  })
})
