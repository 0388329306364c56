import { expect } from 'chai'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { after, before, describe, it } from 'mocha'
import passport from 'passport'
import supertest from 'supertest'
import { TotpStrategy, type TotpStrategyOptions } from '../../lib/index.js'
import { whoAmI } from '../support/app.js'
import {
  expectHeld,
  METHODS,
  type PassportApp,
  type Somebody,
  startPassportApp,
} from '../support/passport-app.js'
import { answer, authenticate } from '../support/passport-paths.js'
import { challengeOf } from '../support/recording-strategy.js'
import { redisOfSuite } from '../support/suite.js'
import { serve, type Served } from '../support/serve.js'
import { enrolUser, newService, type TestService } from '../support/service.js'

const SESSIONLESS = '/paths/sessionless'

describe('TotpStrategy with session: false, the [sessionless strategy]', () => {
  const redis = redisOfSuite()
  let app: PassportApp

  before(async () => {
    app = await startPassportApp({
      sessions: await redis.client(),
      routes(express, auth) {
        express.post(SESSIONLESS, authenticate(auth, { session: false }), answer)
      },
    })
  })
  after(() => app.close())

  for (const { method, title } of METHODS) {
    it(`C17 takes ${title} for this request only, and leaves the session alone`, async () => {
      const { somebody, browser } = await app.signInSomebody()
      const { sessionId } = await whoAmI(browser)
      const content = await app.sessions.readContent(sessionId)
      app.forget()
      const answer = await browser
        .post(SESSIONLESS)
        .send({ code: somebody.code(method) })
        .expect(200)
      expect(answer.body).to.deep.include({ authenticated: true, user: { id: somebody.name } })
      expect(app.told().action).to.equal('success')
      expect(app.sessions.writes).to.deep.equal([])
      expect(await app.sessions.readContent(sessionId)).to.deep.equal(content)
      expect((await whoAmI(browser)).sessionId).to.equal(sessionId)
      await expectHeld(browser)
    })
  }

  for (const [title, status, code, codeIn] of [
    ['a malformed code', 400, 'invalid_request', () => 'x'],
    ['a wrong TOTP code', 422, 'invalid_code', (somebody: Somebody) => somebody.wrongCode('totp')],
    ['a wrong backup code', 422, 'invalid_code', (somebody: Somebody) => somebody.wrongCode('backup_code')],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const { somebody, browser } = await app.signInSomebody()
      app.forget()
      await browser
        .post(SESSIONLESS)
        .send({ code: codeIn(somebody) })
        .expect(status)
      expect(challengeOf(app.told())).to.include({ code })
      await expectHeld(browser)
    })
  }

  it('C39 refuses when nobody is signed in', async () => {
    const somebody = await app.enrol()
    await app
      .browser()
      .post(SESSIONLESS)
      .send({ code: somebody.code('totp') })
      .expect(401)
  })
})

describe('TotpStrategy, the [strategy], without express-session', () => {
  /** As a first factor that a request brings along. */
  const user: TotpStrategyOptions['user'] = (req) => {
    const id = req.get('X-User')
    return id === undefined ? undefined : { id }
  }
  let service: TestService
  let served: Served
  const errors: unknown[] = []

  before(async () => {
    service = newService()
    const auth = new passport.Passport()
    auth.use(new TotpStrategy(service.secondFactor, { user }))
    const app = express()
    app.use(express.json())
    app.post('/sessionless', authenticate(auth, { session: false }), answer)
    app.post('/session', authenticate(auth), answer)
    const cookieSession: RequestHandler = (req, _res, next) => {
      Object.assign(req, { session: { secondFactor: undefined } })
      next()
    }
    app.post('/cookie-session', cookieSession, authenticate(auth), answer)
    app.use(((error: { status?: number }, _req, res, _next) => {
      errors.push(error)
      res.sendStatus(error.status ?? 500)
    }) as ErrorRequestHandler)
    served = await serve(app)
  })
  after(() => served.close())

  const post = (path: string, userId: string, code: string) =>
    supertest(served.url).post(path).set('X-User', userId).send({ code })

  it('takes a code with session: false', async () => {
    const { phone } = await enrolUser(service, 'alice')
    const answered = await post('/sessionless', 'alice', phone.codeAt(service.clock.now())).expect(200)
    expect(answered.body).to.deep.include({ authenticated: true, user: { id: 'alice' } })
  })

  it('C39 refuses without a user, and a user who is not enrolled', async () => {
    await supertest(served.url).post('/sessionless').send({ code: '000000' }).expect(401)
    await post('/sessionless', 'nobody', '000000').expect(409)
  })

  for (const [title, path] of [
    ['no session', '/session'],
    ['a session that cannot be regenerated', '/cookie-session'],
  ] as const) {
    it(`P4 says by an error that ${title} is not enough otherwise, and spends no code`, async () => {
      const { phone } = await enrolUser(service, path)
      const code = phone.codeAt(service.clock.now())
      errors.length = 0
      await post(path, path, code).expect(500)
      expect(errors).to.have.length(1)
      expect(errors[0]).to.include({ name: 'SecondFactorError', code: 'session_unsupported' })
      await post('/sessionless', path, code).expect(200)
    })
  }
})
