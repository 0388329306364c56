import { once } from 'node:events'
import { type IncomingMessage, request as rawRequest } from 'node:http'
import { expect } from 'chai'
import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express'
import session from 'express-session'
import { before, describe, it } from 'mocha'
import passport from 'passport'
import supertest from 'supertest'
import {
  holdForSecondFactor,
  type HoldOptions,
  MemoryStorage,
  type SecondFactor,
  SecondFactorError,
} from '../../lib/index.js'
import {
  type Browser,
  cookieOf,
  enrolThroughRouter,
  type TestApp,
  type TestAppOptions,
  type TestUser,
  whoAmI,
} from '../support/app.js'
import { outcomeOf } from '../support/endpoints.js'
import { FailingStorage } from '../support/failing-storage.js'
import { serve } from '../support/serve.js'
import { appsOnRedis } from '../support/suite.js'

const CHALLENGE = '/2fa/challenge'
/** What browsers send when a person follows a link. */
const NAVIGATION = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

describe('holdForSecondFactor, the [hold]', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start()
  })

  const signIn = async (where: TestApp, name: string): Promise<Browser> => {
    const browser = where.browser()
    await browser.post('/login').send({ name }).expect(204)
    return browser
  }

  /** Somebody who has enrolled elsewhere, and has signed in here with the first factor alone. */
  const held = async (where: TestApp, name: string) => {
    const person = await enrolThroughRouter(where, where.browser(), name)
    where.clock.advance(30)
    return { ...person, browser: await signIn(where, name) }
  }

  describe('leaves on the request', () => {
    /** Shows what an application sees behind it. */
    const showing = () =>
      start({
        routes: (host) => {
          host.get('/seen', (req, res) => {
            const { secondFactor, user } = req
            res.json({ user: user ?? null, secondFactor: secondFactor ?? null, names: Object.keys(req) })
          })
        },
      })
    const seen = async (browser: Browser) => {
      const { user, secondFactor, names } = (await browser.get('/seen').expect(200)).body as {
        user: unknown
        secondFactor: unknown
        names: string[]
      }
      return { user, secondFactor, hasUser: names.includes('user') }
    }

    it('nothing for a stranger', async () => {
      const { secondFactor, user } = await seen((await showing()).browser())
      expect({ secondFactor, user }).to.deep.equal({ secondFactor: null, user: null })
    })

    it('who is not enrolled, and lets them in', async () => {
      const { secondFactor, user } = await seen(await signIn(await showing(), 'newcomer'))
      expect(user).to.deep.equal({ id: 'newcomer' })
      expect(secondFactor).to.deep.equal({ state: 'not_enrolled', user: { id: 'newcomer' } })
    })

    it('who has begun to enrol as not enrolled', async () => {
      const browser = await signIn(await showing(), 'hesitant')
      await browser.post('/2fa/totp').send({}).expect(201)
      expect((await seen(browser)).secondFactor).to.deep.include({ state: 'not_enrolled' })
    })

    it('who is held, and takes the user away altogether', async () => {
      const { browser } = await held(await showing(), 'held')
      const { secondFactor, user, hasUser } = await seen(browser)
      expect({ user, hasUser }).to.deep.equal({ user: null, hasUser: false })
      expect(secondFactor).to.deep.equal({ state: 'pending', user: { id: 'held' } })
    })

    it('who has shown the second factor, and lets them in', async () => {
      const where = await showing()
      const { browser, phone } = await held(where, 'through')
      await browser
        .post('/2fa/verify')
        .send({ code: phone.codeAt(where.clock.now()) })
        .expect(200)
      const { secondFactor, user } = await seen(browser)
      expect(user).to.deep.equal({ id: 'through' })
      expect(secondFactor).to.deep.equal({ state: 'satisfied', user: { id: 'through' } })
    })
  })

  it('C1 makes req.isAuthenticated() false until the second factor is shown', async () => {
    const { browser, phone } = await held(app, 'step by step')
    expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
    await browser
      .post('/2fa/verify')
      .send({ code: phone.codeAt(app.clock.now()) })
      .expect(200)
    expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
  })

  it('C27 [enrolment] holds every other session of the user from enrolment on', async () => {
    const other = await signIn(app, 'has two browsers')
    expect(await whoAmI(other)).to.include({ authenticated: true, state: 'not_enrolled' })
    await enrolThroughRouter(app, app.browser(), 'has two browsers')
    expect(await whoAmI(other)).to.include({ authenticated: false, state: 'pending' })
  })

  it('lets a held person sign out', async () => {
    const { browser } = await held(app, 'changes mind')
    await browser.post('/logout').expect(204)
    expect(await whoAmI(browser)).to.not.have.property('state')
  })

  it('lets a held person sign in as somebody else', async () => {
    const { browser } = await held(app, 'one of two')
    await browser.post('/login').send({ name: 'two of two' }).expect(204)
    expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'not_enrolled' })
  })

  describe('with challengePath', () => {
    let challenging: TestApp
    let browser: Browser
    before(async () => {
      challenging = await start({
        hold: { challengePath: CHALLENGE },
        routes: (host) => {
          host.get('/2fa/challenge', (_req, res) => {
            res.send('a page')
          })
          host.all('/page', ((req, res) => {
            res.status(req.isAuthenticated() ? 200 : 401).send('the guard of the application')
          }) as RequestHandler)
        },
      })
      browser = (await held(challenging, 'navigates')).browser
    })

    const navigate = (path: string, accept = NAVIGATION) => browser.get(path).set('Accept', accept)

    const sentBack = (location: string | undefined) =>
      new URL(location ?? '', challenging.url).searchParams.get('returnTo')

    it('sends a navigation there, and says where it came from', async () => {
      const answer = await navigate('/page?tab=2&name=a%20b').expect(303)
      expect(answer.get('Location')).to.equal(
        `${CHALLENGE}?returnTo=${encodeURIComponent('/page?tab=2&name=a%20b')}`,
      )
      expect(answer.get('Cache-Control')).to.equal('no-store')
    })

    for (const accept of [NAVIGATION, 'text/html', 'text/*', 'text/html;q=0.9,application/json;q=0.5']) {
      it(`takes Accept: ${accept} for a navigation`, async () => {
        await navigate('/page', accept).expect(303)
      })
    }

    for (const accept of [
      '*/*',
      '',
      'application/json',
      'application/json, text/html;q=0.5',
      'application/json, text/plain, */*',
      'text/css,*/*;q=0.1',
      'image/avif,image/webp,image/png',
      'text/event-stream',
    ]) {
      it(`leaves Accept: ${accept || '(empty)'} to the guards of the application`, async () => {
        await navigate('/page', accept).expect(401)
      })
    }

    for (const method of ['head', 'post', 'put', 'patch', 'delete'] as const) {
      it(`leaves ${method.toUpperCase()} to the guards of the application`, async () => {
        await browser[method]('/page').set('Accept', NAVIGATION).expect(401)
      })
    }

    for (const path of [CHALLENGE, `${CHALLENGE}?returnTo=%2Fpage`]) {
      it(`shows the challenge itself at ${path}`, async () => {
        expect((await navigate(path).expect(200)).text).to.equal('a page')
      })
    }

    it('leads to the challenge in one step from wherever it sends', async () => {
      const { headers } = await navigate('/page').expect(303)
      await navigate(String(headers['location'])).expect(200)
    })

    it('leaves strangers to the guards of the application', async () => {
      await challenging.browser().get('/page').set('Accept', NAVIGATION).expect(401)
    })

    it('leaves people who are not enrolled alone', async () => {
      const newcomer = await signIn(challenging, 'newcomer')
      await newcomer.get('/page').set('Accept', NAVIGATION).expect(200)
    })

    it('leaves people who have shown the second factor alone', async () => {
      const satisfied = challenging.browser()
      await enrolThroughRouter(challenging, satisfied, 'navigates freely')
      await satisfied.get('/page').set('Accept', NAVIGATION).expect(200)
    })

    for (const [target, returnTo] of [
      ['//elsewhere.example/page', '/'],
      ['/..//elsewhere.example/page', '/'],
      ['/.//elsewhere.example', '/'],
      ['/\\elsewhere.example', '/'],
      ['http://elsewhere.example/page', '/'],
      ['/page?next=//elsewhere.example', '/page?next=//elsewhere.example'],
      ['/page#part', '/page#part'],
    ] as const) {
      it(`sends a request of ${target} back to ${returnTo}`, async () => {
        // No client that tidies the path first: the bytes go out as they stand here.
        const { hostname, port } = new URL(challenging.url)
        const login = await challenging.browser().post('/login').send({ name: 'navigates' }).expect(204)
        const headers = { Accept: NAVIGATION, Cookie: cookieOf(login) }
        const request = rawRequest({ hostname, port, path: target, headers }).end()
        const [answer] = (await once(request, 'response')) as [IncomingMessage]
        answer.resume()
        expect(answer.statusCode).to.equal(303)
        expect(sentBack(answer.headers.location)).to.equal(returnTo)
      })
    }
  })

  describe('when the storage fails', () => {
    const failing = async (more: Partial<TestAppOptions> = {}) => {
      const storage = new FailingStorage()
      const where = await start({ ...more, storage })
      const browser = where.browser()
      await enrolThroughRouter(where, browser, 'unlucky')
      await browser.get('/private').expect(200)
      return { where, storage, browser }
    }

    it('C18 holds the satisfied too, and lets them in again afterwards', async () => {
      const { browser, storage } = await failing()
      storage.fail('reject')
      expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      await browser.get('/private').expect(401)
      storage.recover()
      expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
    })

    it('C18 holds people who may have no second factor', async () => {
      const { where, storage } = await failing()
      const browser = await signIn(where, 'not even enrolled')
      storage.fail('reject')
      expect(await whoAmI(browser)).to.include({ authenticated: false })
    })

    it('leaves strangers alone: nothing is read for them', async () => {
      const { where, storage } = await failing()
      storage.fail('reject')
      expect(await whoAmI(where.browser()))
        .to.include({ authenticated: false })
        .and.not.have.property('state')
    })

    it('leaves the Router and the guards to answer 503', async () => {
      const { browser, storage } = await failing()
      storage.fail('reject')
      expect(outcomeOf(await browser.get('/2fa'))).to.equal('503 unavailable')
      expect(outcomeOf(await browser.post('/transfer'))).to.equal('503 unavailable')
    })

    it('sends nobody to a challenge that could not be passed', async () => {
      const { browser, storage } = await failing({ hold: { challengePath: CHALLENGE } })
      storage.fail('reject')
      await browser.get('/private').set('Accept', NAVIGATION).expect(401)
    })

    for (const answer of [false, 0, '', 7, 'text', [], { revision: 'r' }, { revision: 'r', record: {} }]) {
      it(`C28 holds when it answers with ${JSON.stringify(answer)}, which is neither an entry nor none`, async () => {
        const { browser, storage } = await failing()
        storage.fail({ answer }, { methods: ['read'] })
        expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      })
    }
  })

  describe('knows the user', () => {
    it('by Passport’s userProperty', async () => {
      const where = await start({ initialize: { userProperty: 'account' } })
      const { browser, phone } = await held(where, 'has an account')
      expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      await browser.get('/private').expect(401)
      await browser
        .post('/2fa/verify')
        .send({ code: phone.codeAt(where.clock.now()) })
        .expect(200)
      expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
      await browser.get('/private').expect(200)
    })

    it('by the userId option, also the same user in two tenants apart', async () => {
      let tenant = 'one'
      const userId = (user: Express.User) => `${tenant}:${(user as TestUser).id}`
      const storage = new MemoryStorage()
      const where = await start({ storage, hold: { userId }, router: { userId } })
      await enrolThroughRouter(where, where.browser(), 'everywhere')
      expect(await storage.read('one:everywhere')).to.not.equal(undefined)
      const browser = await signIn(where, 'everywhere')
      expect(await whoAmI(browser)).to.include({ state: 'pending' })
      tenant = 'two'
      expect(await whoAmI(browser)).to.include({ state: 'not_enrolled' })
    })

    it('by the user option, where that derives from what it takes away', async () => {
      const user = (req: Request) => req.user && { id: `member ${(req.user as TestUser).id}` }
      const where = await start({ hold: { user }, router: { user } })
      const { browser, phone } = await held(where, 'derived')
      expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      await browser
        .post('/2fa/verify')
        .send({ code: phone.codeAt(where.clock.now()) })
        .expect(200)
      expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
    })

    for (const nobody of [null, false, undefined]) {
      it(`and takes ${String(nobody)} of the user option for nobody`, async () => {
        const user = () => nobody as undefined
        const where = await start({ hold: { user }, router: { user } })
        const browser = await signIn(where, 'not known to the option')
        expect(await whoAmI(browser)).to.not.have.property('state')
        expect(outcomeOf(await browser.get('/2fa'))).to.equal('401 not_authenticated')
      })
    }

    it('and answers with an error when the user option still shows whom it holds', async () => {
      const user = (req: Request) => (req.session as { person?: TestUser }).person
      const where = await start({
        hold: { user },
        router: { user },
        routes: (host) => {
          host.post('/enter', (req, res) => {
            ;(req.session as { person?: TestUser }).person = { id: 'exposed' }
            res.sendStatus(204)
          })
        },
      })
      await enrolThroughRouter(app, app.browser(), 'exposed')
      const browser = where.browser()
      await browser.post('/enter').expect(204)
      for (const path of ['/private', '/whoami', '/2fa']) {
        const answer = await browser.get(path).expect(500)
        expect(answer.body).to.deep.equal({ error: 'user_exposed' })
      }
    })

    it('and answers with an error when an outage would leave the user exposed', async () => {
      const storage = new FailingStorage()
      const user = () => ({ id: 'always there' })
      const where = await start({ storage, hold: { user }, router: { user } })
      storage.fail('reject')
      expect((await where.browser().get('/whoami').expect(500)).body).to.deep.equal({ error: 'user_exposed' })
    })

    it('and answers with an error when hold and Router know one user by two ids', async () => {
      const userId = (person: Express.User) => `member ${(person as TestUser).id}`
      const where = await start({ router: { userId } })
      const browser = await signIn(where, 'two ids')
      expect((await browser.get('/2fa').expect(500)).body).to.deep.equal({ error: 'identity_mismatch' })
    })

    const NO_IDS: readonly (readonly [what: string, user: unknown])[] = [
      ['no id', {}],
      ['an undefined id', { id: undefined }],
      ['a null id', { id: null }],
      ['an empty id', { id: '' }],
      ['an empty list for an id', { id: [] }],
      ['a plain object for an id', { id: { of: 'somebody' } }],
      ['an id of 256 characters', { id: 'x'.repeat(256) }],
      ['NaN for an id', { id: NaN }],
    ]

    for (const [what, person] of NO_IDS) {
      it(`and answers with an error when it has ${what}, never from a record of all such users`, async () => {
        const storage = new MemoryStorage()
        const asked: string[] = []
        const read = storage.read.bind(storage)
        storage.read = (userId) => {
          asked.push(userId)
          return read(userId)
        }
        const user = (req: Request) => req.user && (person as Express.User)
        const where = await start({ storage, hold: { user }, router: { user } })
        const browser = await signIn(where, 'anybody')
        for (const path of ['/whoami', '/private', '/2fa']) await browser.get(path).expect(500)
        await browser.post('/2fa/totp').send({}).expect(500)
        expect(asked).to.deep.equal([])
      })
    }

    for (const [what, userId] of [
      ['an empty text', ''],
      ['a number', 7],
      ['undefined', undefined],
      ['256 characters', 'x'.repeat(256)],
    ] as const) {
      it(`and answers with an error when the userId option gives ${what}`, async () => {
        const where = await start({
          hold: { userId: () => userId as string },
          router: { userId: () => userId as string },
        })
        await (await signIn(where, 'anybody')).get('/whoami').expect(500)
      })
    }

    for (const [id, key] of [
      [7, '7'],
      [0, '0'],
      [12n, '12'],
      [{ toString: () => '65f0c0ffee' }, '65f0c0ffee'],
    ] as const) {
      it(`and takes ${String(id)} (${typeof id}) for the id ${key}`, async () => {
        const storage = new MemoryStorage()
        const user = (req: Request) => req.user && ({ id } as unknown as Express.User)
        const where = await start({ storage, hold: { user }, router: { user } })
        const browser = await signIn(where, 'anybody')
        await browser.post('/2fa/totp').send({}).expect(201)
        expect(await storage.read(key)).to.not.equal(undefined)
      })
    }
  })

  const MISPLACED: readonly (readonly [
    where: string,
    order: (hold: RequestHandler, sessions: RequestHandler, auth: passport.Authenticator) => RequestHandler[],
    options?: HoldOptions,
  ])[] = [
    [
      'in front of passport.session()',
      (hold, sessions, auth) => [
        sessions,
        auth.initialize() as RequestHandler,
        hold,
        auth.session() as RequestHandler,
      ],
    ],
    [
      'in front of the session',
      (hold, sessions, auth) => [
        hold,
        sessions,
        auth.initialize() as RequestHandler,
        auth.session() as RequestHandler,
      ],
    ],
    [
      'in front of the session, twice',
      (hold, sessions, auth) => [
        hold,
        hold,
        sessions,
        auth.initialize() as RequestHandler,
        auth.session() as RequestHandler,
      ],
    ],
    [
      'in front of a session that has a user of its own',
      (hold, sessions, auth) => [hold, sessions, auth.initialize() as RequestHandler],
      { user: (req) => (req.session as { person?: TestUser } | undefined)?.person },
    ],
  ]

  for (const [where, order, options] of MISPLACED) {
    it(`answers with an error when it stands ${where}, rather than hold nobody`, async () => {
      const auth = new passport.Passport()
      auth.serializeUser((user, done) => {
        done(null, user)
      })
      auth.deserializeUser((user: TestUser, done) => {
        done(null, user)
      })
      const host = express()
      const sessions = session({ secret: 'a session secret', resave: false, saveUninitialized: false })
      host.use(...order(holdForSecondFactor(app.secondFactor, options), sessions, auth))
      host.post('/login', (req, res, next) => {
        req.logIn({ id: 'too late' }, (error) => {
          Object.assign(req.session, options && { person: { id: 'too late' } })
          if (error) next(error)
          else res.sendStatus(204)
        })
      })
      host.get('/page', (_req, res) => {
        res.sendStatus(204)
      })
      host.use(((error: unknown, _req, res, _next) => {
        res.status(500).json({ error: error instanceof SecondFactorError ? error.code : 'another' })
      }) as ErrorRequestHandler)
      const { url, close } = await serve(host)
      try {
        const browser = supertest.agent(url)
        await browser.get('/page').expect(204)
        await browser.post('/login').expect(204)
        for (let count = 0; count < 2; count++) {
          expect((await browser.get('/page').expect(500)).body).to.deep.equal({ error: 'hold_misplaced' })
        }
      } finally {
        await close()
      }
    })
  }

  const MISUSES: readonly (readonly [what: string, secondFactor: unknown, options: unknown, says: string])[] =
    [
      ['no second factor', undefined, {}, 'createSecondFactor'],
      ['the factory in place of what it makes', () => undefined, {}, 'createSecondFactor'],
      ['a misspelt option', 'right', { challengepath: '/x' }, 'Did you mean "challengePath"?'],
      ['options that are none', 'right', 'text', 'options'],
      ['a user that is none', 'right', { user: 'req.user' }, 'user'],
      ['a user id that is none', 'right', { userId: 7 }, 'userId'],
      [
        'a challenge on another site',
        'right',
        { challengePath: 'https://elsewhere.example' },
        'challengePath',
      ],
      ['a challenge on another host', 'right', { challengePath: '//elsewhere.example' }, 'challengePath'],
      ['a challenge that is no path', 'right', { challengePath: 'challenge' }, 'challengePath'],
      ['an empty challenge', 'right', { challengePath: '' }, 'challengePath'],
      ['a challenge with dots', 'right', { challengePath: '/a/../challenge' }, 'challengePath'],
      // Where it sends would never be recognised as the challenge: a circle of redirects.
      ['a challenge with a query', 'right', { challengePath: '/login?step=2' }, 'challengePath'],
      ['a challenge with a fragment', 'right', { challengePath: '/login#code' }, 'challengePath'],
    ]

  for (const [what, secondFactor, wrong, says] of MISUSES) {
    it(`refuses to be made with ${what}, saying so`, () => {
      const first = (secondFactor === 'right' ? app.secondFactor : secondFactor) as SecondFactor
      expect(() => holdForSecondFactor(first, wrong as HoldOptions)).to.throw(TypeError, says)
    })
  }
})
