import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Response } from 'supertest'
import { type Browser, cookieOf, type TestApp, whoAmI } from '../support/app.js'
import {
  ATTEMPT,
  createTotp,
  outcomeOfAnswer,
  postForm,
  responseOf,
  SECRET_KEY,
  signIn,
  verifyTotp,
  withDialect,
} from '../support/clerk.js'
import { CountingStorage } from '../support/counting-storage.js'
import { FailingStorage } from '../support/failing-storage.js'
import { observeSessions } from '../support/observed-sessions.js'
import { appsOnRedis, redisOfSuite } from '../support/suite.js'

/** Longer than a request may take before its session is asked for once more. */
const SLOW = 1100
const NOTHING_ASKED = { read: 0, insert: 0, replace: 0, remove: 0 }

type Send = (browser: Browser) => ReturnType<typeof postForm>

const FRONTEND_CALLS: Readonly<Record<string, Send>> = {
  'POST /v1/me/totp': (browser) => postForm(browser, '/v1/me/totp'),
  'POST /v1/me/totp/attempt_verification': (browser) => postForm(browser, ATTEMPT, { code: '123456' }),
  'DELETE /v1/me/totp': (browser) => browser.delete('/v1/me/totp'),
  'POST /v1/me/totp?_method=DELETE': (browser) => postForm(browser, '/v1/me/totp?_method=DELETE'),
  'POST /v1/me/backup_codes': (browser) => postForm(browser, '/v1/me/backup_codes'),
}

describe('clerkDialect, for sessions that have not shown enough,', () => {
  const { start } = appsOnRedis()
  const storage = new CountingStorage()
  let app: TestApp
  before(async () => {
    app = await start({ ...withDialect({ signedIn: { managementMaxAgeSeconds: 60 } }), storage })
  })

  for (const [title, send] of Object.entries(FRONTEND_CALLS)) {
    it(`refuses somebody who is not signed in: ${title}`, async () => {
      expect(outcomeOfAnswer(await send(app.browser()))).to.equal('401 authentication_invalid')
    })

    it(`refuses a session that has shown the password alone: ${title}`, async () => {
      const name = `half ${title}`
      await verifyTotp(app, name)
      const half = await signIn(app, name)
      expect(outcomeOfAnswer(await send(half))).to.equal('403 session_reverification_required')
      expect(await app.secondFactor.status(name)).to.deep.include({ enabled: true })
      expect(await whoAmI(half)).to.include({ authenticated: false, state: 'pending' })
    })

    it(`refuses a second factor that was shown too long ago: ${title}`, async () => {
      const { browser } = await verifyTotp(app, `stale ${title}`)
      app.clock.advance(31)
      const answer = await send(browser)
      expect(outcomeOfAnswer(answer)).to.equal('403 session_reverification_required')
    })

    it(`takes what was shown just now: ${title}`, async () => {
      const { browser } = await verifyTotp(app, `fresh ${title}`)
      app.clock.advance(30)
      expect((await send(browser)).status).to.be.oneOf([200, 400])
    })

    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'https://elsewhere.example' },
    ]) {
      it(`refuses another site, by ${Object.keys(headers)[0]}, before it asks the storage: ${title}`, async () => {
        const name = `tricked by ${Object.entries(headers).join()} to ${title}`
        const { browser } = await verifyTotp(app, name)
        // The hold in front asks once; the dialect not at all.
        storage.reset()
        const answer = await send(browser).set(headers)
        expect(outcomeOfAnswer(answer)).to.equal('403 authorization_invalid')
        expect(storage.counts).to.deep.equal({ ...NOTHING_ASKED, read: 1 })
      })
    }
  }

  it('takes pages of another origin that it is told of', async () => {
    const allowedOrigins = ['https://accounts.example.com']
    const open = await start(withDialect({ signedIn: { allowedOrigins } }))
    const browser = await signIn(open, 'elsewhere')
    const from = { Origin: 'https://accounts.example.com', 'Sec-Fetch-Site': 'same-site' }
    await postForm(browser, '/v1/me/totp').set(from).expect(200)
  })
})

