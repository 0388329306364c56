import { expect } from 'chai'
import type { ErrorRequestHandler } from 'express'
import { before, describe, it } from 'mocha'
import type { Response } from 'supertest'
import type { SecondFactorError, SecondFactorRecord } from '../../lib/index.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import type { Browser, TestApp } from '../support/app.js'
import { type Guest, verificationsBut, WITH_CODE_PATHS, WRONG_BACKUP_CODE } from '../support/code-paths.js'
import { CountingStorage } from '../support/counting-storage.js'
import { appsOnRedis, redisOfSuite } from '../support/suite.js'

const YEAR = 365 * 86_400
const DAY = 86_400

/** Ways to a code that does not count. */
const CODES: Readonly<
  Record<string, (app: TestApp, guest: Guest, other: Guest) => Promise<string> | string>
> = {
  'wrong, as a TOTP code': (_app, guest) => guest.wrongCode(),
  'wrong, as a backup code': () => WRONG_BACKUP_CODE,
  'the TOTP code of another user': (_app, _guest, other) => other.code(),
  'a backup code of another user': (_app, _guest, other) => code(other, 0),
  'a TOTP code used just now': async (app, guest) => {
    const used = guest.code()
    await app.secondFactor.verify(guest.name, used)
    return used
  },
  'a backup code used just now': async (app, guest) => {
    await app.secondFactor.verify(guest.name, code(guest, 0))
    return code(guest, 0)
  },
  'a TOTP code used a day ago': async (app, guest) => {
    const used = guest.code()
    await app.secondFactor.verify(guest.name, used)
    app.clock.advance(DAY)
    return used
  },
  'a backup code used a year ago': async (app, guest) => {
    await app.secondFactor.verify(guest.name, code(guest, 0))
    app.clock.advance(YEAR)
    return code(guest, 0)
  },
  'a backup code of a set that is void': async (app, guest) => {
    const fresh = await app.secondFactor.generateBackupCodes(guest.name)
    await app.secondFactor.confirmBackupCodes(guest.name, fresh.ok ? fresh.id : '')
    return code(guest, 0)
  },
  'a backup code of a set that is not confirmed': async (app, guest) => {
    const fresh = await app.secondFactor.generateBackupCodes(guest.name)
    return fresh.ok ? (fresh.codes[0] ?? '') : ''
  },
  'a TOTP code that is not yet right': (_app, guest) => guest.code(3),
}
const code = ({ backupCodes }: Guest, index: number): string => backupCodes[index] ?? ''

type ChangeRecord = (record: SecondFactorRecord, other: SecondFactorRecord) => SecondFactorRecord

const withSecret = (record: SecondFactorRecord, secret: string): SecondFactorRecord => ({
  ...record,
  authenticators: record.authenticators.map((one) => ({ ...one, secret })),
})
const secretOf = ({ authenticators: [first] }: SecondFactorRecord): string => first?.secret ?? ''
const keyIdOf = (sealed: string): string => sealed.split('.')[0] ?? ''

/** Records that cannot be judged. None may say by its answer why. */
const RECORDS: Readonly<Record<string, ChangeRecord>> = {
  'moved from another user': (_record, other) => other,
  'with a secret that was moved from another user': (record, other) => withSecret(record, secretOf(other)),
  'with a secret in which a character was changed': (record) =>
    withSecret(
      record,
      secretOf(record).replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
    ),
  'with a secret that was cut off': (record) => withSecret(record, secretOf(record).slice(0, -8)),
  'with a secret of nothing': (record) => withSecret(record, ''),
  'with a secret under a key that was taken away': (record) =>
    withSecret(record, secretOf(record).replace(keyIdOf(secretOf(record)), 'AAAAAAAA')),
  'of a later schema': (record) => ({ ...record, schema: 2 as 1 }),
  'without a list of authenticators': (record) => ({ ...record, authenticators: 'none' as unknown as [] }),
  'with a counter that is a text': (record) => ({
    ...record,
    totpThrottle: { failures: '0' as unknown as number, spent: 0, at: 0 },
  }),
}

