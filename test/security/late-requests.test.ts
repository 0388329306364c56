import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import supertest from 'supertest'
import { type Browser, cookieOf, enrolThroughRouter, type TestApp, whoAmI } from '../support/app.js'
import { type ObservedSessions, observeSessions } from '../support/observed-sessions.js'
import { appsOnRedis, redisOfSuite } from '../support/suite.js'
import { trustBrowser } from '../support/trusting-browser.js'

/** More than `POST /transfer` lets pass. */
const STALE = 330

describe('a request that ends after the session id has changed', () => {
  const apps = appsOnRedis()
  const redis = redisOfSuite()
  let sessions: ObservedSessions
  let app: TestApp
  let entered: () => void
  let released: Promise<void>

  before(async () => {
    sessions = observeSessions(await redis.client())
    app = await apps.start({
      sessions: sessions.client,
      routes(host) {
        host.post('/slow', (req, res, next) => {
          entered()
          released.then(() => {
            Object.assign(req.session, { basket: 'a late pear' })
            res.sendStatus(204)
          }, next)
        })
      },
    })
  })

  /** Something that changes the session id while such a request is under way; looked at before that one ends. */
  async function meanwhile(session: string, act: () => Promise<void>): Promise<void> {
    let release = () => undefined as unknown
    released = new Promise((resolve) => (release = resolve))
    const inside = new Promise<void>((resolve) => (entered = resolve))
    const late = supertest(app.url).post('/slow').set('Cookie', session).then()
    await inside
    await act()
    release()
    await late
  }

  /** The mark is under this browser's session id, and nothing under the id before. */
  async function expectMoved(browser: Browser, before: string): Promise<void> {
    const { sessionId } = await whoAmI(browser)
    expect(sessionId).to.not.equal(before)
    expect(await sessions.read(before)).to.equal(undefined)
    const { secondFactor } = await sessions.readContent(sessionId)
    expect(secondFactor).to.include({ at: app.clock.now() })
  }

  it('P3 [step-up] brings no fresh mark back with the old id', async () => {
    const browser = app.browser()
    const { phone } = await enrolThroughRouter(app, browser, 'steps up')
    app.clock.advance(STALE)
    const shown = await browser.post('/2fa/verify').send({ code: phone.codeAt(app.clock.now()) })
    const { sessionId } = await whoAmI(browser)
    const old = cookieOf(shown)
    app.clock.advance(STALE)
    await meanwhile(old, async () => {
      await browser
        .post('/2fa/verify')
        .send({ code: phone.codeAt(app.clock.now()) })
        .expect(200)
      await expectMoved(browser, sessionId)
    })
    await browser.post('/transfer').expect(200)
    await supertest(app.url).post('/transfer').set('Cookie', old).expect(403)
  })

  it('C29 P3 [trusted device] brings nobody back who is let in with the old id', async () => {
    const { browser, name } = await trustBrowser(app, 'trusts')
    await browser.post('/logout').expect(204)
    const old = cookieOf(await browser.post('/login').send({ name }))
    const [, id = ''] = /=s:([^.]+)/.exec(decodeURIComponent(old)) ?? []
    expect(await sessions.read(id)).not.to.equal(undefined)
    await meanwhile(old, async () => {
      await browser.get('/private').expect(200)
      await expectMoved(browser, id)
    })
    const thief = supertest.agent(app.url).set('Cookie', old)
    expect(await whoAmI(thief)).to.include({ authenticated: false, state: 'pending' })
    await browser.get('/private').expect(200)
  })
})