describe('clerkDialect and the session', () => {
  const { start } = appsOnRedis()
  const redis = redisOfSuite()
  let app: TestApp
  before(async () => {
    app = await start(withDialect())
  })

  it('renews its id with the verification, and ends the old one', async () => {
    const browser = app.browser()
    const signedIn = await browser.post('/login').send({ name: 'fixed', basket: 'apples' }).expect(204)
    const before = await whoAmI(browser)
    const { phone } = await createTotp(browser)
    await postForm(browser, ATTEMPT, { code: phone.codeAt(app.clock.now()) }).expect(200)
    const now = await whoAmI(browser)
    expect(now).to.include({ authenticated: true, state: 'satisfied', basket: 'apples' })
    expect(now.sessionId).to.not.equal(before.sessionId)
    const old = await app.browser().get('/whoami').set('Cookie', cookieOf(signedIn))
    expect(old.body).to.include({ authenticated: false })
  })

  it('leaves the mark off where the code was wrong', async () => {
    const browser = await signIn(app, 'mistyped')
    const before = await whoAmI(browser)
    await createTotp(browser)
    await postForm(browser, ATTEMPT, { code: '000000' }).expect(422)
    expect(await whoAmI(browser)).to.deep.equal(before)
  })

  it('holds the other sessions of the user from then on', async () => {
    const other = await signIn(app, 'elsewhere too')
    await verifyTotp(app, 'elsewhere too')
    expect(await whoAmI(other)).to.include({ authenticated: false, state: 'pending' })
  })

  it('marks nothing where the session store fails', async () => {
    const { client, ...sessions } = observeSessions(await redis.client())
    const failing = await start({ ...withDialect(), sessions: client })
    const browser = await signIn(failing, 'unlucky')
    const { phone } = await createTotp(browser)
    // What express-session saves at the end of the answer is stored again.
    sessions.fail('set', 1)
    const answer = await postForm(browser, ATTEMPT, { code: phone.codeAt(failing.clock.now()) })
    expect(outcomeOfAnswer(answer)).to.equal('503 service_unavailable')
    expect(await sessions.readAll()).to.satisfy((all: object[]) =>
      all.every((one) => !('secondFactor' in one)),
    )
  })

  it('puts no TOTP in force for a session that ended while its code was on the way', async () => {
    const browser = app.browser()
    const signedIn = await browser.post('/login').send({ name: 'taken over' }).expect(204)
    const { phone } = await createTotp(browser)
    const body = `code=${phone.codeAt(app.clock.now())}`
    const held = request(`${app.url}${ATTEMPT}`, {
      method: 'POST',
      headers: {
        Cookie: cookieOf(signedIn),
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': body.length,
      },
    })
    held.write(body.slice(0, 1))
    await delay(SLOW)
    await browser.post('/logout').expect(204)
    held.end(body.slice(1))
    const [answer] = (await once(held, 'response')) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).to.equal(401)
    expect(await app.secondFactor.status('taken over')).to.include({ enabled: false })
  })

  it('is satisfied once of many parallel verifications, and one of them has the codes', async () => {
    const browser = await signIn(app, 'in a hurry')
    const { phone } = await createTotp(browser)
    const form = { code: phone.codeAt(app.clock.now()) }
    const answers = await Promise.all(Array.from({ length: 20 }, () => postForm(browser, ATTEMPT, form)))
    const good = answers.filter(({ status }) => status === 200)
    expect(good).to.have.length(1)
    expect(responseOf(good[0] as Response)['backup_codes']).to.have.length(10)
    expect(await app.secondFactor.verify('in a hurry', form.code)).to.include({ ok: false })
  })
})

describe('clerkDialect shows secrets and codes', () => {
  const { start } = appsOnRedis()

  it('once, and in no answer but the one that made them', async () => {
    const app = await start(withDialect())
    const browser = await signIn(app, 'watched')
    const answers: string[] = []
    const send = async (asked: ReturnType<typeof postForm>) => {
      const answer = await asked
      answers.push(answer.text, JSON.stringify(answer.headers))
      return responseOf(answer)
    }
    const shown: string[] = []
    const { secret, uri, phone } = await createTotp(browser)
    shown.push(String(secret), String(uri))
    await send(postForm(browser, ATTEMPT, { code: '000000' }))
    const verified = await postForm(browser, ATTEMPT, { code: phone.codeAt(app.clock.now()) })
    const { backup_codes: first, ...rest } = responseOf(verified)
    answers.push(JSON.stringify(rest))
    shown.push(...(first as string[]))
    const renewed = responseOf(await postForm(browser, '/v1/me/backup_codes'))
    shown.push(...(renewed['codes'] as string[]))
    for (const call of Object.values(FRONTEND_CALLS).reverse()) await send(call(browser))
    for (const path of ['/v1/me/totp', ATTEMPT, '/v1/me/backup_codes', '/v1/users/watched/totp', '/2fa']) {
      await send(browser.get(path).set('Authorization', `Bearer ${SECRET_KEY}`))
    }
    expect(shown).to.have.length(22)
    const all = answers.join('\n')
    for (const one of shown) expect(all).to.not.include(one)
  })
})

describe('clerkDialect, while the storage is away,', () => {
  const { start } = appsOnRedis()
  const storage = new FailingStorage()
  let app: TestApp
  before(async () => {
    app = await start({ ...withDialect(), storage, hold: false })
  })

  for (const [title, send] of Object.entries(FRONTEND_CALLS)) {
    for (const methods of [['read'], ['insert', 'replace', 'remove']] as const) {
      it(`decides nothing, and says when to ask again: ${title}, no ${methods[0]}`, async () => {
        const name = `${title} without ${methods[0]}`
        const isBegin = title === 'POST /v1/me/totp' || title.endsWith('attempt_verification')
        const browser = isBegin ? await signIn(app, name) : (await verifyTotp(app, name)).browser
        if (title.endsWith('attempt_verification')) await createTotp(browser)
        const before = await app.secondFactor.status(name)
        storage.fail('reject', { methods: [...methods] })
        const answer = await send(browser)
        storage.recover()
        expect(outcomeOfAnswer(answer)).to.equal('503 service_unavailable')
        expect(answer.headers).to.include({ 'retry-after': '2', 'cache-control': 'no-store' })
        expect(await app.secondFactor.status(name)).to.deep.equal(before)
      })
    }
  }
})
