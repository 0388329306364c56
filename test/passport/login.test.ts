import { expect } from 'chai'
import type { RequestHandler } from 'express'
import { after, before, describe, it } from 'mocha'
import type passport from 'passport'
import { requireSecondFactor } from '../../lib/index.js'
import { whoAmI } from '../support/app.js'
import {
  BASKET,
  expectHeld,
  expectSatisfied,
  type PassportApp,
  startPassportApp,
} from '../support/passport-app.js'
import { answer, callBack, PASSPORT_PATHS, type WithUser } from '../support/passport-paths.js'
import { redisOfSuite } from '../support/suite.js'

/** Passport's `req.logIn` as it takes its arguments, which is more than its types say. */
type LogIn = (user: Express.User, ...rest: unknown[]) => void

const SAME_USER: readonly (readonly [
  title: string,
  call: (logIn: LogIn, ...given: Parameters<WithUser>) => void,
])[] = [
  [
    'without a callback',
    (logIn, _req, user, done) => {
      logIn(user)
      done()
    },
  ],
  [
    'with session: false and no callback',
    (logIn, _req, user, done) => {
      logIn(user, { session: false })
      done()
    },
  ],
  [
    'with session: false',
    (logIn, _req, user, done) => {
      logIn(user, { session: false }, done)
    },
  ],
  [
    'with options that are null',
    (logIn, _req, user, done) => {
      logIn(user, null, done)
    },
  ],
  [
    'with options that are undefined',
    (logIn, _req, user, done) => {
      logIn(user, undefined, done)
    },
  ],
  [
    'twice',
    (logIn, _req, user, done) => {
      logIn(user, () => {
        logIn(user, done)
      })
    },
  ],
  [
    'by its other name',
    (_logIn, req, user, done) => {
      req.login(user, done)
    },
  ],
]

const OTHER_USER = [
  ['plainly', {}],
  ['with keepSessionInfo', { keepSessionInfo: true }],
] as const

const urlOf = (title: string): string => `/paths/${title.replaceAll(/\W+/g, '-')}`

