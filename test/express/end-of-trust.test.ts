import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { MemoryStorage, type SecondFactorEvent } from '../../lib/index.js'
import { type Browser, enrolThroughRouter, type TestApp, whoAmI, wrongCode } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import { InterleavingStorage } from '../support/interleaving-storage.js'
import { type ObservedSessions, observeSessions } from '../support/observed-sessions.js'
import type { RedisClient } from '../support/redis.js'
import { enrolUser } from '../support/service.js'
import { appsOnRedis, redisOfSuite } from '../support/suite.js'
import {
  comeBack,
  deviceCookieOf,
  deviceCookiesOf,
  secureBrowser,
  trustBrowser,
  type TrustingPerson,
} from '../support/trusting-browser.js'

/** As many wrong codes as it takes, without a wait. */
const PATIENT = { freeAttempts: 100, disableAfter: 100, weeklyBudget: 10_000 }

const expectHeld = async (browser: Browser) => {
  expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
  await browser.get('/private').expect(401)
}
const expectLetIn = async (browser: Browser) => {
  await browser.get('/private').expect(200)
  expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
}

interface Listed {
  readonly id: string
  readonly label: string
  readonly current: boolean
}
const listOf = async (browser: Browser) =>
  (await browser.get('/2fa/trusted-devices').expect(200)).body as Listed[]

