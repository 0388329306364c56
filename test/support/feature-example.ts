import { after, before } from 'mocha'
import type { Test } from 'supertest'
import type { TestAuthenticator } from '../../lib/testing/index.js'
import { type Browser, turnOn } from './app.js'
import { type Example, startExample } from './example.js'
import { NAVIGATION } from './page-forms.js'
import { type RedisClient, type RedisServer, startRedis } from './redis.js'
import { freePort } from './server-process.js'

/** The two users that every example has. */
export const PASSWORDS = {
  alice: 'correct horse battery staple',
  bob: 'wrong horse battery staple',
} as const
export type Username = keyof typeof PASSWORDS

/** What an example finds in its environment, but for what differs from machine to machine. */
const SECRETS = { SESSION_SECRET: 's'.repeat(32), SECOND_FACTOR_SECRET: 'f'.repeat(32) }

/** One of the examples that are the baseline with a few lines changed, on a Redis of its own. */
export interface FeatureExample {
  /** The environment that it is started with. */
  environment(): Promise<Record<string, string>>
  /** Start it; `before` has done so, unless it is said to start by hand. */
  start(name?: string): Promise<void>
  stop(): Promise<void>
  browser(): Browser
  redis(): Promise<RedisClient>
}

/** Start an example before the tests of a suite, and stop it behind them. */
export function featureExample(
  name: string,
  more: () => Promise<Record<string, string>> = () => Promise.resolve({}),
  byHand = false,
): FeatureExample {
  let redis: RedisServer
  let example: Example | undefined
  const feature: FeatureExample = {
    environment: async () => ({
      ...SECRETS,
      REDIS_URL: redis.url,
      PORT: String(await freePort()),
      ...(await more()),
    }),
    async start(other = name) {
      example = await startExample(await feature.environment(), other)
    },
    async stop() {
      await example?.stop()
      example = undefined
    },
    browser() {
      if (!example) throw new Error('The example has not been started.')
      return example.browser()
    },
    redis: () => redis.client(),
  }
  before(async () => {
    redis = await startRedis()
    if (!byHand) await feature.start()
  })
  after(async () => {
    await feature.stop()
    await redis.stop()
  })
  return feature
}

/** Log in by the form, with the password alone. */
export async function logIn<Given extends Browser>(
  browser: Given,
  username: Username,
  password: string = PASSWORDS[username],
): Promise<Given> {
  await browser.post('/login').type('form').send({ username, password }).expect(302).expect('Location', '/')
  return browser
}

/** Somebody's second factor. */
export interface Enrolled {
  readonly phone: TestAuthenticator
  /** The code behind the one that was used to enrol. */
  readonly nextCode: () => string
  readonly backupCodes: readonly string[]
}

/** Turn the second factor on, over the endpoints. */
export async function enrol(browser: Browser): Promise<Enrolled> {
  const { phone, backupCodes } = await turnOn(browser)
  return { phone, nextCode: () => phone.codeAt(Date.now() + 30_000), backupCodes }
}

/** Send a code by the form of the ready page. */
export const showCode = (browser: Browser, code: string, more: Readonly<Record<string, string>> = {}): Test =>
  browser
    .post('/2fa/challenge')
    .set('Accept', NAVIGATION)
    .type('form')
    .send({ code, ...more })
    .expect(303)
