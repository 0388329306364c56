import { expect } from 'chai'
import type { Express, Request, RequestHandler, Response } from 'express'
import type passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import type {
  SecondFactor,
  SecondFactorMethod,
  SecondFactorState,
  TotpStrategyOptions,
} from '../../lib/index.js'
import {
  type Browser,
  type EnrolledPerson,
  startApp,
  type TestApp,
  type TestAppOptions,
  whoAmI,
  wrongCode,
} from './app.js'
import { FailingStorage } from './failing-storage.js'
import { type ObservedSessions, observeSessions, type StoredSession } from './observed-sessions.js'
import { answer, PASSPORT_PATHS } from './passport-paths.js'
import { RecordingStrategy, type Told } from './recording-strategy.js'
import type { RedisClient } from './redis.js'
import { enrolUser } from './service.js'

/** The password of everybody. */
export const PASSWORD = 'correct horse battery staple'
/** What everybody has in the session before the second factor is asked for. */
export const BASKET = 'three apples'
/** Where everybody wanted to go before. */
export const WANTED = '/wanted'

/** What was true at the moment when the application answered, before anything of the answer was sent. */
export interface Seen {
  readonly sessionId: string
  readonly authenticated: boolean
  readonly state: SecondFactorState | undefined
  /** What Redis had under the session id of the request. */
  readonly stored: StoredSession | undefined
}

/** Who has enrolled, and can show it. */
export interface Somebody extends EnrolledPerson {
  readonly name: string
  /** A code that is right now, unless it was used. */
  code(method: SecondFactorMethod): string
  /** A code that is wrong now, in the form of a right one. */
  wrongCode(method: SecondFactorMethod): string
}

export interface PassportApp extends TestApp {
  readonly storage: FailingStorage
  readonly sessions: ObservedSessions
  /** What passes through `/paths` ends in this strategy. */
  readonly strategy: RecordingStrategy
  /** The latest answer of a route below `/paths`. */
  seen(): Seen
  /** Somebody new who has enrolled, and whose present code was not used. */
  enrol(): Promise<Somebody>
  /** A browser that has shown the first factor, with something in its session. */
  signIn(name: string): Promise<Browser>
  /** Both: somebody new, and a browser of theirs. */
  signInSomebody(): Promise<{ readonly somebody: Somebody; readonly browser: Browser }>
  /** The one thing that Passport was told since `forget`. */
  told(): Told
  /** The session of a browser, as Redis has it. */
  storedSession(browser: Browser): Promise<StoredSession | undefined>
  /** Forget what was told and written so far. */
  forget(): void
}

/** The methods of a second factor, as titles say them. */
export const METHODS = [
  { method: 'totp', title: 'a TOTP code' },
  { method: 'backup_code', title: 'a backup code' },
] as const

export interface PassportAppOptions extends Omit<TestAppOptions, 'storage' | 'sessions' | 'routes'> {
  readonly storage?: FailingStorage
  /** Where sessions live. */
  readonly sessions: RedisClient
  readonly strategy?: TotpStrategyOptions
  /** More routes; below `/paths` what is answered is seen. */
  readonly routes?: (
    app: Express,
    auth: passport.Authenticator,
    secondFactor: SecondFactor,
    strategy: RecordingStrategy,
  ) => void
}

/** The application of the tests with every path of {@link PASSPORT_PATHS} below `/paths`, and passport-local. */
export async function startPassportApp(options: PassportAppOptions): Promise<PassportApp> {
  const { storage = new FailingStorage(), routes, ...rest } = options
  const sessions = observeSessions(options.sessions)
  let persons = 0
  let seen: Seen | undefined
  let strategy: RecordingStrategy | undefined

  const app = await startApp({
    ...rest,
    storage,
    sessions: sessions.client,
    routes(express, secondFactor, auth) {
      strategy = new RecordingStrategy(secondFactor, options.strategy)
      auth.use(strategy)
      auth.use(localStrategy())
      express.get(WANTED, rememberWanted)
      express.use('/paths', (req, res, next) => {
        seeAnswer(req, res, async () => {
          seen = await lookAt(req, sessions)
        })
        next()
      })
      for (const { url, handlers } of PASSPORT_PATHS) {
        express.post(url, ...handlers(auth, strategy), answer)
      }
      routes?.(express, auth, secondFactor, strategy)
    },
  })

  const signIn = async (name: string) => {
    const browser = app.browser()
    await browser.post('/login').send({ name, basket: BASKET }).expect(204)
    await browser.get(WANTED).expect(302)
    return browser
  }
  const enrolNext = () => enrol(app, `person ${++persons}`)

  return {
    ...app,
    storage,
    sessions,
    get strategy() {
      return defined(strategy)
    },
    seen: () => defined(seen),
    enrol: enrolNext,
    signIn,
    async signInSomebody() {
      const somebody = await enrolNext()
      return { somebody, browser: await signIn(somebody.name) }
    },
    told() {
      const [told, ...more] = defined(strategy).told
      expect(more, 'told once').to.deep.equal([])
      return defined(told)
    },
    async storedSession(browser) {
      return sessions.read((await whoAmI(browser)).sessionId)
    },
    forget() {
      seen = undefined
      sessions.writes.length = 0
      defined(strategy).told.length = 0
    },
  }
}

/** passport-local: whoever knows the one password is who they say. */
function localStrategy(): LocalStrategy {
  return new LocalStrategy((name, password, done) => {
    if (password === PASSWORD) done(null, { id: name })
    else done(null, false, { message: 'This is not the password.' })
  })
}

/** What applications do with somebody who has to sign in first. */
const rememberWanted: RequestHandler = (req, res) => {
  Object.assign(req.session, { returnTo: WANTED })
  res.redirect('/login')
}

/** Look before the answer of a request goes on its way. */
function seeAnswer(req: Request, res: Response, look: () => Promise<void>): void {
  const end = res.end.bind(res) as (...given: unknown[]) => Response
  const lookFirst = (...given: unknown[]) => {
    look().then(
      () => end(...given),
      (error: unknown) => {
        req.socket.destroy(error as Error)
      },
    )
    return res
  }
  Object.assign(res, { end: lookFirst })
}

async function lookAt(req: Request, sessions: ObservedSessions): Promise<Seen> {
  return {
    sessionId: req.sessionID,
    authenticated: req.isAuthenticated(),
    state: req.secondFactor?.state,
    stored: await sessions.read(req.sessionID),
  }
}

async function enrol(app: TestApp, name: string): Promise<Somebody> {
  const { phone, authenticator, backupCodes } = await enrolUser(app, name)
  const now = app.clock.now
  return {
    name,
    phone,
    authenticatorId: authenticator.id,
    backupCodes,
    code: (method) => (method === 'totp' ? phone.codeAt(now()) : defined(backupCodes[0])),
    wrongCode: (method) => (method === 'totp' ? wrongCode(phone, now()) : UNKNOWN_BACKUP_CODE),
  }
}

const UNKNOWN_BACKUP_CODE = 'AAAAA-AAAAA-AAAAA-AAAAA-AAAAA'

function defined<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('Nothing is there yet.')
  return value
}

/** The second factor was shown in this browser's session. */
export async function expectSatisfied(browser: Browser): Promise<void> {
  expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
  await browser.get('/private').expect(200)
}

/** This browser's session has the first factor, and no more. */
export async function expectHeld(browser: Browser): Promise<void> {
  expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
  await browser.get('/private').expect(401)
}
