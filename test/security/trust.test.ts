import { expect } from 'chai'
import { afterEach, before, describe, it } from 'mocha'
import supertest from 'supertest'
import type { SecondFactorMark } from '../../lib/express/session.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { type Browser, cookieOf, type TestApp, whoAmI } from '../support/app.js'
import { FailingStorage, type StorageMethod } from '../support/failing-storage.js'
import { type ObservedSessions, observeSessions } from '../support/observed-sessions.js'
import { appsOnRedis, redisOfSuite } from '../support/suite.js'
import { comeBack, deviceCookieOf, trustBrowser, type TrustingPerson } from '../support/trusting-browser.js'

const READS: readonly StorageMethod[] = ['read']
const WRITES: readonly StorageMethod[] = ['replace']

describe('the [trusted device]', () => {
  const apps = appsOnRedis()
  const redis = redisOfSuite()
  let sessions: ObservedSessions
  let storage: FailingStorage
  let app: TestApp
  let people = 0

  before(async () => {
    const client = await redis.client()
    sessions = observeSessions(client)
    storage = new FailingStorage(new RedisStorage({ client }))
    app = await apps.start({
      storage,
      sessions: sessions.client,
    })
  })

  afterEach(() => {
    storage.recover()
  })

  const trusting = (): Promise<TrustingPerson> => trustBrowser(app, `trusting ${++people}`)

  const markOf = async (browser: Browser): Promise<SecondFactorMark | undefined> =>
    (await sessions.readContent((await whoAmI(browser)).sessionId)).secondFactor

  for (const [methods, how] of [
    ...(['reject', 'throw'] as const).flatMap((failure) => [
      [READS, failure] as const,
      [WRITES, failure] as const,
    ]),
    ...[undefined, null, 1, 'OK', {}].map((answer) => [WRITES, { answer }] as const),
    ...[null, false, {}, []].map((answer) => [READS, { answer }] as const),
  ]) {
    const does =
      typeof how === 'string'
        ? `does "${how}"`
        : `answers ${JSON.stringify(how.answer) as string | undefined}`
    it(`C28 lets nobody in by it when a ${String(methods[0])} of the storage ${does}`, async () => {
      const { browser, name } = await trusting()
      await comeBack(browser, name)
      storage.fail(how, { methods })
      await browser.get('/private').expect(401)
      storage.recover()
      const mark = (await sessions.readAll()).find(({ secondFactor }) => secondFactor?.userId === name)
      expect(mark).to.equal(undefined)
    })
  }

  it('C34 leaves a mark that says so, and is no fresh second factor', async () => {
    const { browser, name, deviceId } = await trusting()
    await comeBack(browser, name)
    await browser.get('/private').expect(200)
    expect(await markOf(browser)).to.include({ userId: name, method: 'trusted_device', deviceId })
    await browser.post('/transfer').expect(403)
  })

  it('C39 opens nothing without the first factor, and nothing for who is not enrolled any more', async () => {
    const { browser, name, trusted } = await trusting()
    const { name: cookie, token } = deviceCookieOf(trusted)
    const stranger = supertest(app.url)
    await stranger.get('/private').set('Cookie', `${cookie}=${token}`).expect(401)
    await stranger.post('/transfer').set('Cookie', `${cookie}=${token}`).expect(401)
    await app.secondFactor.reset(name)
    const again = await app.secondFactor.recogniseDevice(name, token)
    expect(again).to.deep.equal({ ok: false, reason: 'not_found' })
    expect((await app.secondFactor.status(name)).trustedDevices).to.deep.equal([])
    await browser.post('/transfer').expect(403)
  })

  for (const token of [
    '',
    '.',
    'a.b',
    '../../etc',
    '%00',
    'x'.repeat(5000),
    '{"$ne":null}',
    '"quoted.token"',
  ]) {
    it(`C1 C41 lets nobody in by ${token.slice(0, 20) || 'nothing'}, and is no error`, async () => {
      const { name, trusted } = await trusting()
      const { name: cookie } = deviceCookieOf(trusted)
      const browser = app.browser()
      const session = cookieOf(await browser.post('/login').send({ name }))
      const answer = await supertest(app.url).get('/private').set('Cookie', `${session}; ${cookie}=${token}`)
      expect(answer.status).to.equal(401)
      expect(await whoAmI(browser)).to.include({ state: 'pending' })
    })
  }
})
