import { expect } from 'chai'
import express from 'express'
import { after, before, describe, it } from 'mocha'
import supertest from 'supertest'
import { type ProblemCode, SecondFactorError, type SecondFactorErrorCode } from '../../lib/index.js'
import { type Problem, problemOfError, sendProblem, statusOf } from '../../lib/express/problem.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import {
  type Browser,
  enrolThroughRouter,
  startApp,
  type TestApp,
  type TestAppOptions,
  wrongCode,
} from '../support/app.js'
import { outcomeOf } from '../support/endpoints.js'
import { type RedisServer, startRedis } from '../support/redis.js'
import { serve, type Served } from '../support/serve.js'

const STATUSES: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  invalid_request: [400, 'Bad Request'],
  not_authenticated: [401, 'Unauthorized'],
  second_factor_required: [403, 'Forbidden'],
  fresh_second_factor_required: [403, 'Forbidden'],
  enrolment_required: [403, 'Forbidden'],
  cross_site_request: [403, 'Forbidden'],
  authenticator_disabled: [403, 'Forbidden'],
  not_found: [404, 'Not Found'],
  not_enrolled: [409, 'Conflict'],
  already_verified: [409, 'Conflict'],
  too_many_authenticators: [409, 'Conflict'],
  enrolment_expired: [410, 'Gone'],
  unsupported_media_type: [415, 'Unsupported Media Type'],
  invalid_code: [422, 'Unprocessable Entity'],
  locked: [429, 'Too Many Requests'],
  unavailable: [503, 'Service Unavailable'],
}

describe('problem documents', () => {
  let server: Served
  let next: { readonly problem: Problem; readonly requestId: string | undefined }
  before(async () => {
    server = await serve(
      express().use((_req, res) => {
        if (next.requestId !== undefined) res.setHeader('X-Request-Id', next.requestId)
        sendProblem(res, next.problem)
      }),
    )
  })
  after(() => server.close())

  /** What a client is sent for a problem. */
  const answerWith = (problem: Problem, requestId?: string) => {
    next = { problem, requestId }
    return supertest(server.url).get('/')
  }

  for (const [code, [status, title]] of Object.entries(STATUSES) as [ProblemCode, [number, string]][]) {
    it(`are sent for ${code} with status ${status}`, async () => {
      expect(statusOf(code)).to.equal(status)
      const answer = await answerWith({ code })
      expect(answer.status).to.equal(status)
      expect(answer.get('Content-Type')).to.match(/^application\/problem\+json(;|$)/)
      expect(answer.get('Cache-Control')).to.equal('no-store')
      expect(answer.get('X-Request-Id')).to.match(/^[0-9a-f-]{36}$/)
      const { detail, ...rest } = answer.body as { detail: string }
      expect(rest).to.deep.equal({ type: 'about:blank', title, status, code })
      expect(detail).to.be.a('string').and.not.equal('')
    })
  }

  it('say in particular what is known in particular', async () => {
    const answer = await answerWith({ code: 'invalid_request', detail: 'label must be a text.' })
    expect((answer.body as { detail: string }).detail).to.equal('label must be a text.')
  })

  it('say until when a lock holds, as a date and as Retry-After', async () => {
    const answer = await answerWith({ code: 'locked', retryAt: 1_800_000_030_000, retryAfterSeconds: 30 })
    expect((answer.body as { retryAt: string }).retryAt).to.equal('2027-01-15T08:00:30.000Z')
    expect(answer.get('Retry-After')).to.equal('30')
  })

  it('say when to try again after an outage', async () => {
    expect((await answerWith({ code: 'unavailable' })).get('Retry-After')).to.equal('2')
  })

  for (const code of Object.keys(STATUSES).filter((one) => !['locked', 'unavailable'].includes(one))) {
    it(`promise nothing for later with ${code}`, async () => {
      expect((await answerWith({ code: code as ProblemCode })).get('Retry-After')).to.equal(undefined)
    })
  }

  it('keep the request id that the application has given', async () => {
    expect((await answerWith({ code: 'not_found' }, 'given')).get('X-Request-Id')).to.equal('given')
  })

  it('have another request id each time', async () => {
    const [one, other] = [await answerWith({ code: 'not_found' }), await answerWith({ code: 'not_found' })]
    expect(one.get('X-Request-Id')).to.not.equal(other.get('X-Request-Id'))
  })
})

const ERROR_CODES: Readonly<Record<SecondFactorErrorCode, ProblemCode | undefined>> = {
  storage_unavailable: 'unavailable',
  storage_timeout: 'unavailable',
  storage_contention: 'unavailable',
  record_invalid: 'unavailable',
  sealing_key_missing: 'unavailable',
  sealed_value_rejected: 'unavailable',
  session_unavailable: 'unavailable',
  session_unsupported: undefined,
  user_exposed: undefined,
  hold_misplaced: undefined,
  identity_mismatch: undefined,
}

const withStatus = (status: unknown) => Object.assign(new Error('from elsewhere'), { status })