describe('trusted browsers, the [trusted device]', () => {
  const { start } = appsOnRedis()
  const redis = redisOfSuite()
  let client: RedisClient
  const events: SecondFactorEvent[] = []
  let app: TestApp
  before(async () => {
    client = await redis.client()
    const onEvent = (event: SecondFactorEvent) => {
      events.push(event)
    }
    app = await start({ sessions: client, secondFactor: { throttle: PATIENT, onEvent } })
  })

  /** Show the next code. */
  const show = async ({ phone }: TrustingPerson, browser: Browser, trustDevice = false) => {
    app.clock.advance(30)
    const code = phone.codeAt(app.clock.now())
    return browser.post('/2fa/verify').send({ code, trustDevice }).expect(200)
  }
  /** Another session of the same person, which has just shown a code. */
  const anotherSession = async (person: TrustingPerson) => {
    const browser = secureBrowser(app)
    await browser.post('/login').send({ name: person.name }).expect(204)
    await show(person, browser)
    return browser
  }

  describe('are trusted no more after', () => {
    /** Each way in which trust ends, in another session or by the application itself. */
    const rows: readonly [string, (person: TrustingPerson, other: Browser) => Promise<unknown>][] = [
      [
        'a reset, also when its owner enrols again',
        async ({ name }) => {
          await app.secondFactor.reset(name)
          await enrolUser(app, name)
        },
      ],
      [
        'DELETE /2fa, also when its owner enrols again',
        async ({ name }, other) => {
          await other.delete('/2fa').expect(204)
          await enrolUser(app, name)
        },
      ],
      [
        'the removal of an authenticator',
        async ({ name, authenticatorId }, other) => {
          await enrolUser(app, name, 'Second')
          await other.delete(`/2fa/totp/${authenticatorId}`).expect(204)
        },
      ],
      [
        'a recovery with a backup code',
        ({ backupCodes }, other) =>
          other.post('/2fa/verify').send({ code: backupCodes[0], trustDevice: true }).expect(200),
      ],
      [
        'a hundred wrong codes',
        async ({ name, phone }) => {
          const code = wrongCode(phone, app.clock.now())
          for (let time = 0; time < 100; time++) await app.secondFactor.verify(name, code)
        },
      ],
      [
        'the revocation of this one',
        ({ deviceId }, other) => other.delete(`/2fa/trusted-devices/${deviceId}`).expect(204),
      ],
      ['the revocation of all', (_person, other) => other.delete('/2fa/trusted-devices').expect(204)],
      [
        'ten others have been trusted',
        async ({ name }) => {
          for (let count = 0; count < 10; count++) await app.secondFactor.trustDevice(name)
        },
      ],
    ]
    for (const [title, act] of rows) {
      it(`C27 ${title}: neither for a login to come, nor in the session that trust has opened`, async () => {
        const person = await trustBrowser(app, title)
        await comeBack(person.browser, title)
        await expectLetIn(person.browser)
        await act(person, await anotherSession(person))
        await expectHeld(person.browser)
        await comeBack(person.browser, title)
        await expectHeld(person.browser)
      })
    }

    it('their token was brought from elsewhere', async () => {
      const { browser, name, trusted } = await trustBrowser(app, 'stolen')
      const { name: cookieName, token } = deviceCookieOf(trusted)
      const thief = secureBrowser(app)
      thief.jar.setCookie(`${cookieName}=${token}; Path=/; Secure`, '127.0.0.1')
      await thief.post('/login').send({ name }).expect(204)
      await expectLetIn(thief)
      app.clock.advance(60)
      await comeBack(browser, name)
      await expectHeld(browser)
      await expectHeld(thief)
      expect(events.at(-1)).to.include({ type: 'revoked', because: 'reused', userId: name })
    })

    it('trust was turned off, also in the sessions that it has opened', async () => {
      const storage = new MemoryStorage()
      const on = await start({ storage, sessions: client })
      const off = await start({ storage, sessions: client, secondFactor: { trustedDeviceSeconds: 0 } })
      const { browser, name } = await trustBrowser(on, 'turned off')
      await comeBack(browser, name)
      const letIn = await browser.get('/private').expect(200)
      const cookies = (letIn.get('Set-Cookie') ?? []).map((cookie) => cookie.split(';')[0])
      const answer = await off.browser().get('/whoami').set('Cookie', cookies.join('; ')).expect(200)
      expect(answer.body).to.include({ authenticated: false, state: 'pending' })
    })
  })

  describe('DELETE /2fa/trusted-devices/:id', () => {
    it('takes the cookie from one’s own browser, whose session goes on by the code that it has shown', async () => {
      const person = await trustBrowser(app, 'revokes the own one')
      const answer = await person.browser.delete(`/2fa/trusted-devices/${person.deviceId}`).expect(204)
      expect(deviceCookieOf(answer).token).to.equal('')
      await expectLetIn(person.browser)
      await comeBack(person.browser, person.name)
      await expectHeld(person.browser)
    })

    it('leaves one’s own browser alone when another is meant', async () => {
      const person = await trustBrowser(app, 'revokes another one')
      const other = await app.secondFactor.trustDevice(person.name)
      const id = other.ok ? other.id : ''
      expect(deviceCookiesOf(await person.browser.delete(`/2fa/trusted-devices/${id}`).expect(204))).to.be
        .empty
      await comeBack(person.browser, person.name)
      await expectLetIn(person.browser)
    })
  })

  for (const path of ['/2fa/trusted-devices', '/2fa']) {
    it(`lose their cookie by their own DELETE ${path}`, async () => {
      const { browser } = await trustBrowser(app, `ends all by ${path}`)
      expect(deviceCookieOf(await browser.delete(path).expect(204)).token).to.equal('')
      const without = secureBrowser(app)
      await enrolThroughRouter(app, without, `ends nothing by ${path}`)
      expect(deviceCookiesOf(await without.delete(path).expect(204))).to.be.empty
    })
  }

  it('are listed, the one that asks as current', async () => {
    const person = await trustBrowser(app, 'lists')
    const other = await anotherSession(person)
    const at = new Date(app.clock.now() + 30_000).toISOString()
    await show(person, other, true)
    const [first, second, ...more] = await listOf(other)
    expect(more).to.deep.equal([])
    expect(first).to.include({ id: person.deviceId, current: false })
    const { id, ...rest } = second ?? { id: '' }
    expect(id).to.match(/^[\w-]{16}$/)
    expect(rest).to.deep.equal({
      label: 'Browser',
      current: true,
      createdAt: at,
      lastUsedAt: at,
      expiresAt: new Date(app.clock.now() + 30 * 86_400_000).toISOString(),
    })
    const currentOf = async (browser: Browser) => (await listOf(browser)).find(({ current }) => current)?.id
    expect(await currentOf(person.browser)).to.equal(person.deviceId)
    expect(await currentOf(other)).to.equal(id)
  })

  it('C13 have their token in no list, status, session or event, nor a digest of it', async () => {
    const person = await trustBrowser(app, 'keeps to itself')
    await comeBack(person.browser, person.name)
    const rotated = deviceCookieOf(await person.browser.get('/private').expect(200))
    const told = JSON.stringify([
      await listOf(person.browser),
      (await person.browser.get('/2fa').expect(200)).body,
      await app.secondFactor.status(person.name),
      await observeSessions(client).readAll(),
      events,
    ])
    expect(told).to.include(person.deviceId)
    for (const { token } of [deviceCookieOf(person.trusted), rotated]) {
      expect(told).to.not.include(token.split('.')[1])
    }
    expect(told).to.not.match(/digest/i)
  })

  describe('are held', () => {
    let storage: FailingStorage
    let sessions: ObservedSessions
    let failing: TestApp
    before(async () => {
      storage = new FailingStorage()
      sessions = observeSessions(client)
      failing = await start({ storage, sessions: sessions.client })
    })

    for (const [method, how, title] of [
      ['read', 'reject', 'nothing can be read'],
      ['replace', 'reject', 'nothing can be written'],
      ['replace', { answer: undefined }, 'the storage does not say whether it has written'],
    ] as const) {
      it(`C18 while ${title}; their token stays good`, async () => {
        const { browser, name } = await trustBrowser(failing, title)
        await comeBack(browser, name)
        storage.fail(how, { methods: [method] })
        expect(deviceCookiesOf(await browser.get('/private').expect(401))).to.deep.equal([])
        expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
        storage.recover()
        await expectLetIn(browser)
      })
    }

    for (const command of ['del', 'set'] as const) {
      it(`C18 while ${command} of the session store fails; the new token has reached the browser`, async () => {
        const name = `session store: ${command}`
        const { browser } = await trustBrowser(failing, name)
        await comeBack(browser, name)
        sessions.fail(command, 1)
        const answer = await browser.get('/private').expect(401)
        sessions.recover()
        expect(deviceCookieOf(answer).token).to.not.equal('')
        failing.clock.advance(61)
        await expectLetIn(browser)
      })
    }
  })

  it('are let in by both of two requests that bring the same token first', async () => {
    const storage = new InterleavingStorage()
    const racing = await start({ storage, sessions: client })
    const { browser, name } = await trustBrowser(racing, 'two tabs')
    await comeBack(browser, name)
    // The two have read their session, and wait for each other before either is recognised.
    let bothAreThere = () => {}
    const both = new Promise<void>((resolve) => {
      bothAreThere = resolve
    })
    storage.before('read', () => {
      storage.before('read', () => {
        bothAreThere()
        return both
      })
      return both
    })
    const answers = await Promise.all([browser.get('/private'), browser.get('/private')])
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200])
    expect(answers.flatMap(deviceCookiesOf)).to.have.length(1)
    racing.clock.advance(61)
    await comeBack(browser, name)
    await expectLetIn(browser)
  })
})
