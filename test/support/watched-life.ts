import { expect } from 'chai'
import type { Response } from 'supertest'
import { decodeBase32 } from '../../lib/base32.js'
import { createKeyRing } from '../../lib/key-ring.js'
import { createSealing } from '../../lib/sealing.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { type Browser, startApp, type TestApp } from './app.js'
import { WITH_CODE_PATHS } from './code-paths.js'
import { FailingStorage } from './failing-storage.js'
import {
  type Hidden,
  hiddenBackupCode,
  hiddenBytes,
  hiddenText,
  hiddenToken,
  hiddenTotpCode,
} from './leak-search.js'
import type { RedisClient } from './redis.js'
import { rejection } from './service.js'
import { Traces } from './traces.js'
import { deviceCookieOf, secureBrowser } from './trusting-browser.js'

const SECRETS = [
  'the newest secret of an application, made by a generator',
  'an older secret of an application, made by a generator',
] as const
const PASSWORD = 'correct horse battery staple'

/** An application of which everything is kept that it keeps, tells or sends, and what must not be among it. */
export class WatchedLife {
  readonly traces = new Traces()
  readonly hidden: Hidden[] = []
  /** Where each thing was handed out: the only place where it may stand. */
  readonly handedOut: string[] = []
  readonly storage: FailingStorage
  readonly #redis: RedisStorage
  readonly #sealing = createSealing(createKeyRing(SECRETS))
  #app: TestApp | undefined

  constructor(readonly client: RedisClient) {
    this.#redis = new RedisStorage({ client })
    this.storage = new FailingStorage(this.#redis)
    this.hide(hiddenText('the password', PASSWORD))
    for (const secret of SECRETS) {
      const { newest } = createKeyRing([secret])
      this.hide(
        hiddenText(secret, secret),
        hiddenBytes(`the sealing key of ${secret}`, newest.sealing),
        hiddenBytes(`the digesting key of ${secret}`, newest.digesting),
      )
    }
  }

  async start(): Promise<void> {
    this.#app = await startApp({
      storage: this.storage,
      sessions: this.client,
      secondFactor: { secret: [...SECRETS], onEvent: this.traces.onEvent, storageTimeoutSeconds: 0.2 },
      routes: (host, secondFactor, auth) => {
        WITH_CODE_PATHS.routes?.(host, secondFactor, auth)
        host.use(this.traces.onError)
      },
    })
  }

  get app(): TestApp {
    return this.#app ?? expect.fail('It has not begun.')
  }

  /** It has shown the first factor. */
  async browser(name: string): Promise<Browser> {
    const browser = this.traces.watch(secureBrowser(this.app))
    await this.signIn(browser, name)
    return browser
  }

  async signIn(browser: Browser, name: string): Promise<void> {
    await browser.post('/login').send({ name, password: PASSWORD }).expect(204)
  }

  hide(...things: readonly Hidden[]): void {
    this.hidden.push(...things)
  }

  /** The latest answer has handed it out. */
  #handedOut(place: string, ...things: readonly Hidden[]): void {
    this.hide(...things)
    const { where = '' } = this.traces.all.findLast((trace) => trace.place === 'answers') ?? {}
    for (const { what } of things) this.handedOut.push(`${what}: ${place}, ${where}`)
  }

  /** What an answer shows of an authenticator this once. */
  shownSecret(answer: Response, what: string): { readonly id: string; readonly phone: TestAuthenticator } {
    const { id, secret, uri, qrCode } = answer.body as Record<'id' | 'secret' | 'uri' | 'qrCode', string>
    const [, image = ''] = qrCode.split(',')
    this.#handedOut('answers', hiddenBytes(what, decodeBase32(secret) ?? expect.fail('no secret')))
    this.#handedOut('answers', hiddenText(`the picture of ${what}`, image))
    return { id, phone: new TestAuthenticator(uri) }
  }

  shownCodes(codes: readonly string[], set: string): readonly string[] {
    this.#handedOut('answers', ...codes.map((code) => hiddenBackupCode(`${set} ${code}`, code)))
    return codes
  }

  /** The token that an answer has set. */
  shownToken(answer: Response): void {
    const { token } = deviceCookieOf(answer)
    this.#handedOut('headers', hiddenToken(`the token ${token}`, token))
  }

  /** A code that somebody types: it stands in no answer at all. */
  typed(code: string): { readonly code: string } {
    this.hide(code.length > 8 ? hiddenBackupCode(`typed ${code}`, code) : hiddenTotpCode(code, code))
    return { code }
  }

  /** A TOTP code that is right now, typed. */
  codeOf(phone: TestAuthenticator): { readonly code: string } {
    return this.typed(phone.codeAt(this.app.clock.now()))
  }

  /** What an operation of the service was rejected with. */
  async rejected(operation: Promise<unknown>, where: string): Promise<void> {
    this.traces.error(await rejection(operation), where)
  }

  /** Look at all of Redis; and at the keys of digests, which are sealed in the record. */
  async look(name: string): Promise<void> {
    const { where = '' } = this.traces.all.findLast((trace) => trace.place === 'answers') ?? {}
    await this.traces.scan(this.client, this.#redis, `after ${where}`)
    const { record } = (await this.#redis.read(name)) ?? {}
    for (const set of [record?.backupCodes, record?.unconfirmedBackupCodes]) {
      const what = `the digest key of ${set?.id ?? ''}`
      if (!set || this.hidden.some((one) => one.what === what)) continue
      const place = { userId: name, kind: 'backup-codes', id: set.id } as const
      this.hide(hiddenBytes(what, this.#sealing.open(set.key, place)))
    }
  }
}