const OTHER_ERRORS: readonly (readonly [what: string, error: unknown, code: ProblemCode | undefined])[] = [
  ['a body that is no JSON', withStatus(400), 'invalid_request'],
  ['a body that is too large', withStatus(413), 'invalid_request'],
  ['an encoding that nobody knows', withStatus(415), 'unsupported_media_type'],
  ['an error of the application with a 5xx status', withStatus(500), undefined],
  ['an error of the application that looks like an outage', withStatus(503), undefined],
  ['a status that is a text', withStatus('400'), undefined],
  ['a status that is no error', withStatus(302), undefined],
  ['a programming error', new TypeError('x is undefined'), undefined],
  ['a thrown text', 'no', undefined],
  ['a thrown null', null, undefined],
  ['a thrown undefined', undefined, undefined],
]

describe('problemOfError', () => {
  for (const [code, problem] of Object.entries(ERROR_CODES) as [SecondFactorErrorCode, ProblemCode?][]) {
    it(`makes ${problem ?? 'nothing'} of ${code}`, () => {
      expect(problemOfError(new SecondFactorError(code, 'message'))?.code).to.equal(problem)
    })
  }

  for (const [what, error, problem] of OTHER_ERRORS) {
    it(`makes ${problem ?? 'nothing'} of ${what}`, () => {
      expect(problemOfError(error)?.code).to.equal(problem)
    })
  }

  it('says nothing of what the error said', () => {
    const error = new SecondFactorError('storage_unavailable', 'redis://user:password@10.0.0.1')
    expect(JSON.stringify(problemOfError(error))).to.equal('{"code":"unavailable"}')
  })
})

