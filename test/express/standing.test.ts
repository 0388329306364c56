import { expect } from 'chai'
import type { RequestHandler } from 'express'
import { before, describe, it } from 'mocha'
import { setTimeout as delay } from 'node:timers/promises'
import { requireSecondFactor } from '../../lib/index.js'
import { type Browser, enrolThroughRouter, type TestApp, type TestAppOptions } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import { unhandledRejections } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'

/** The first factor of somebody else, in the very request of a held person. */
const logInAs: RequestHandler = (req, _res, next) => {
  req.logIn({ id: (req.body as { name: string }).name }, next)
}

const logOut: RequestHandler = (req, _res, next) => {
  req.logOut(next)
}

const ROUTES: TestAppOptions['routes'] = (host, secondFactor, auth) => {
  const tell: RequestHandler = (req, res) => {
    res.json({ user: req.user?.['id' as never], held: req.secondFactor })
  }
  const assign = auth.authenticate('totp', { assignProperty: 'shown' }) as RequestHandler
  host.post('/log-in-and-assign', logInAs, assign, tell)
  host.post('/log-out-and-show', logOut, auth.authenticate('totp') as RequestHandler, tell)
  host.post(
    '/session-gone',
    (req, _res, next) => req.session.destroy(next),
    requireSecondFactor(secondFactor),
    tell,
  )
  host.post('/forget-login', (req, res) => {
    Object.assign(req.session, { passport: { user: null } })
    res.sendStatus(204)
  })
}

describe('where a user stands', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start({ routes: ROUTES })
  })

  const signIn = async (name: string): Promise<Browser> => {
    const browser = app.browser()
    await browser.post('/login').send({ name }).expect(204)
    return browser
  }

  it('C14 never gives a held user back because somebody else has shown a code in that request', async () => {
    await enrolThroughRouter(app, app.browser(), 'owner')
    const guest = await enrolThroughRouter(app, app.browser(), 'guest')
    const browser = await signIn('owner')
    app.clock.advance(30)
    const answer = await browser
      .post('/log-in-and-assign')
      .send({ name: 'guest', code: guest.phone.codeAt(app.clock.now()) })
      .expect(200)
    expect(answer.body).to.deep.include({
      user: 'guest',
      held: { state: 'satisfied', user: { id: 'guest' } },
    })
  })

  it('is nowhere once the application has signed a held user out, be the code right', async () => {
    const { phone } = await enrolThroughRouter(app, app.browser(), 'leaver')
    const browser = await signIn('leaver')
    app.clock.advance(30)
    await browser
      .post('/log-out-and-show')
      .send({ code: phone.codeAt(app.clock.now()) })
      .expect(401)
    expect((await browser.get('/whoami')).body)
      .to.include({ authenticated: false })
      .and.not.have.property('state')
  })

  it('is judged again when the session has ended within the request', async () => {
    const browser = app.browser()
    await enrolThroughRouter(app, browser, 'ended')
    const answer = await browser.post('/session-gone')
    expect(answer.status).to.equal(500)
    expect(answer.body).to.deep.equal({ error: 'session_unsupported' })
  })

  it('is nowhere, and no mistake of the application, when its session has a login of nobody', async () => {
    const browser = await signIn('forgotten')
    await browser.post('/forget-login').expect(204)
    await browser.get('/private').expect(401)
  })

  it('costs no crash when something has answered before the storage did', async () => {
    const storage = new FailingStorage()
    const late = await start({
      storage,
      hold: false,
      secondFactor: { storageTimeoutSeconds: 0.1 },
      routes(host, secondFactor) {
        const impatient: RequestHandler = (_req, res, next) => {
          setTimeout(() => res.status(504).end(), 20)
          next()
        }
        host.get('/impatient', impatient, requireSecondFactor(secondFactor))
      },
    })
    const browser = late.browser()
    await browser.post('/login').send({ name: 'anybody' }).expect(204)
    storage.fail('hang')
    const unnoticed = await unhandledRejections(async () => {
      await browser.get('/impatient').expect(504)
      await delay(150)
    })
    expect(unnoticed).to.deep.equal([])
  })
})
