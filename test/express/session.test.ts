import { expect } from 'chai'
import express, { type ErrorRequestHandler, type Express } from 'express'
import { after, before, describe, it } from 'mocha'
import supertest, { type Response } from 'supertest'
import { logtoDialect } from '../../lib/dialects/logto.js'
import {
  holdForSecondFactor,
  requireSecondFactor,
  SecondFactorError,
  type SecondFactorMark,
  secondFactorRouter,
} from '../../lib/index.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { PATHS as LOGTO_PATHS } from '../dialects/logto.js'
import {
  type Browser,
  cookieOf,
  type EnrolledPerson,
  enrolThroughRouter,
  startApp,
  type TestApp,
  type TestAppOptions,
  whoAmI,
  wrongCode,
} from '../support/app.js'
import { outcomeOf, preparePerson } from '../support/endpoints.js'
import { InterleavingStorage } from '../support/interleaving-storage.js'
import { watchedRouter } from '../support/openapi-check.js'
import { type ObservedSessions, observeSessions, type StoredSession } from '../support/observed-sessions.js'
import { type RedisClient, type RedisServer, startRedis } from '../support/redis.js'
import { serve } from '../support/serve.js'
import { enrolUser, newService } from '../support/service.js'

const WEEK = 7 * 24 * 3600
/** What an application may keep in a session. */
const KEPT = { items: [{ id: 7, amounts: [1, 2] }], token: 'of a form', empty: null, nested: { deep: true } }

/** More of an application: what it does to its sessions, and Logto's way to satisfy them. */
const ROUTES: TestAppOptions['routes'] = (host, secondFactor) => {
  host.use(logtoDialect(secondFactor))
  host.post('/keep', (req, res) => {
    Object.assign(req.session, { kept: KEPT })
    req.session.cookie.maxAge = WEEK * 1000
    res.sendStatus(204)
  })
  host.post('/login/keeping', (req, res, next) => {
    const { name } = req.body as { name: string }
    req.logIn({ id: name }, { session: true, keepSessionInfo: true }, (error) => {
      if (error) next(error)
      else res.sendStatus(204)
    })
  })
  host.post('/logout/keeping', (req, res, next) => {
    req.logOut({ keepSessionInfo: true }, (error) => {
      if (error) next(error)
      else res.sendStatus(204)
    })
  })
}