describe('refusals of the [Router]', () => {
  let redis: RedisServer
  let storage: RedisStorage
  let sessions: TestAppOptions['sessions']
  const apps: TestApp[] = []
  before(async () => {
    redis = await startRedis()
    sessions = await redis.client()
    storage = new RedisStorage({ client: sessions })
  })
  after(async () => {
    await Promise.all(apps.map((app) => app.close()))
    await redis.stop()
  })

  const start = async (secondFactor: TestAppOptions['secondFactor'] = {}): Promise<TestApp> => {
    const app = await startApp({ storage, ...(sessions && { sessions }), secondFactor })
    apps.push(app)
    return app
  }

  const begin = async (browser: Browser) =>
    (await browser.post('/2fa/totp').send({}).expect(201)).body as { id: string; uri: string }

  it('answer 409 not_enrolled to a code of somebody who has no second factor', async () => {
    const browser = (await start()).browser()
    await browser.post('/login').send({ name: 'newcomer' }).expect(204)
    expect(outcomeOf(await browser.post('/2fa/verify').send({ code: '123456' }))).to.equal('409 not_enrolled')
  })

  it('answer 409 already_verified to a second confirmation', async () => {
    const app = await start()
    const browser = app.browser()
    const { authenticatorId, phone } = await enrolThroughRouter(app, browser, 'confirms twice')
    app.clock.advance(30)
    const code = phone.codeAt(app.clock.now())
    const again = await browser.post(`/2fa/totp/${authenticatorId}/verify`).send({ code })
    expect(outcomeOf(again)).to.equal('409 already_verified')
  })

  it('answer 409 too_many_authenticators when there is no room for another', async () => {
    const app = await start({ totp: { maxAuthenticators: 1 } })
    const browser = app.browser()
    await enrolThroughRouter(app, browser, 'collector')
    expect(outcomeOf(await browser.post('/2fa/totp').send({}))).to.equal('409 too_many_authenticators')
  })

  it('answer 410 enrolment_expired to a confirmation that comes too late', async () => {
    const app = await start()
    const browser = app.browser()
    await browser.post('/login').send({ name: 'sleeper' }).expect(204)
    const { id, uri } = await begin(browser)
    app.clock.advance(600)
    const code = new TestAuthenticator(uri).codeAt(app.clock.now())
    const late = await browser.post(`/2fa/totp/${id}/verify`).send({ code })
    expect(outcomeOf(late)).to.equal('410 enrolment_expired')
  })

  it('answer 410 enrolment_expired to backup codes that were not confirmed in time', async () => {
    const app = await start()
    const browser = app.browser()
    const { phone } = await enrolThroughRouter(app, browser, 'saves too late')
    const { id } = (await browser.post('/2fa/backup-codes').expect(201)).body as { id: string }
    app.clock.advance(600)
    await browser
      .post('/2fa/verify')
      .send({ code: phone.codeAt(app.clock.now()) })
      .expect(200)
    const late = await browser.post(`/2fa/backup-codes/${id}/confirm`)
    expect(outcomeOf(late)).to.equal('410 enrolment_expired')
  })

  it('answer 422 invalid_code alike to wrong, replayed and unknown codes', async () => {
    const app = await start()
    const browser = app.browser()
    const { phone, backupCodes } = await enrolThroughRouter(app, browser, 'guesser')
    const [backupCode = ''] = backupCodes
    await browser.post('/2fa/verify').send({ code: backupCode }).expect(200)
    const replayedTotp = phone.codeAt(app.clock.now())
    const codes = [
      wrongCode(phone, app.clock.now()),
      replayedTotp,
      backupCode,
      '00000-00000-00000-00000-00000',
    ]
    const texts = new Set<string>()
    for (const code of codes) texts.add((await browser.post('/2fa/verify').send({ code }).expect(422)).text)
    expect(texts.size).to.equal(1)
    expect([...texts][0]).to.include('"code":"invalid_code"')
  })

  it('answer 422 invalid_code to a wrong confirmation, and 429 when there were too many', async () => {
    const app = await start()
    const browser = app.browser()
    await browser.post('/login').send({ name: 'clumsy' }).expect(204)
    const { id, uri } = await begin(browser)
    const phone = new TestAuthenticator(uri)
    const wrong = { code: wrongCode(phone, app.clock.now()) }
    for (let count = 0; count < 5; count++) {
      expect(outcomeOf(await browser.post(`/2fa/totp/${id}/verify`).send(wrong))).to.equal('422 invalid_code')
    }
    const right = { code: phone.codeAt(app.clock.now()) }
    const locked = await browser.post(`/2fa/totp/${id}/verify`).send(right)
    expect(outcomeOf(locked)).to.equal('429 locked')
    expect(locked.get('Retry-After')).to.equal('30')
  })

  it('C10 answer 429 locked with Retry-After, to the right code too, until the wait is over', async () => {
    const app = await start()
    const browser = app.browser()
    const { phone } = await enrolThroughRouter(app, browser, 'target')
    app.clock.advance(30)
    for (let count = 0; count < 5; count++) {
      const wrong = { code: wrongCode(phone, app.clock.now()) }
      expect(outcomeOf(await browser.post('/2fa/verify').send(wrong))).to.equal('422 invalid_code')
    }
    app.clock.advance(10)
    const locked = await browser.post('/2fa/verify').send({ code: phone.codeAt(app.clock.now()) })
    expect(outcomeOf(locked)).to.equal('429 locked')
    expect(locked.get('Retry-After')).to.equal('20')
    const { retryAt } = locked.body as { retryAt: string }
    expect(Date.parse(retryAt)).to.equal(app.clock.now() + 20_000)
    app.clock.advance(20)
    await browser
      .post('/2fa/verify')
      .send({ code: phone.codeAt(app.clock.now()) })
      .expect(200)
  })

  it('C25 answer 429 locked in a new session too: signing in again forgives nothing', async () => {
    const app = await start()
    const { phone } = await enrolThroughRouter(app, app.browser(), 'besieged')
    app.clock.advance(30)
    for (let count = 0; count < 6; count++) {
      const guesser = app.browser()
      await guesser.post('/login').send({ name: 'besieged' }).expect(204)
      const wrong = { code: wrongCode(phone, app.clock.now()) }
      const expected = count < 5 ? '422 invalid_code' : '429 locked'
      expect(outcomeOf(await guesser.post('/2fa/verify').send(wrong))).to.equal(expected)
    }
  })

  for (const title of ['C2', 'C16']) {
    it(`${title} count per user, wherever the requests say to come from`, async () => {
      const app = await start()
      const name = `besieged from everywhere: ${title}`
      const { phone } = await enrolThroughRouter(app, app.browser(), name)
      app.clock.advance(30)
      for (let count = 0; count < 6; count++) {
        const address = title === 'C2' ? `2001:db8::${count + 1}` : `203.0.113.${count + 1}`
        const guesser = app.browser()
        await guesser.post('/login').send({ name }).expect(204)
        const wrong = { code: wrongCode(phone, app.clock.now()) }
        const answer = await guesser.post('/2fa/verify').set('X-Forwarded-For', address).send(wrong)
        expect(outcomeOf(answer)).to.equal(count < 5 ? '422 invalid_code' : '429 locked')
      }
    })
  }

  it('answer 403 authenticator_disabled when too many wrong codes have disabled it', async () => {
    const app = await start({ throttle: { freeAttempts: 1, disableAfter: 1 } })
    const browser = app.browser()
    const { phone, backupCodes } = await enrolThroughRouter(app, browser, 'beaten')
    app.clock.advance(30)
    await browser
      .post('/2fa/verify')
      .send({ code: wrongCode(phone, app.clock.now()) })
      .expect(422)
    app.clock.advance(7200)
    const right = await browser.post('/2fa/verify').send({ code: phone.codeAt(app.clock.now()) })
    expect(outcomeOf(right)).to.equal('403 authenticator_disabled')
    const { authenticators } = (await browser.get('/2fa').expect(200)).body as {
      authenticators: { disabled?: boolean }[]
    }
    expect(authenticators.map(({ disabled }) => disabled)).to.deep.equal([true])
    await browser.post('/2fa/verify').send({ code: backupCodes[0] }).expect(200)
  })
})