const URLS = [
  ['Router', '/2fa/verify'],
  ['strategy', '/login/2fa'],
  ['sessionless strategy', '/login/2fa/sessionless'],
] as const

/** As Express itself answers outside of development; what an error says is for the application alone. */
const answerByStatus: ErrorRequestHandler = (error: SecondFactorError, _req, res, _next) => {
  res.set(error.headers).sendStatus(error.status)
}

describe('what can be told from an answer', () => {
  const apps = appsOnRedis()
  const redis = redisOfSuite()
  let storage: CountingStorage
  let app: TestApp
  before(async () => {
    storage = new CountingStorage(new RedisStorage({ client: await redis.client() }))
    app = await apps.start({
      storage,
      routes(host, ...more) {
        WITH_CODE_PATHS.routes?.(host, ...more)
        host.use(answerByStatus)
      },
    })
  })

  const invite = async (): Promise<Guest> =>
    (await verificationsBut().at(0)?.invite(app)) ?? expect.fail('There is no path.')

  async function signIn({ name }: Guest): Promise<Browser> {
    const browser = app.browser()
    await browser.post('/login').send({ name }).expect(204)
    return browser
  }

  /** Everything of an answer, and of what it cost. */
  async function observe(request: PromiseLike<Response>) {
    storage.reset()
    const { status, text, headers } = await request
    const { date: _date, 'x-request-id': id, ...rest } = headers as Record<string, string>
    return { status, text, headers: rest, hasId: id !== undefined, calls: { ...storage.counts } }
  }

  for (const [path, url] of URLS) {
    it(`C6 C8 C14 [${path}] is not why a code does not count`, async () => {
      const answers: Record<string, unknown> = {}
      for (const [what, prepare] of Object.entries(CODES)) {
        const [guest, other] = [await invite(), await invite()]
        const typed = await prepare(app, guest, other)
        const browser = await signIn(guest)
        answers[what] = await observe(browser.post(url).send({ code: typed }))
      }
      const [first] = Object.values(answers)
      expect(first).to.include({ status: 422 }).and.to.have.nested.property('calls.replace', 1)
      for (const [what, answer] of Object.entries(answers)) expect(answer, what).to.deep.equal(first)
    })

    it(`C28 [${path}] is not why a record cannot be judged, nor whether the code was right`, async () => {
      const answers: Record<string, unknown> = {}
      for (const [what, change] of Object.entries(RECORDS)) {
        const [guest, other] = [await invite(), await invite()]
        const browser = await signIn(guest)
        const [entry, others] = [await storage.read(guest.name), await storage.read(other.name)]
        if (!entry || !others) throw new Error('There is no record.')
        const changed = { revision: `changed ${what}`, record: change(entry.record, others.record) }
        await storage.replace(guest.name, changed, entry.revision)
        for (const [which, typed] of Object.entries({ right: guest.code(), wrong: guest.wrongCode() })) {
          const { calls, ...answer } = await observe(browser.post(url).send({ code: typed }))
          expect(calls, what).to.include({ insert: 0, replace: 0, remove: 0 })
          answers[`${which}, ${what}`] = answer
        }
        expect(await storage.read(guest.name), what).to.deep.equal(changed)
      }
      const [first] = Object.values(answers)
      expect(first).to.deep.include({ status: 503 })
      for (const [what, answer] of Object.entries(answers)) expect(answer, what).to.deep.equal(first)
    })

    it(`C10 C35 [${path}] is not, while locked, whether the code was right`, async () => {
      const guest = await invite()
      const browser = await signIn(guest)
      for (let count = 0; count < 5; count++) {
        await browser.post(url).send({ code: guest.wrongCode() }).expect(422)
      }
      const [right, wrong] = [guest.code(), guest.wrongCode()]
      const answers = [right, wrong].map((typed) => () => observe(browser.post(url).send({ code: typed })))
      const [first, second] = [await answers[0]?.(), await answers[1]?.()]
      expect(first).to.include({ status: 429 }).and.to.have.nested.property('calls.replace', 0)
      expect(second).to.deep.equal(first)
    })
  }
})