describe('the session', () => {
  let redis: RedisServer
  let client: RedisClient
  let sessions: ObservedSessions
  let options: TestAppOptions
  let app: TestApp
  const apps: TestApp[] = []
  const start = async (more: Partial<TestAppOptions> = {}): Promise<TestApp> => {
    const started = await startApp({ ...options, ...more })
    apps.push(started)
    return started
  }
  before(async () => {
    redis = await startRedis()
    client = await redis.client()
    sessions = observeSessions(client)
    options = { storage: new RedisStorage({ client }), sessions: sessions.client, routes: ROUTES, pages: {} }
    app = await start()
  })
  after(async () => {
    await Promise.all(apps.map((one) => one.close()))
    await redis.stop()
  })

  const markIn = async (browser: Browser): Promise<SecondFactorMark | undefined> =>
    (await sessions.read((await whoAmI(browser)).sessionId))?.secondFactor

  const signIn = async (name: string, where = app): Promise<Browser> => {
    const browser = where.browser()
    await browser.post('/login').send({ name, basket: 'three apples' }).expect(204)
    return browser
  }
  const show = ({ phone }: EnrolledPerson, browser: Browser, where = app) =>
    browser.post('/2fa/verify').send({ code: phone.codeAt(where.clock.now()) })

  /** A new browser, signed in, that has shown the second factor too. */
  const satisfied = async (person: EnrolledPerson, name: string, where = app): Promise<Browser> => {
    const browser = await signIn(name, where)
    where.clock.advance(30)
    await show(person, browser, where).expect(200)
    return browser
  }

  /** Each way to a satisfied session: how it comes about, in a browser that is signed in, and the mark that it leaves. */
  interface Path {
    readonly how: string
    readonly path: 'Router' | 'enrolment' | 'pages' | 'Logto'
    readonly method: SecondFactorMark['method']
    readonly act: (browser: Browser, name: string, where: TestApp) => Promise<Response>
  }
  const PATHS: readonly Path[] = [
    {
      how: 'POST /verify with a TOTP code',
      path: 'Router',
      method: 'totp',
      async act(browser, name, where) {
        const person = await enrolThroughRouter(where, where.browser(), name)
        where.clock.advance(30)
        return show(person, browser, where)
      },
    },
    {
      how: 'POST /verify with a backup code',
      path: 'Router',
      method: 'backup_code',
      async act(browser, name, where) {
        const { backupCodes } = await enrolThroughRouter(where, where.browser(), name)
        return browser.post('/2fa/verify').send({ code: backupCodes[0] })
      },
    },
    {
      how: 'POST /totp/:id/verify of a first authenticator',
      path: 'enrolment',
      method: 'totp',
      async act(browser, _name, where) {
        const begun = await browser.post('/2fa/totp').send({}).expect(201)
        const { id, uri } = begun.body as { id: string; uri: string }
        const code = new TestAuthenticator(uri).codeAt(where.clock.now())
        return browser.post(`/2fa/totp/${id}/verify`).send({ code })
      },
    },
    {
      how: 'the form of the challenge',
      path: 'pages',
      method: 'totp',
      async act(browser, name, where) {
        const { phone } = await enrolThroughRouter(where, where.browser(), name)
        where.clock.advance(30)
        const code = phone.codeAt(where.clock.now())
        return browser.post('/2fa/challenge').set('Accept', 'text/html').type('form').send({ code })
      },
    },
    {
      how: 'Logto’s POST totp/verify',
      path: 'Logto',
      method: 'totp',
      async act(browser, name, where) {
        const { phone } = await enrolThroughRouter(where, where.browser(), name)
        where.clock.advance(30)
        return browser.post(LOGTO_PATHS.verify).send({ code: phone.codeAt(where.clock.now()) })
      },
    },
    {
      how: 'Logto’s POST backup-code/verify',
      path: 'Logto',
      method: 'backup_code',
      async act(browser, name, where) {
        const { backupCodes } = await enrolThroughRouter(where, where.browser(), name)
        return browser.post(LOGTO_PATHS.verifyCode).send({ code: backupCodes[0] })
      },
    },
  ]

  for (const { how, path, method, act } of PATHS) {
    describe(`after ${how} [${path}]`, () => {
      const success = path === 'pages' ? 303 : 200

      it('C29 has another id, and the old one is dead in Redis', async () => {
        const browser = await signIn(`new id: ${how}`)
        const { sessionId: before } = await whoAmI(browser)
        expect(await sessions.read(before)).to.not.equal(undefined)
        const answer = await act(browser, `new id: ${how}`, app)
        expect(answer.status).to.equal(success)
        const now = await whoAmI(browser)
        expect(now.sessionId).to.not.equal(before)
        expect(now).to.include({ authenticated: true, state: 'satisfied' })
        expect(cookieOf(answer)).to.include(encodeURIComponent(now.sessionId))
        expect(await client.exists(`sess:${before}`)).to.equal(0)
        expect(await client.exists(`sess:${now.sessionId}`)).to.equal(1)
      })

      it('C29 is nobody’s under its old cookie', async () => {
        const browser = app.browser()
        const old = cookieOf(await browser.post('/login').send({ name: `old cookie: ${how}` }))
        await act(browser, `old cookie: ${how}`, app)
        const thief = (path: string) => supertest(app.url).get(path).set('Cookie', old)
        expect((await thief('/whoami').expect(200)).body)
          .to.include({ authenticated: false })
          .and.not.have.property('state')
        await thief('/private').expect(401)
        expect(outcomeOf(await thief('/2fa'))).to.equal('401 not_authenticated')
      })

      it('keeps what the application has put into it, and how long its cookie lives', async () => {
        const browser = await signIn(`keeps: ${how}`)
        await browser.post('/keep').expect(204)
        const answer = await act(browser, `keeps: ${how}`, app)
        const { sessionId, basket } = await whoAmI(browser)
        expect(basket).to.equal('three apples')
        const session = (await sessions.read(sessionId)) as (StoredSession & { kept?: unknown }) | undefined
        expect(session?.kept).to.deep.equal(KEPT)
        expect(session?.passport).to.deep.equal({ user: `keeps: ${how}` })
        // Each touch may lose express-session a millisecond of it.
        expect(session?.cookie?.originalMaxAge).to.be.within((WEEK - 60) * 1000, WEEK * 1000)
        expect(await client.ttl(`sess:${sessionId}`)).to.be.within(WEEK - 60, WEEK)
        const expires = /Expires=([^;]+)/.exec(String(answer.get('Set-Cookie')?.[0]))?.[1] ?? ''
        expect((Date.parse(expires) - Date.now()) / 1000).to.be.within(WEEK - 60, WEEK)
      })

      it('C34 has a mark of whose, how, when and in which epoch', async () => {
        const name = `mark: ${how}`
        const browser = await signIn(name)
        await act(browser, name, app)
        const { epoch, authenticators } = await app.secondFactor.status(name)
        expect(await markIn(browser)).to.deep.equal({
          userId: name,
          method,
          ...(method === 'totp' && { authenticatorId: authenticators[0]?.id }),
          at: app.clock.now(),
          epoch,
        })
      })

      it('P3 has its mark in Redis before the answer leaves, under the new id alone', async () => {
        const found: { readonly ids: readonly string[]; readonly now: string }[] = []
        const watching = await start({
          front: (host) =>
            host.use((req, res, next) => {
              const json = res.json.bind(res)
              const redirect = res.redirect.bind(res) as (status: number, path: string) => void
              // Express-session has not had its turn at the end of the answer yet: what is stored, we have stored.
              const look = async () => {
                const id = req.sessionID
                found.push({ ids: await marked(name), now: id })
              }
              res.json = (body) => {
                void look().then(() => json(body))
                return res
              }
              res.redirect = (status: unknown, place?: unknown) => {
                void look().then(() => {
                  redirect(Number(status), String(place))
                })
              }
              next()
            }),
        })
        const name = `watched: ${how}`
        const browser = await signIn(name, watching)
        const answer = await act(browser, name, watching)
        expect(answer.status).to.equal(success)
        const { ids, now } = found.at(-1) ?? { ids: [], now: '' }
        expect(ids).to.include(now)
        expect(now).to.equal((await whoAmI(browser)).sessionId)
      })
    })
  }

  /** Under which ids Redis has a mark of somebody. */
  async function marked(name: string): Promise<string[]> {
    const ids: string[] = []
    for (const key of await client.keys('sess:*')) {
      const id = key.slice('sess:'.length)
      if ((await sessions.read(id))?.secondFactor?.userId === name) ids.push(id)
    }
    return ids
  }

  it('C29 [step-up] has another id after a step-up too, and the mark moves', async () => {
    const browser = app.browser()
    const person = await enrolThroughRouter(app, browser, 'steps up')
    const { sessionId: before } = await whoAmI(browser)
    app.clock.advance(30)
    await show(person, browser).expect(200)
    const { sessionId } = await whoAmI(browser)
    expect(sessionId).to.not.equal(before)
    expect(await marked('steps up')).to.deep.equal([sessionId])
  })

  it('C29 [enrolment] has another id after the confirmation of a further authenticator too', async () => {
    const browser = app.browser()
    const person = await preparePerson(app, browser, 'adds a phone')
    const { sessionId: before } = await whoAmI(browser)
    const code = person.pendingPhone.codeAt(app.clock.now())
    await browser.post(`/2fa/totp/${person.pendingId}/verify`).send({ code }).expect(200)
    const { sessionId } = await whoAmI(browser)
    expect(sessionId).to.not.equal(before)
    expect(await marked('adds a phone')).to.deep.equal([sessionId])
    expect(await markIn(browser)).to.include({ authenticatorId: person.pendingId, at: app.clock.now() })
  })

  it('stays as it is after a wrong code', async () => {
    const { phone } = await enrolThroughRouter(app, app.browser(), 'mistypes')
    const browser = await signIn('mistypes')
    const { sessionId } = await whoAmI(browser)
    await browser
      .post('/2fa/verify')
      .send({ code: wrongCode(phone, app.clock.now()) })
      .expect(422)
    expect((await whoAmI(browser)).sessionId).to.equal(sessionId)
    expect(await markIn(browser)).to.equal(undefined)
  })

  it('C29 P3 [Router] is not satisfied under its old id, which a late request has written back', async () => {
    let entered = () => undefined as unknown
    let release = () => undefined as unknown
    const inside = new Promise<void>((resolve) => (entered = resolve))
    const released = new Promise<void>((resolve) => (release = resolve))
    const slow = await start({
      routes: (host) => {
        host.post('/slow', (req, res, next) => {
          entered()
          released.then(() => {
            Object.assign(req.session, { basket: 'a late pear' })
            res.sendStatus(204)
          }, next)
        })
      },
    })
    const person = await enrolThroughRouter(slow, slow.browser(), 'hurries')
    const browser = slow.browser()
    const old = cookieOf(await browser.post('/login').send({ name: 'hurries' }))
    const late = supertest(slow.url).post('/slow').set('Cookie', old).then()
    await inside
    slow.clock.advance(30)
    await show(person, browser, slow).expect(200)
    release()
    await late
    const thief = supertest.agent(slow.url).set('Cookie', old)
    expect(await whoAmI(thief)).to.include({ authenticated: false, state: 'pending', basket: 'a late pear' })
    expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
  })

  it('C13 holds no secret, no code and no password at any time', async () => {
    const dumps: string[] = []
    const dump = async () => {
      for (const key of await client.keys('sess:*')) dumps.push(key, (await client.get(key)) ?? '')
    }
    const browser = app.browser()
    const password = 'correct horse battery staple'
    await browser.post('/login').send({ name: 'discreet', password }).expect(204)
    await dump()
    const begun = await browser.post('/2fa/totp').send({}).expect(201)
    await dump()
    const { id, secret, uri } = begun.body as { id: string; secret: string; uri: string }
    const phone = new TestAuthenticator(uri)
    const codes = [phone.codeAt(app.clock.now())]
    const confirmed = await browser.post(`/2fa/totp/${id}/verify`).send({ code: codes[0] }).expect(200)
    await dump()
    const { backupCodes } = confirmed.body as { backupCodes: string[] }
    const fresh = await browser.post('/2fa/backup-codes').expect(201)
    app.clock.advance(30)
    codes.push(phone.codeAt(app.clock.now()))
    await browser.post('/2fa/verify').send({ code: codes[1] }).expect(200)
    await dump()
    await browser.post('/2fa/verify').send({ code: backupCodes[0] }).expect(200)
    await dump()

    const everything = dumps.join('\n')
    expect(everything).to.include('discreet')
    for (const hidden of [
      secret,
      secret.toLowerCase(),
      'otpauth',
      password,
      ...backupCodes,
      ...backupCodes.map((code) => code.replaceAll('-', '')),
      ...(fresh.body as { codes: string[] }).codes,
    ]) {
      expect(everything).to.not.include(hidden)
    }
    for (const code of codes) expect(everything).to.not.match(new RegExp(`\\b${code}\\b`))
  })

  describe('loses its mark', () => {
    const AWAY: readonly (readonly [
      how: string,
      state: string,
      act: (person: EnrolledPerson, other: Browser, name: string) => Promise<unknown>,
    ])[] = [
      [
        'C27 [service] when an administrator resets the second factor',
        'not_enrolled',
        (_person, _other, name) => app.secondFactor.reset(name),
      ],
      [
        'C27 [Router] when another session turns it off',
        'not_enrolled',
        (_person, other) => other.delete('/2fa').expect(204),
      ],
      [
        'C27 [Router] when another session removes the last authenticator',
        'not_enrolled',
        ({ authenticatorId }, other) => other.delete(`/2fa/totp/${authenticatorId}`).expect(204),
      ],
      [
        'C27 [Router] when another session recovers with a backup code',
        'pending',
        ({ backupCodes }, other) => other.post('/2fa/verify').send({ code: backupCodes[0] }).expect(200),
      ],
    ]

    for (const [how, state, act] of AWAY) {
      it(`${how}, at its next request`, async () => {
        const browser = app.browser()
        const person = await enrolThroughRouter(app, browser, how)
        const other = await satisfied(person, how)
        await browser.post('/transfer').expect(200)
        await act(person, other, how)
        await browser.post('/transfer').expect(403)
        expect((await whoAmI(browser)).state).to.equal(state)
        // Enrolling once more does not bring it back.
        if (state === 'not_enrolled') await enrolThroughRouter(app, app.browser(), how)
        expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      })
    }

    it('by its own turning off, in Redis too', async () => {
      const browser = app.browser()
      await enrolThroughRouter(app, browser, 'turns off')
      await browser.delete('/2fa').expect(204)
      expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'not_enrolled' })
      expect(await markIn(browser)).to.equal(undefined)
    })

    it('C27 [Router] when another session removes an authenticator, which itself stays satisfied', async () => {
      const browser = app.browser()
      const person = await preparePerson(app, browser, 'has two')
      const code = person.pendingPhone.codeAt(app.clock.now())
      await browser.post(`/2fa/totp/${person.pendingId}/verify`).send({ code }).expect(200)
      const other = await satisfied(person, 'has two')
      await browser.delete(`/2fa/totp/${person.authenticatorId}`).expect(204)
      await browser.post('/transfer').expect(200)
      expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
      expect(outcomeOf(await other.post('/transfer'))).to.equal('403 second_factor_required')
      expect(await whoAmI(other)).to.include({ authenticated: false, state: 'pending' })
    })
  })

  describe('keeps its mark', () => {
    const KEEPING: readonly (readonly [
      how: string,
      act: (person: Awaited<ReturnType<typeof preparePerson>>, other: Browser) => Promise<unknown>,
    ])[] = [
      ['shows the second factor', () => Promise.resolve()],
      [
        'adds an authenticator',
        ({ pendingId, pendingPhone }, other) =>
          other
            .post(`/2fa/totp/${pendingId}/verify`)
            .send({ code: pendingPhone.codeAt(app.clock.now()) })
            .expect(200),
      ],
      ['removes a pending authenticator', ({ pendingId }, other) => other.delete(`/2fa/totp/${pendingId}`)],
      [
        'puts fresh backup codes in force',
        ({ freshCodesId }, other) => other.post(`/2fa/backup-codes/${freshCodesId}/confirm`).expect(200),
      ],
    ]
    for (const [how, act] of KEEPING) {
      it(`when another session ${how}`, async () => {
        const browser = app.browser()
        const person = await preparePerson(app, browser, `undisturbed: ${how}`)
        const other = await satisfied(person, `undisturbed: ${how}`)
        await act(person, other)
        await browser.post('/transfer').expect(200)
        expect(await whoAmI(browser)).to.include({ state: 'satisfied' })
      })
    }

    it('when it recovers with a backup code itself', async () => {
      const browser = app.browser()
      const { backupCodes } = await enrolThroughRouter(app, browser, 'recovers here')
      await browser.post('/2fa/verify').send({ code: backupCodes[0] }).expect(200)
      await browser.post('/transfer').expect(200)
    })
  })

  for (const hold of ['with', 'without'] as const) {
    describe(`belongs to one login, ${hold} holdForSecondFactor`, () => {
      let where: TestApp
      before(async () => {
        where = await start(hold === 'with' ? {} : { hold: false })
      })
      const refused = async (browser: Browser) => {
        expect(outcomeOf(await browser.post('/transfer'))).to.equal('403 second_factor_required')
      }
      const enter = async (browser: Browser, name: string) => {
        await browser
          .post('/login/keeping')
          .send({ name: `${name} ${hold}` })
          .expect(204)
      }
      const enrolled = async (browser: Browser, name: string) => {
        await enrolThroughRouter(where, browser, `${name} ${hold}`)
        await browser.post('/transfer').expect(200)
      }

      it('P2 [Router] and is not inherited by somebody else who signs in over it, keepSessionInfo and all', async () => {
        await enrolled(where.browser(), 'second')
        const browser = where.browser()
        await enrolled(browser, 'first')
        await enter(browser, 'second')
        await refused(browser)
      })

      it('and does not come back with the first user, after somebody else was there', async () => {
        const browser = where.browser()
        await enrolled(browser, 'comes back')
        await enter(browser, 'passes by')
        expect(outcomeOf(await browser.post('/transfer'))).to.equal('403 enrolment_required')
        await enter(browser, 'comes back')
        await refused(browser)
      })

      it('and does not come back with the same user, after nobody was there', async () => {
        const browser = where.browser()
        await enrolled(browser, 'signs out')
        await browser.post('/logout/keeping').expect(204)
        expect(outcomeOf(await browser.post('/transfer'))).to.equal('401 not_authenticated')
        await enter(browser, 'signs out')
        await refused(browser)
      })

      // Only what stands in front of every route sees a login that asks for nothing else of ours.
      if (hold === 'with') {
        it('and does not come back with the first user, who signs in over somebody else', async () => {
          const browser = where.browser()
          await enrolled(browser, 'comes back at once')
          await enter(browser, 'passes by at once')
          await enter(browser, 'comes back at once')
          await refused(browser)
        })

        it('and ends with signing out, keepSessionInfo and all', async () => {
          const browser = where.browser()
          await enrolled(browser, 'signs out at once')
          await browser.post('/logout/keeping').expect(204)
          await enter(browser, 'signs out at once')
          await refused(browser)
        })
      }

      it('and ends with signing in once more without keepSessionInfo', async () => {
        const browser = where.browser()
        await enrolled(browser, 'signs in twice')
        await browser
          .post('/login')
          .send({ name: `signs in twice ${hold}` })
          .expect(204)
        await refused(browser)
      })
    })
  }

  describe('counts for nothing', () => {
    const MARKS: readonly (readonly [what: string, change: (mark: SecondFactorMark) => unknown])[] = [
      ['without a mark', () => undefined],
      ['with null for a mark', () => null],
      ['with a text for a mark', () => 'satisfied'],
      ['with an empty mark', () => ({})],
      ['with the mark of somebody else', (mark) => ({ ...mark, userId: 'somebody else' })],
      ['with a mark of nobody', ({ userId: _nobody, ...mark }) => mark],
      ['with a mark of another epoch', (mark) => ({ ...mark, epoch: 'another' })],
      ['with a mark of no epoch', ({ epoch: _none, ...mark }) => mark],
      ['with a mark of no time', ({ at: _never, ...mark }) => mark],
      ['with a mark whose time is a text', (mark) => ({ ...mark, at: String(mark.at) })],
      ['with a mark whose time is null', (mark) => ({ ...mark, at: null })],
    ]

    /** Put a mark into a session as if the store had it so. */
    const forge = async (browser: Browser, mark: unknown) => {
      const { sessionId } = await whoAmI(browser)
      const session = await sessions.read(sessionId)
      await client.set(`sess:${sessionId}`, JSON.stringify({ ...session, secondFactor: mark }))
    }

    for (const [what, change] of MARKS) {
      it(`${what}, if the user is enrolled`, async () => {
        const browser = app.browser()
        await enrolThroughRouter(app, browser, `forged ${what}`)
        const mark = await markIn(browser)
        if (!mark) throw new Error('There is no mark to change.')
        await forge(browser, mark)
        expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
        await forge(browser, change(mark))
        expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
        expect(outcomeOf(await browser.post('/transfer'))).to.equal('403 second_factor_required')
      })

      it(`${what}, if the user is not`, async () => {
        const name = `forged newcomer ${what}`
        const browser = await signIn(name)
        const mark: SecondFactorMark = { userId: name, method: 'totp', at: app.clock.now(), epoch: '' }
        await forge(browser, change(mark))
        expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'not_enrolled' })
        expect(outcomeOf(await browser.post('/transfer'))).to.equal('403 enrolment_required')
      })
    }
  })

  it('has no mark in Redis after signing out, keepSessionInfo and all', async () => {
    const browser = app.browser()
    await enrolThroughRouter(app, browser, 'leaves nothing')
    await browser.post('/logout/keeping').expect(204)
    await browser.get('/whoami').expect(200)
    expect(await marked('leaves nothing')).to.deep.equal([])
  })

  for (const [what, storageMethod, act] of [
    ['turns off', 'remove', (browser: Browser) => browser.delete('/2fa')],
    [
      'removes an authenticator',
      'replace',
      (browser: Browser, id: string) => browser.delete(`/2fa/totp/${id}`),
    ],
  ] as const) {
    it(`that was ended while it ${what} does not come back`, async () => {
      const storage = new InterleavingStorage()
      const where = await start({ storage })
      const name = `ends: ${what}`
      const browser = where.browser()
      const person = await preparePerson(where, browser, name)
      const code = person.pendingPhone.codeAt(where.clock.now())
      await browser.post(`/2fa/totp/${person.pendingId}/verify`).send({ code }).expect(200)
      const { sessionId } = await whoAmI(browser)
      storage.before(storageMethod, () => client.del(`sess:${sessionId}`))
      expect(outcomeOf(await act(browser, person.authenticatorId))).to.equal('503 unavailable')
      expect(await sessions.read(sessionId)).to.equal(undefined)
      expect(await whoAmI(browser))
        .to.include({ authenticated: false })
        .and.not.have.property('state')
    })
  }

  describe('whose store fails while it is renewed', () => {
    for (const [what, command] of [
      ['the old id cannot be destroyed', 'del'],
      ['the new one cannot be saved', 'set'],
    ] as const) {
      it(`is not marked, and the answer is 503: ${what}`, async () => {
        const name = `unlucky: ${what}`
        const person = await enrolThroughRouter(app, app.browser(), name)
        for (const id of await marked(name)) await client.del(`sess:${id}`)
        const browser = await signIn(name)
        const before = await whoAmI(browser)
        app.clock.advance(30)
        sessions.fail(command, 1)
        const answer = await show(person, browser)
        sessions.recover()
        expect(outcomeOf(answer)).to.equal('503 unavailable')
        expect(answer.get('Retry-After')).to.equal('2')
        expect(await marked(name)).to.deep.equal([])
        const after = await whoAmI(browser)
        expect(after).to.include({ authenticated: false, state: 'pending' })
        if (command === 'del') expect(after).to.deep.equal(before)
      })
    }
  })

  describe('that cannot be renewed', () => {
    const done = (act: () => void) => act
    const SESSIONS: readonly (readonly [what: string, session: unknown])[] = [
      ['is not there', undefined],
      ['is null', null],
      ['is an object, as of cookie-session', { passport: { user: 'anybody' } }],
      ['is an object that carries a mark', { secondFactor: { userId: 'anybody', at: 1, epoch: 'e' } }],
      ['can be saved only', { save: done }],
      ['can be regenerated only', { regenerate: done }],
      ['has both methods, doing nothing, and no store', { save: done, regenerate: done }],
    ]

    /** An application without express-session, where somebody is signed in. */
    async function sessionless(session: unknown, hold: boolean) {
      const service = newService()
      const { phone } = await enrolUser(service, 'anybody')
      const { secondFactor, clock } = service
      const host: Express = express()
      host.use((req, _res, next) => {
        if (session !== undefined) Object.assign(req, { session })
        const name = req.get('Name')
        if (name !== undefined) req.user = { id: name }
        next()
      })
      if (hold) host.use(holdForSecondFactor(secondFactor))
      host.use('/2fa', ...watchedRouter(secondFactorRouter(secondFactor)))
      host.get('/guarded', requireSecondFactor(secondFactor), (_req, res) => {
        res.sendStatus(204)
      })
      host.get('/public', (_req, res) => {
        res.sendStatus(204)
      })
      host.use(((error: unknown, _req, res, _next) => {
        const known = error instanceof SecondFactorError
        res.status(known ? error.status : 599).json(known ? { code: error.code, says: error.message } : {})
      }) as ErrorRequestHandler)
      const { url, close } = await serve(host)
      return { secondFactor, phone, clock, browser: supertest.agent(url), close }
    }

    for (const hold of ['with', 'without'] as const) {
      for (const [what, session] of SESSIONS) {
        it(`P4 [Router]${hold === 'with' ? ' [hold]' : ''} is an error, never a pass, and no code is spent: it ${what}, ${hold} holdForSecondFactor`, async () => {
          const { browser, secondFactor, phone, clock, close } = await sessionless(session, hold === 'with')
          const code = phone.codeAt(clock.now())
          try {
            for (const request of [
              browser.get('/guarded'),
              browser.get('/2fa'),
              browser.post('/2fa/verify').send({ code }),
              browser.post('/2fa/totp').send({}),
              browser.delete('/2fa'),
            ]) {
              const answer = await request.set('Name', 'anybody')
              expect(answer.status).to.equal(500)
              const { code: name, says } = answer.body as { code: string; says: string }
              expect(name).to.equal('session_unsupported')
              expect(says).to.include('express-session')
            }
          } finally {
            await close()
          }
          expect(await secondFactor.verify('anybody', code)).to.include({ ok: true })
        })
      }
    }

    it('is an error before an enrolment, rather than half an enrolment', async () => {
      const { browser, secondFactor, close } = await sessionless({}, true)
      try {
        const answer = await browser.post('/2fa/totp').set('Name', 'newcomer').send({})
        expect(outcomeOf(answer)).to.equal('500 session_unsupported')
      } finally {
        await close()
      }
      expect(await secondFactor.status('newcomer')).to.deep.include({ authenticators: [] })
    })

    it('harms no stranger', async () => {
      const { browser, close } = await sessionless(undefined, true)
      try {
        await browser.get('/public').expect(204)
        await browser.get('/guarded').expect(401)
        await browser.get('/2fa').expect(401)
      } finally {
        await close()
      }
    })
  })
})
