import { RedisStore } from 'connect-redis'
import { expect } from 'chai'
import express, { type Express, type Request, type RequestHandler } from 'express'
import session, { type SessionOptions } from 'express-session'
import { describe, it } from 'mocha'
import { createServer } from 'node:http'
import passport from 'passport'
import supertest from 'supertest'
import { lookAt, looks } from '../../lib/express/misconfiguration.js'
import {
  createSecondFactor,
  holdForSecondFactor,
  requireSecondFactor,
  secondFactorRouter,
} from '../../lib/index.js'
import { noticed } from '../../lib/misconfiguration.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { SECRET } from '../support/app.js'
import { CountingStorage } from '../support/counting-storage.js'
import { serve } from '../support/serve.js'
import { redisOfSuite } from '../support/suite.js'
import { codesDuring, warningsDuring } from '../support/warnings.js'

const HTTPS = { 'X-Forwarded-Proto': 'https' }

describe('what requests show of the application', () => {
  const redis = redisOfSuite()

  interface Setting {
    readonly session?: Partial<SessionOptions>
    /** Default: one in Redis. */
    readonly inMemory?: boolean
    readonly trustProxy?: boolean | number
  }

  async function hostOf(setting: Setting): Promise<Express> {
    const storage = new CountingStorage()
    const secondFactor = createSecondFactor({ issuer: 'ACME', secret: SECRET, storage })
    noticed.clear()
    const auth = new passport.Passport()
    auth.serializeUser((user, done) => {
      done(null, user)
    })
    auth.deserializeUser((user: Express.User, done) => {
      done(null, user)
    })
    const app = express()
    if (setting.trustProxy !== undefined) app.set('trust proxy', setting.trustProxy)
    app.use(
      session({
        secret: 'a session secret',
        resave: false,
        saveUninitialized: false,
        ...(!setting.inMemory && { store: new RedisStore({ client: await redis.client() }) }),
        ...setting.session,
      }),
      auth.initialize() as RequestHandler,
      auth.session() as RequestHandler,
    )
    app.use(holdForSecondFactor(secondFactor))
    app.use('/2fa', secondFactorRouter(secondFactor))
    app.post('/login', (req, res, next) => {
      req.logIn({ id: 'ann@example.com' }, (error) => {
        if (error) next(error)
        else res.sendStatus(204)
      })
    })
    app.post('/logout', (req, res, next) => {
      req.session.destroy((error: unknown) => {
        if (error) next(error)
        else res.sendStatus(204)
      })
    })
    app.get('/guarded', requireSecondFactor(secondFactor), (_req, res) => {
      res.sendStatus(204)
    })
    app.get('/page', (_req, res) => {
      res.send('a page')
    })
    return app
  }

  type Visit = (browser: ReturnType<typeof supertest.agent>) => Promise<unknown>

  /** What is noticed when somebody signs in, and looks around. */
  const signsIn =
    (headers: Readonly<Record<string, string>>): Visit =>
    async (browser) => {
      await browser.get('/page').set(headers).expect(200)
      const answer = await browser.post('/login').set(headers).expect(204)
      const cookie = answer.get('Set-Cookie')?.[0]?.split(';')[0] ?? ''
      for (const path of ['/page', '/page', '/2fa'])
        await browser.get(path).set(headers).set('Cookie', cookie)
      await browser
        .post('/logout')
        .set({ ...headers, Cookie: cookie })
        .expect(204)
    }

  /** The codes in the order in which they were told, at most once each. */
  async function codesOf(environment: string | undefined, setting: Setting, visit: Visit) {
    const { url, close } = await serve(await hostOf(setting))
    try {
      return await codesDuring(environment, async () => {
        await visit(supertest.agent(url))
        await visit(supertest.agent(url))
      })
    } finally {
      await close()
    }
  }

  const cases: readonly (readonly [
    what: string,
    environment: string | undefined,
    setting: Setting,
    headers: Readonly<Record<string, string>>,
    codes: readonly string[],
  ])[] = [
    [
      "express-session's memory in production",
      'production',
      { inMemory: true },
      {},
      ['EXPRESS_2FA_MEMORY_SESSIONS'],
    ],
    ['its memory while developing', 'development', { inMemory: true }, {}, []],
    ['its memory, and no NODE_ENV', undefined, { inMemory: true }, {}, []],
    ['sessions in Redis, plain http', 'production', {}, {}, []],

    [
      'a secure cookie behind a proxy that is not trusted',
      'production',
      { session: { cookie: { secure: true } } },
      HTTPS,
      ['EXPRESS_2FA_UNTRUSTED_PROXY'],
    ],
    [
      'the same while developing, behind several proxies',
      undefined,
      { session: { cookie: { secure: true } }, trustProxy: false },
      { 'X-Forwarded-Proto': 'HTTPS, http' },
      ['EXPRESS_2FA_UNTRUSTED_PROXY'],
    ],
    [
      'a secure cookie behind a trusted proxy',
      'production',
      { session: { cookie: { secure: true } }, trustProxy: 1 },
      HTTPS,
      [],
    ],
    [
      'a secure cookie behind a proxy that express-session alone trusts',
      'production',
      { session: { cookie: { secure: true }, proxy: true } },
      HTTPS,
      [],
    ],
    [
      'a cookie that is secure for some requests',
      'production',
      { session: { cookie: (req) => ({ secure: req.get('X-Forwarded-Proto') === 'https' }), proxy: true } },
      HTTPS,
      [],
    ],
    [
      'a secure cookie, and a browser that comes by http',
      'production',
      { session: { cookie: { secure: true } } },
      { 'X-Forwarded-Proto': 'http' },
      [],
    ],
    [
      'a secure cookie, and https only on the inside',
      'production',
      { session: { cookie: { secure: true } } },
      { 'X-Forwarded-Proto': 'http, https' },
      [],
    ],

    [
      'a cookie that is not secure behind a trusted proxy',
      'production',
      { trustProxy: 1 },
      HTTPS,
      ['EXPRESS_2FA_INSECURE_COOKIE'],
    ],
    [
      'a cookie that is not secure behind another proxy',
      'production',
      {},
      HTTPS,
      ['EXPRESS_2FA_INSECURE_COOKIE'],
    ],
    [
      'a cookie that is secure by itself behind a proxy that is not trusted',
      'production',
      { session: { cookie: { secure: 'auto' } } },
      HTTPS,
      ['EXPRESS_2FA_INSECURE_COOKIE'],
    ],
    [
      'a cookie that is secure by itself behind a trusted proxy',
      'production',
      { session: { cookie: { secure: 'auto' } }, trustProxy: 1 },
      HTTPS,
      [],
    ],
    ['a cookie that is not secure while developing', undefined, { trustProxy: 1 }, HTTPS, []],
  ]

  for (const [what, environment, setting, headers, codes] of cases) {
    it(`${codes.length ? `tells ${codes.join()}, once, of` : 'tells nothing of'} ${what}`, async () => {
      expect(await codesOf(environment, setting, signsIn(headers))).to.deep.equal(codes)
    })
  }

  it('tells nothing of sessions that were made before the cookie became secure', async () => {
    const shared = { store: new RedisStore({ client: await redis.client() }) }
    const before = await serve(await hostOf({ session: shared }))
    const login = await supertest(before.url).post('/login').expect(204)
    await before.close()
    const cookie = login.get('Set-Cookie')?.[0]?.split(';')[0] ?? ''
    const codes = await codesOf(
      'production',
      { session: { ...shared, cookie: { secure: true } }, trustProxy: 1 },
      (browser) =>
        browser
          .get('/2fa')
          .set({ ...HTTPS, Cookie: cookie })
          .expect(200),
    )
    expect(codes).to.deep.equal([])
  })

  it('tells nothing of strangers, who have no session to get', async () => {
    const setting = { session: { cookie: { secure: true } } }
    const visit: Visit = (browser) => browser.get('/page').set(HTTPS).expect(200)
    expect(await codesOf('production', setting, visit)).to.deep.equal([])
  })

  it('tells nothing of the whole life of a user where all is well', async () => {
    const setting = { session: { cookie: { secure: true } }, trustProxy: 1 }
    const codes = await codesOf('production', setting, async (browser) => {
      let cookie = ''
      const send = async (request: supertest.Test, body = {}) => {
        const answer = await request.set({ ...HTTPS, Cookie: cookie }).send(body)
        expect(answer.status).to.be.lessThan(300)
        cookie = answer.get('Set-Cookie')?.[0]?.split(';')[0] ?? cookie
        return answer.body as { id: string; uri: string }
      }
      await send(browser.post('/login'))
      const { id, uri } = await send(browser.post('/2fa/totp'))
      const code = new TestAuthenticator(uri).codeAt()
      await send(browser.post(`/2fa/totp/${id}/verify`), { code })
      await send(browser.get('/guarded'))
      await send(browser.delete('/2fa'))
    })
    expect(codes).to.deep.equal([])
  })

  for (const name of ['MemoryStore', 'RedisStore']) {
    it(`tells nothing of another package's ${name}`, async () => {
      const store = { constructor: { name }, store: new Map() }
      const codes = await codesDuring('production', () => {
        lookAt({ sessionStore: store, headers: {}, get: () => undefined } as unknown as Request)
      })
      expect(codes).to.deep.equal([])
    })
  }

  it('tells nothing of who was there, nor of the session', async () => {
    const { url, close } = await serve(await hostOf({}))
    try {
      const warnings = await warningsDuring('production', () =>
        supertest(url).post('/login?token=of-a-user').set(HTTPS).expect(204),
      )
      expect(warnings).to.have.length(1)
      const text = JSON.stringify(warnings) + String(warnings[0]?.stack)
      for (const hidden of ['ann@', 'of-a-user', 'connect.sid', SECRET]) expect(text).not.to.include(hidden)
    } finally {
      await close()
    }
  })

  it('stops to look once everything was told, or after enough requests', async () => {
    const request = { sessionStore: {}, headers: {}, get: () => undefined } as unknown as Request
    await codesDuring('production', () => {
      for (const code of ['EXPRESS_2FA_MEMORY_SESSIONS', 'EXPRESS_2FA_UNTRUSTED_PROXY'] as const) {
        noticed.add(code)
      }
      lookAt(request)
      expect(looks.left).to.equal(9_999)
      noticed.add('EXPRESS_2FA_INSECURE_COOKIE')
      lookAt(request)
      expect(looks.left).to.equal(0)
    })
    await codesDuring('production', () => {
      for (let count = 0; count < 10_000; count++) lookAt(request)
      expect(looks.left).to.equal(0)
    })
    // Now it does not even look.
    const untouchable = new Proxy<object>(
      {},
      {
        get: () => {
          throw new Error('Somebody looked.')
        },
      },
    ) as Request
    lookAt(untouchable)
  })

  it('never fails a request that it cannot read', async () => {
    const hostile = new Proxy<object>(
      {},
      {
        get: () => {
          throw new Error('not to be read')
        },
      },
    ) as Request
    for (const request of [hostile, {}, { sessionStore: null }, { secure: true, session: 7 }]) {
      expect(
        await codesDuring('production', () => {
          lookAt(request as Request)
        }),
      ).to.deep.equal([])
    }
  })

  it('is no matter of a server without Express', async () => {
    const server = createServer((req, res) => {
      lookAt(req as Request)
      res.end('fine')
    })
    const codes = await codesDuring('production', async () => {
      await supertest(server).get('/').set(HTTPS).expect(200, 'fine')
    })
    expect(codes).to.deep.equal([])
  })
})
