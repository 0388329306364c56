import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { cookieOf, enrolThroughRouter, type TestApp } from '../support/app.js'
import { appsOnRedis } from '../support/suite.js'

/** Longer than a request may take before its session is asked for once more. */
const SLOW = 1100

describe('a request whose body is held back until its session has ended', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start()
  })

  /** Begin to send, let the session end, and send the rest. */
  async function heldBack(path: string, cookie: string, body: string, end: () => Promise<unknown>) {
    const held = request(`${app.url}${path}`, {
      method: 'POST',
      headers: { Cookie: cookie, 'Content-Type': 'application/json', 'Content-Length': body.length },
    })
    held.write(body.slice(0, 1))
    await delay(SLOW)
    await end()
    held.end(body.slice(1))
    const [answer] = (await once(held, 'response')) as [IncomingMessage]
    answer.resume()
    return answer
  }

  it('P3 [Router] brings no session back by a right code, which is not spent', async () => {
    const { phone } = await enrolThroughRouter(app, app.browser(), 'held back')
    app.clock.advance(30)
    const browser = app.browser()
    const signedIn = await browser.post('/login').send({ name: 'held back' }).expect(204)
    const code = phone.codeAt(app.clock.now())
    const cookie = cookieOf(signedIn)
    const answer = await heldBack('/2fa/verify', cookie, JSON.stringify({ code }), () =>
      browser.post('/logout').expect(204),
    )
    expect(answer.statusCode).to.equal(401)
    expect(answer.headers['set-cookie']).to.equal(undefined)
    expect(await app.secondFactor.verify('held back', code)).to.include({ ok: true })
  })

  it('P3 [enrolment] puts no authenticator in force', async () => {
    const browser = app.browser()
    const signedIn = await browser.post('/login').send({ name: 'taken over' }).expect(204)
    const begun = await browser.post('/2fa/totp').send({}).expect(201)
    const { id, uri } = begun.body as { id: string; uri: string }
    const body = JSON.stringify({ code: new TestAuthenticator(uri).codeAt(app.clock.now()) })
    const answer = await heldBack(`/2fa/totp/${id}/verify`, cookieOf(signedIn), body, () =>
      browser.post('/logout').expect(204),
    )
    expect(answer.statusCode).to.equal(401)
    expect(await app.secondFactor.status('taken over')).to.include({ enabled: false })
  })
})
