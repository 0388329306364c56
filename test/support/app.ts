import { RedisStore } from 'connect-redis'
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import supertest, { type Response } from 'supertest'
import {
  createSecondFactor,
  holdForSecondFactor,
  type HoldOptions,
  requireSecondFactor,
  type RouterOptions,
  type SecondFactor,
  type SecondFactorOptions,
  secondFactorRouter,
  type SecondFactorState,
  type StorageAdapter,
  TotpStrategy,
} from '../../lib/index.js'
import { type PagesOptions, secondFactorPages } from '../../lib/pages/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { FakeClock } from './clock.js'
import { watchedRouter } from './openapi-check.js'
import type { RedisClient } from './redis.js'
import { serve } from './serve.js'

export const SECRET = 'a secret of the tests, which has more than 32 bytes'

/** A user of the tests: whoever says a name is that person. The password is not what is tested here. */
export interface TestUser {
  readonly id: string
}

export interface TestAppOptions {
  readonly storage: StorageAdapter
  /** Where sessions live. Default: express-session's memory. */
  readonly sessions?: RedisClient
  readonly secondFactor?: Partial<SecondFactorOptions>
  readonly hold?: HoldOptions | false
  /** The pages, in front of the Router. Default: there are none. */
  readonly pages?: PagesOptions
  readonly router?: RouterOptions
  /** Options of `passport.initialize()`. */
  readonly initialize?: passport.InitializeOptions
  /** What stands in front of everything else, the session included. */
  readonly front?: (app: Express) => void
  /** More routes, behind everything else. */
  readonly routes?: (app: Express, secondFactor: SecondFactor, auth: passport.Authenticator) => void
}

export interface TestApp {
  readonly app: Express
  readonly secondFactor: SecondFactor
  readonly clock: FakeClock
  readonly url: string
  /** A browser of its own, cookies included. */
  browser(): Browser
  close(): Promise<void>
}

export type Browser = ReturnType<typeof supertest.agent>

/**
 * An application as a user of the package would write it. `POST /login` is the first factor; `GET /private` has the
 * guard that Passport applications have; `POST /transfer` wants a fresh second factor.
 */
export async function startApp(options: TestAppOptions): Promise<TestApp> {
  const clock = new FakeClock()
  const secondFactor = createSecondFactor({
    issuer: 'ACME',
    secret: SECRET,
    storage: options.storage,
    now: clock.now,
    ...options.secondFactor,
  })
  const auth = new passport.Passport()
  auth.serializeUser((user, done) => {
    done(null, (user as TestUser).id)
  })
  auth.deserializeUser((id: string, done) => {
    done(null, { id })
  })
  auth.use(new TotpStrategy(secondFactor))

  const app = express()
  options.front?.(app)
  app.use(
    session({
      secret: 'a session secret of the tests',
      resave: false,
      saveUninitialized: false,
      ...(options.sessions && { store: new RedisStore({ client: options.sessions }) }),
    }),
    auth.initialize(options.initialize) as RequestHandler,
    auth.session() as RequestHandler,
  )
  if (options.hold !== false) app.use(holdForSecondFactor(secondFactor, options.hold))
  if (options.pages) app.use('/2fa', secondFactorPages(secondFactor, options.pages))
  app.use('/2fa', ...watchedRouter(secondFactorRouter(secondFactor, options.router)))
  app.use(express.json(), express.urlencoded({ extended: true }))
  app.post('/login', (req, res, next) => {
    const { name, basket } = req.body as { name: string; basket?: string }
    req.logIn({ id: name }, (error) => {
      if (error) {
        next(error)
        return
      }
      if (basket !== undefined) basketOf(req).basket = basket
      res.sendStatus(204)
    })
  })
  app.post('/logout', (req, res, next) => {
    req.logOut((error) => {
      if (error) next(error)
      else res.sendStatus(204)
    })
  })
  app.get('/private', (req, res) => {
    if (req.isAuthenticated()) res.json({ user: req.user, session: req.session })
    else res.sendStatus(401)
  })
  app.get('/whoami', (req, res) => {
    res.json({
      authenticated: req.isAuthenticated(),
      state: req.secondFactor?.state,
      sessionId: req.sessionID,
      basket: basketOf(req).basket,
    })
  })
  app.post('/transfer', requireSecondFactor(secondFactor, { maxAgeSeconds: 300 }), (_req, res) => {
    res.json({ transferred: true })
  })
  app.post('/login/2fa', auth.authenticate('totp') as RequestHandler, (req, res) => {
    res.json({ user: req.user, info: req.authInfo, authenticated: req.isAuthenticated() })
  })
  options.routes?.(app, secondFactor, auth)
  app.use(((error: { status?: number; code?: string; message?: string }, _req, res, _next) => {
    res.status(error.status ?? 500).json({ error: error.code ?? error.message })
  }) as ErrorRequestHandler)

  const { url, close } = await serve(app)
  return { app, secondFactor, clock, url, browser: () => supertest.agent(url), close }
}

const basketOf = (req: Request) => req.session as { basket?: string }

/** What `GET /whoami` says of a session. */
export interface WhoAmI {
  readonly authenticated: boolean
  readonly state?: SecondFactorState
  readonly sessionId: string
  readonly basket?: string
}

export async function whoAmI(browser: Browser): Promise<WhoAmI> {
  return (await browser.get('/whoami').expect(200)).body as WhoAmI
}

/** The session cookie that an answer has set, as a request sends it. */
export function cookieOf(answer: Response): string {
  const [cookie] = answer.get('Set-Cookie')?.[0]?.split(';') ?? []
  if (cookie === undefined) throw new Error('The answer has set no cookie.')
  return cookie
}

/** Somebody who has enrolled, and what that person holds. */
export interface EnrolledPerson {
  readonly phone: TestAuthenticator
  readonly authenticatorId: string
  readonly backupCodes: readonly string[]
}

/** Sign in and enrol through the Router; the browser is satisfied afterwards. */
export async function enrolThroughRouter(
  { clock }: { readonly clock: Pick<FakeClock, 'now'> },
  browser: Browser,
  name: string,
): Promise<EnrolledPerson> {
  await browser.post('/login').send({ name }).expect(204)
  return turnOn(browser, {}, clock.now())
}

/** Who is signed in turns the second factor on, over the endpoints. */
export async function turnOn(browser: Browser, details?: object, now?: number): Promise<EnrolledPerson> {
  const begun = await browser.post('/2fa/totp').send(details).expect(201)
  const { id, uri } = begun.body as { id: string; uri: string }
  const phone = new TestAuthenticator(uri)
  const confirmed = await browser
    .post(`/2fa/totp/${id}/verify`)
    .send({ code: phone.codeAt(now) })
    .expect(200)
  const { backupCodes } = confirmed.body as { backupCodes: string[] }
  return { phone, authenticatorId: id, backupCodes }
}

/** A code that this authenticator shows at no instant near now. */
export function wrongCode(phone: TestAuthenticator, now: number, period = 30): string {
  const near = new Set([-3, -2, -1, 0, 1, 2, 3].map((steps) => phone.codeAt(now + steps * period * 1000)))
  for (let candidate = 0; ; candidate++) {
    const code = String(candidate).padStart(6, '0')
    if (!near.has(code)) return code
  }
}
