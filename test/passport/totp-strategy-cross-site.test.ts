import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { SecondFactorEvent } from '../../lib/index.js'
import { whoAmI } from '../support/app.js'
import { CountingStorage } from '../support/counting-storage.js'
import { FailingStorage } from '../support/failing-storage.js'
import { METHODS, type PassportApp, startPassportApp } from '../support/passport-app.js'
import { PASSPORT_PATHS } from '../support/passport-paths.js'
import { challengeOf } from '../support/recording-strategy.js'
import { redisOfSuite } from '../support/suite.js'

type Headers = Readonly<Record<string, string>>

const HERE = { Host: 'bank.example' }
const APP = 'https://app.example'

const FROM_HERE: readonly (readonly [who: string, headers: Headers])[] = [
  ['a program that says nothing', HERE],
  ['a page of this site', { ...HERE, 'Sec-Fetch-Site': 'same-origin' }],
  ['a person who typed the address', { ...HERE, 'Sec-Fetch-Site': 'none' }],
  ['an older browser on a page of this site', { ...HERE, Origin: 'https://bank.example' }],
  ['a page of an allowed origin', { ...HERE, Origin: APP, 'Sec-Fetch-Site': 'cross-site' }],
  ['an older browser on an allowed origin', { ...HERE, Origin: APP }],
]

const FROM_ELSEWHERE: readonly (readonly [who: string, headers: Headers])[] = [
  ['a page of another site', { ...HERE, 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
  [
    'a page of a sibling domain',
    { ...HERE, 'Sec-Fetch-Site': 'same-site', Origin: 'https://x.bank.example' },
  ],
  [
    'a page that claims our origin',
    { ...HERE, 'Sec-Fetch-Site': 'cross-site', Origin: 'https://bank.example' },
  ],
  ['an older browser on another site', { ...HERE, Origin: 'https://evil.example' }],
  ['a sandboxed frame', { ...HERE, Origin: 'null' }],
]

describe('TotpStrategy and requests from other sites', () => {
  const redis = redisOfSuite()
  const storage = new CountingStorage()
  const events: SecondFactorEvent[] = []
  let app: PassportApp
  before(async () => {
    app = await startPassportApp({
      storage: new FailingStorage(storage),
      sessions: await redis.client(),
      hold: false,
      strategy: { allowedOrigins: [APP] },
      secondFactor: {
        onEvent: (event) => {
          events.push(event)
        },
      },
    })
  })
  after(() => app.close())

  const [{ url }] = PASSPORT_PATHS as [(typeof PASSPORT_PATHS)[number]]

  for (const [who, headers] of FROM_HERE) {
    it(`takes a code of ${who}`, async () => {
      const { somebody, browser } = await app.signInSomebody()
      await browser
        .post(url)
        .set(headers)
        .send({ code: somebody.code('totp') })
        .expect(200)
      await browser.post('/transfer').expect(200)
    })
  }

  it('takes a form of an allowed origin', async () => {
    const { somebody, browser } = await app.signInSomebody()
    const request = browser
      .post(url)
      .type('form')
      .set({ ...HERE, Origin: APP, 'Sec-Fetch-Site': 'cross-site' })
    await request.send({ code: somebody.code('totp') }).expect(200)
  })

  for (const [who, headers] of FROM_ELSEWHERE) {
    for (const type of ['form', 'json'] as const) {
      it(`fails for a right and a wrong code of ${who}, asks nothing of the storage, charges and spends nothing (${type})`, async () => {
        const { somebody, browser } = await app.signInSomebody()
        const me = await whoAmI(browser)
        const stored = await storage.read(somebody.name)
        for (const { method } of METHODS) {
          for (const code of [somebody.code(method), somebody.wrongCode(method), 'no code']) {
            app.forget()
            storage.reset()
            events.length = 0
            await browser.post(url).type(type).set(headers).send({ code }).expect(403)
            expect(storage.counts).to.deep.equal({ read: 0, insert: 0, replace: 0, remove: 0 })
            expect(events).to.deep.equal([])
            const told = app.told()
            expect(challengeOf(told)).to.deep.equal({
              code: 'cross_site_request',
              message: 'The request came from another site.',
            })
            expect(told.given[1]).to.equal(403)
          }
        }
        expect(await whoAmI(browser)).to.deep.equal(me)
        expect(await storage.read(somebody.name)).to.deep.equal(stored)
        // The very same code counts when it comes from here.
        await browser
          .post(url)
          .send({ code: somebody.code('totp') })
          .expect(200)
      })
    }
  }

  for (const path of PASSPORT_PATHS) {
    it(`fails by ${path.title}, and leaves the session as it was`, async () => {
      const { somebody, browser } = await app.signInSomebody()
      const me = await whoAmI(browser)
      app.forget()
      const answer = await browser
        .post(path.url)
        .set('Sec-Fetch-Site', 'cross-site')
        .send({ code: somebody.code('totp') })
      const { status, location } = path.failure(403)
      expect([answer.status, answer.get('Location')]).to.deep.equal([status, location])
      expect(challengeOf(app.told())).to.include({ code: 'cross_site_request' })
      expect(await whoAmI(browser)).to.deep.equal(me)
      await browser.post('/transfer').expect(403)
    })
  }
})