describe('login once the second factor was shown, by the [strategy],', () => {
  const redis = redisOfSuite()
  let app: PassportApp

  before(async () => {
    app = await startPassportApp({
      sessions: await redis.client(),
      routes(express, auth, secondFactor) {
        for (const [title, call] of SAME_USER) {
          const logIn: WithUser = (req, user, done) => {
            call(req.logIn.bind(req) as LogIn, req, user, done)
          }
          express.post(urlOf(title), callBack(auth, logIn), answer)
        }
        for (const [title, options] of OTHER_USER) {
          const logInOther: WithUser = (req, _user, done) => {
            const { other } = req.body as { other: string }
            const logIn = req.logIn.bind(req) as LogIn
            logIn({ id: other }, options, done)
          }
          express.post(urlOf(title), callBack(auth, logInOther), answer)
          const guard = requireSecondFactor(secondFactor)
          express.post(`${urlOf(title)}/guarded`, callBack(auth, logInOther), guard, answer)
        }
        const logOut: WithUser = (req, _user, done) => {
          req.logOut(done)
        }
        express.post('/paths/log-out', callBack(auth, logOut), answer)
        express.post('/paths/log-in-anyway', logInAnyway(auth), answer)
      },
    })
  })
  after(() => app.close())

  describe('of the same user', () => {
    for (const [title] of SAME_USER) {
      it(`changes nothing ${title}`, async () => {
        const { somebody, browser } = await app.signInSomebody()
        app.forget()
        const code = somebody.code('totp')
        const answered = await browser.post(urlOf(title)).send({ code }).expect(200)
        expect(answered.body).to.deep.include({ user: { id: somebody.name }, authenticated: true })
        expect(app.sessions.writes.filter(({ command }) => command === 'del')).to.have.length(1)
        const content = await app.sessions.readContent((await whoAmI(browser)).sessionId)
        expect(content).to.deep.include({ basket: BASKET, passport: { user: somebody.name } })
        await expectSatisfied(browser)
      })
    }

    it('is a fresh start in a later request: the second factor is asked for again', async () => {
      const { somebody, browser } = await app.signInSomebody()
      await browser
        .post('/paths/a-handler-behind-it')
        .send({ code: somebody.code('totp') })
        .expect(200)
      await expectSatisfied(browser)
      await browser.post('/login').send({ name: somebody.name }).expect(204)
      await expectHeld(browser)
    })

    it('is no way around a refusal, though the application logs in regardless', async () => {
      const { somebody, browser } = await app.signInSomebody()
      await browser
        .post('/paths/log-in-anyway')
        .send({ code: somebody.wrongCode('totp') })
        .expect(200)
      await expectHeld(browser)
      expect(await app.storedSession(browser)).not.to.have.property('secondFactor')
    })
  })

  describe('of another user', () => {
    for (const [title, { keepSessionInfo = false }] of OTHER_USER.map(
      ([form, options]) => [form, options as { keepSessionInfo?: boolean }] as const,
    )) {
      it(`is Passport's own ${title}, in a session of that user`, async () => {
        const { somebody, browser } = await app.signInSomebody()
        const { sessionId } = await whoAmI(browser)
        app.forget()
        const body = { code: somebody.code('totp'), other: 'nobody special' }
        const answered = await browser.post(urlOf(title)).send(body).expect(200)
        expect(answered.body).to.deep.include({ user: { id: 'nobody special' } })
        const removed = app.sessions.writes.filter(({ command }) => command === 'del')
        expect(removed, 'the session is renewed by each').to.have.length(2)
        expect(await app.sessions.read(sessionId)).to.equal(undefined)
        const session = await app.storedSession(browser)
        expect(session?.passport).to.deep.equal({ user: 'nobody special' })
        expect(session?.basket).to.equal(keepSessionInfo ? BASKET : undefined)
        expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'not_enrolled' })
      })

      it(`C1 P2 hands no second factor on ${title}`, async () => {
        const [{ somebody, browser }, other] = [await app.signInSomebody(), await app.enrol()]
        const code = somebody.code('totp')
        await browser.post(urlOf(title)).send({ code, other: other.name }).expect(200)
        expect((await app.storedSession(browser))?.passport).to.deep.equal({ user: other.name })
        await browser.post('/transfer').expect(403)
        await expectHeld(browser)
      })

      it(`C1 P2 hands no second factor on ${title}, to a guard in the same request either`, async () => {
        const [{ somebody, browser }, other] = [await app.signInSomebody(), await app.enrol()]
        const answered = await browser
          .post(`${urlOf(title)}/guarded`)
          .send({ code: somebody.code('totp'), other: other.name })
          .expect(403)
        expect(JSON.parse(answered.text)).to.include({ code: 'second_factor_required' })
      })
    }
  })

  it('may be followed by a logout, which leaves nobody', async () => {
    const { somebody, browser } = await app.signInSomebody()
    const answered = await browser
      .post('/paths/log-out')
      .send({ code: somebody.code('totp') })
      .expect(200)
    expect(answered.body).to.deep.include({ authenticated: false })
    expect(await whoAmI(browser)).to.include({ authenticated: false })
    await browser.post('/transfer').expect(401)
    const sessions = await app.sessions.readAll()
    expect(sessions.filter(({ passport }) => passport?.user === somebody.name)).to.deep.equal([])
  })
})

const userProperty = 'member'

describe("login with another userProperty of Passport's", () => {
  const redis = redisOfSuite()
  let app: PassportApp

  before(async () => {
    app = await startPassportApp({ sessions: await redis.client(), initialize: { userProperty } })
  })
  after(() => app.close())

  for (const path of PASSPORT_PATHS) {
    it(`lets a TOTP code in by ${path.title}`, async () => {
      const { somebody, browser } = await app.signInSomebody()
      await expectHeld(browser)
      app.forget()
      const code = somebody.code('totp')
      await browser.post(path.url).send({ code }).expect(path.success.status)
      expect(app.seen()).to.include({ authenticated: true, state: 'satisfied' })
      await expectSatisfied(browser)
    })
  }
})

/** A mistake of an application: it logs in whom it knows, whatever the strategy said. */
function logInAnyway(auth: passport.Authenticator): RequestHandler {
  return (req, res, next) => {
    const known = req.secondFactor?.user
    const callback: passport.AuthenticateCallback = () => {
      if (known) req.logIn(known, next)
      else next()
    }
    const handler = auth.authenticate('totp', callback) as RequestHandler
    void handler(req, res, next)
  }
}
