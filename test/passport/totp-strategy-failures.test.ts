import { expect } from 'chai'
import type { Request, RequestHandler } from 'express'
import { after, afterEach, before, describe, it } from 'mocha'
import type passport from 'passport'
import { SecondFactorError, TotpStrategy } from '../../lib/index.js'
import { whoAmI } from '../support/app.js'
import type { SessionWrite } from '../support/observed-sessions.js'
import {
  expectHeld,
  expectSatisfied,
  METHODS,
  type PassportApp,
  type Somebody,
  startPassportApp,
} from '../support/passport-app.js'
import { answer, authenticate, PASSPORT_PATHS } from '../support/passport-paths.js'
import { redisOfSuite } from '../support/suite.js'

/** When a callback of the application throws. */
type Fault = 'success' | 'refusal' | 'error'

const CALLBACKS: readonly (readonly [title: string, url: string, throwsOn: readonly Fault[]])[] = [
  ['on success', '/paths/throws-on-success', ['success']],
  ['on a refusal', '/paths/throws-on-refusal', ['refusal']],
  ['whatever it is told', '/paths/throws', ['success', 'refusal', 'error']],
]

describe('TotpStrategy when something fails', () => {
  const redis = redisOfSuite()
  let app: PassportApp

  before(async () => {
    app = await startPassportApp({
      sessions: await redis.client(),
      routes(express, auth, secondFactor) {
        for (const [, url, throwsOn] of CALLBACKS) express.post(url, throwingCallback(auth, throwsOn), answer)
        express.post('/paths/handler', authenticate(auth), () => {
          throw new Error('the handler')
        })
        for (const option of ['user', 'userId'] as const) {
          const failing = {
            [option]: () => {
              throw new Error(`the option ${option}`)
            },
          }
          auth.use(option, new TotpStrategy(secondFactor, failing))
          express.post(`/paths/${option}`, authenticate(auth, {}, option), answer)
        }
      },
    })
  })
  afterEach(() => {
    app.storage.recover()
    app.sessions.recover()
  })
  after(() => app.close())

  /** The error that Passport was told, which must be the one of this package. */
  const toldError = (): SecondFactorError => {
    const { action, given } = app.told()
    expect(action).to.equal('error')
    expect(given[0]).to.be.instanceOf(SecondFactorError)
    return given[0] as SecondFactorError
  }

  const marksOf = async ({ name }: Somebody) => {
    const sessions = await app.sessions.readAll()
    return sessions.filter(({ secondFactor }) => secondFactor?.userId === name)
  }

  for (const path of PASSPORT_PATHS) {
    describe(`by ${path.title}`, () => {
      for (const method of ['read', 'replace'] as const) {
        it(`hands on that the storage cannot ${method}, as 503, and marks nothing`, async () => {
          const { somebody, browser } = await app.signInSomebody()
          const code = somebody.code('totp')
          const me = await whoAmI(browser)
          const content = await app.sessions.readContent(me.sessionId)
          app.forget()
          app.storage.fail('reject', { methods: [method] })
          await browser.post(path.url).send({ code }).expect(503, { error: 'storage_unavailable' })

          const error = toldError()
          expect(error).to.include({ status: 503, code: 'storage_unavailable', cause: app.storage.trouble })
          expect(error.message).not.to.include(code)
          expect(app.seen()).to.include({ authenticated: false, state: 'pending' })
          app.storage.recover()
          expect(await whoAmI(browser)).to.deep.equal(me)
          expect(await app.sessions.readContent(me.sessionId)).to.deep.equal(content)
          await browser.post(path.url).send({ code }).expect(path.success.status)
          await expectSatisfied(browser)
        })
      }

      for (const [title, command] of [
        ['the old session cannot be removed', 'del'],
        ['the new session cannot be stored', 'set'],
      ] satisfies [string, SessionWrite][]) {
        it(`hands on that ${title}, as 503, and marks nothing`, async () => {
          const { somebody, browser } = await app.signInSomebody()
          app.forget()
          // Once: what express-session stores at the end of the request gets through.
          app.sessions.fail(command, 1)
          const code = somebody.code('totp')
          await browser.post(path.url).send({ code }).expect(503, { error: 'session_unavailable' })

          const error = toldError()
          expect(error).to.include({ status: 503, code: 'session_unavailable' })
          expect(error.message).not.to.include(code)
          expect(app.seen()).to.include({ authenticated: false, state: 'pending' })
          expect(await marksOf(somebody)).to.deep.equal([])
          await browser.get('/private').expect(401)
        })
      }
    })
  }

  describe("the application's own code", () => {
    for (const { method, title } of METHODS) {
      for (const [when, url] of CALLBACKS) {
        it(`a callback that throws ${when} ends in an error, for ${title}`, async () => {
          const { somebody, browser } = await app.signInSomebody()
          const code = when === 'on a refusal' ? somebody.wrongCode(method) : somebody.code(method)
          const answered = await browser.post(url).send({ code }).timeout(3000)
          expect(answered.status).to.equal(500)
          expect((answered.body as { error: string }).error).to.match(/^the callback on /)
        })
      }
    }

    it('a callback that throws on a refusal leaves the person held', async () => {
      const { somebody, browser } = await app.signInSomebody()
      await browser
        .post('/paths/throws-on-refusal')
        .send({ code: somebody.wrongCode('totp') })
        .expect(500)
      await expectHeld(browser)
    })

    it('a handler behind it that throws ends in an error, with the session satisfied', async () => {
      const { somebody, browser } = await app.signInSomebody()
      app.forget()
      await browser
        .post('/paths/handler')
        .send({ code: somebody.code('totp') })
        .expect(500, { error: 'the handler' })
      expect(app.told().action).to.equal('success')
      await expectSatisfied(browser)
    })

    for (const option of ['user', 'userId'] as const) {
      it(`an option ${option} that throws ends in an error, with the person held`, async () => {
        const { somebody, browser } = await app.signInSomebody()
        await browser
          .post(`/paths/${option}`)
          .send({ code: somebody.code('totp') })
          .expect(500, { error: `the option ${option}` })
        await expectHeld(browser)
      })
    }
  })
})

/** A callback as applications have them, with a mistake in it. */
function throwingCallback(auth: passport.Authenticator, throwsOn: readonly Fault[]): RequestHandler {
  return (req: Request, res, next) => {
    const callback: passport.AuthenticateCallback = (error: unknown, user) => {
      const told: Fault = error ? 'error' : user ? 'success' : 'refusal'
      if (throwsOn.includes(told)) throw new Error(`the callback on ${told}`)
      next(error)
    }
    const handler = auth.authenticate('totp', callback) as RequestHandler
    void handler(req, res, next)
  }
}
