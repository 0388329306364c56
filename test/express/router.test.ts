import { expect } from 'chai'
import express, { type Request } from 'express'
import { before, describe, it } from 'mocha'
import { MemoryStorage, type RouterOptions, type SecondFactor, secondFactorRouter } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import {
  type Browser,
  enrolThroughRouter,
  type TestApp,
  type TestAppOptions,
  type TestUser,
} from '../support/app.js'
import { callEndpoint, ENDPOINT_CALLS, outcomeOf, preparePerson, titleOf } from '../support/endpoints.js'
import { watchedRouter } from '../support/openapi-check.js'
import { readQrCode } from '../support/qr-code.js'
import { appsOnRedis } from '../support/suite.js'

const BACKUP_CODE = /^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){4}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

type Members = Readonly<Record<string, unknown>>

/** What there is once, in the answer that created it. */
const SHOWN_ONCE = ['secret', 'uri', 'qrCode', 'backupCodes', 'codes']

describe('secondFactorRouter, the [Router]', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start()
  })

  const iso = (secondsFromNow = 0) => new Date(app.clock.now() + secondsFromNow * 1000).toISOString()

  const signIn = async (name: string, where = app): Promise<Browser> => {
    const browser = where.browser()
    await browser.post('/login').send({ name }).expect(204)
    return browser
  }

  const begin = async (browser: Browser, body: object = {}) =>
    (await browser.post('/2fa/totp').send(body).expect(201)).body as {
      id: string
      uri: string
      label: string
    }

  const status = async (browser: Browser) =>
    (await browser.get('/2fa').expect(200)).body as Members & { authenticators: Members[] }

  describe('answers', () => {
    it('GET / of somebody without a second factor with that', async () => {
      expect(await status(await signIn('newcomer'))).to.deep.equal({
        enabled: false,
        satisfied: false,
        authenticators: [],
        backupCodes: null,
      })
    })

    it('GET / with a pending authenticator as one that does not count', async () => {
      const browser = await signIn('hesitant')
      const { id } = await begin(browser, { label: 'Phone' })
      const { enabled, satisfied, authenticators } = await status(browser)
      expect({ enabled, satisfied }).to.deep.equal({ enabled: false, satisfied: false })
      const times = { createdAt: iso(), updatedAt: iso(), expiresAt: iso(600) }
      expect(authenticators).to.deep.equal([{ id, label: 'Phone', verified: false, ...times }])
    })

    it('POST /totp with the secret, the key URI and the QR code of it', async () => {
      const browser = await signIn('starter')
      const answer = await browser.post('/2fa/totp').send({ label: ' Phone ' }).expect(201)
      const { id, secret, uri, qrCode, ...rest } = answer.body as Record<string, string>
      expect(rest).to.deep.equal({
        label: 'Phone',
        verified: false,
        createdAt: iso(),
        updatedAt: iso(),
        expiresAt: iso(600),
      })
      expect(id).to.match(/^[\w-]{16,}$/)
      expect(secret).to.match(/^[A-Z2-7]{32}$/)
      expect(uri).to.equal(
        `otpauth://totp/ACME:starter?secret=${String(secret)}&issuer=ACME&algorithm=SHA1&digits=6&period=30`,
      )
      expect(qrCode).to.match(/^data:image\/png;base64,/)
      expect(readQrCode(String(qrCode))).to.equal(uri)
    })

    it('POST /totp/:id/verify with the authenticator and ten backup codes', async () => {
      const browser = await signIn('confirms')
      const { id, uri } = await begin(browser)
      const createdAt = iso()
      app.clock.advance(40)
      const code = new TestAuthenticator(uri).codeAt(app.clock.now())
      const answer = await browser.post(`/2fa/totp/${id}/verify`).send({ code }).expect(200)
      const { backupCodes, ...rest } = answer.body as Members & { backupCodes: string[] }
      const times = { createdAt, updatedAt: iso(), lastUsedAt: iso() }
      expect(rest).to.deep.equal({ id, label: 'Authenticator 1', verified: true, ...times })
      expect(new Set(backupCodes).size).to.equal(10)
      for (const backupCode of backupCodes) expect(backupCode).to.match(BACKUP_CODE)
    })

    it('GET / of somebody who has enrolled without anything that was shown once', async () => {
      const browser = app.browser()
      const { authenticatorId } = await enrolThroughRouter(app, browser, 'enrolled')
      const { backupCodes, ...rest } = await status(browser)
      const times = { createdAt: iso(), updatedAt: iso(), lastUsedAt: iso() }
      expect(rest).to.deep.equal({
        enabled: true,
        satisfied: true,
        authenticators: [{ id: authenticatorId, label: 'Authenticator 1', verified: true, ...times }],
      })
      expect(backupCodes).to.include({ remaining: 10, total: 10, createdAt: iso() })
    })

    it('GET / of a pending session as not satisfied', async () => {
      await enrolThroughRouter(app, app.browser(), 'half-way')
      expect(await status(await signIn('half-way'))).to.include({ enabled: true, satisfied: false })
    })

    it('GET / at both spellings of its address, and HEAD without a body', async () => {
      const browser = await signIn('spells')
      await browser.get('/2fa/').expect(200)
      const head = await browser.head('/2fa').expect(200)
      expect(head.text).to.equal(undefined)
    })

    it('PATCH /totp/:id with the renamed authenticator', async () => {
      const browser = app.browser()
      const { authenticatorId } = await enrolThroughRouter(app, browser, 'renames')
      const [createdAt, lastUsedAt] = [iso(), iso()]
      app.clock.advance(60)
      const answer = await browser
        .patch(`/2fa/totp/${authenticatorId}`)
        .send({ label: '  Téléphone 📱 ' })
        .expect(200)
      const renamed = { id: authenticatorId, label: 'Téléphone 📱', verified: true }
      expect(answer.body).to.deep.equal({ ...renamed, createdAt, updatedAt: iso(), lastUsedAt })
      expect((await status(browser)).authenticators).to.deep.equal([answer.body])
    })

    it('POST /verify of a TOTP code with how, by what and when', async () => {
      const { phone, authenticatorId } = await enrolThroughRouter(app, app.browser(), 'verifies')
      app.clock.advance(30)
      const browser = await signIn('verifies')
      const code = phone.codeAt(app.clock.now())
      const answer = await browser.post('/2fa/verify').send({ code }).expect(200)
      const shown = { method: 'totp', authenticatorId, verifiedAt: iso() }
      expect(answer.body).to.deep.equal({ verified: true, backupCodesRemaining: 10, ...shown })
    })

    it('POST /verify of a backup code with how many are left', async () => {
      const { backupCodes } = await enrolThroughRouter(app, app.browser(), 'recovers')
      const browser = await signIn('recovers')
      const [first = '', second = ''] = backupCodes
      const answer = await browser.post('/2fa/verify').send({ code: first }).expect(200)
      const shown = { method: 'backup_code', verifiedAt: iso() }
      expect(answer.body).to.deep.equal({ verified: true, backupCodesRemaining: 9, ...shown })
      const typed = second.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')
      const again = await browser.post('/2fa/verify').send({ code: typed }).expect(200)
      expect(again.body).to.include({ backupCodesRemaining: 8 })
    })

    it('C3 POST /verify of a backup code that was used before as of a wrong one', async () => {
      const { backupCodes } = await enrolThroughRouter(app, app.browser(), 'recovers twice')
      const browser = await signIn('recovers twice')
      await browser.post('/2fa/verify').send({ code: backupCodes[0] }).expect(200)
      await browser.post('/2fa/verify').send({ code: backupCodes[0] }).expect(422)
      await (await signIn('recovers twice')).post('/2fa/verify').send({ code: backupCodes[0] }).expect(422)
    })

    it('C8 POST /verify of a TOTP code that was used before as of a wrong one', async () => {
      const { phone } = await enrolThroughRouter(app, app.browser(), 'replays')
      app.clock.advance(30)
      const code = phone.codeAt(app.clock.now())
      await (await signIn('replays')).post('/2fa/verify').send({ code }).expect(200)
      await (await signIn('replays')).post('/2fa/verify').send({ code }).expect(422)
      app.clock.advance(30)
      await (await signIn('replays')).post('/2fa/verify').send({ code }).expect(422)
    })

    it('POST /totp/:id/verify only once for a code: the enrolment code is spent', async () => {
      const { phone } = await enrolThroughRouter(app, app.browser(), 'fresh from enrolment')
      const code = phone.codeAt(app.clock.now())
      await (await signIn('fresh from enrolment')).post('/2fa/verify').send({ code }).expect(422)
    })

    it('POST /backup-codes with a set that counts from its confirmation on', async () => {
      const browser = app.browser()
      const { backupCodes: old } = await enrolThroughRouter(app, browser, 'regenerates')
      app.clock.advance(60)
      const made = await browser.post('/2fa/backup-codes').expect(201)
      const { id, codes, ...rest } = made.body as Members & { id: string; codes: string[] }
      expect(rest).to.deep.equal({ createdAt: iso(), confirmed: false, expiresAt: iso(600) })
      expect(new Set([...codes, ...old]).size).to.equal(20)
      for (const code of codes) expect(code).to.match(BACKUP_CODE)
      // Until its owner says to have saved it, the old set works on, and the new one does not.
      await browser.post('/2fa/verify').send({ code: codes[0] }).expect(422)
      await browser.post('/2fa/verify').send({ code: old[0] }).expect(200)

      const createdAt = iso()
      app.clock.advance(60)
      const confirmed = await browser.post(`/2fa/backup-codes/${id}/confirm`).expect(200)
      expect(confirmed.body).to.deep.equal({ id, confirmed: true, remaining: 10, total: 10, createdAt })
      await browser.post('/2fa/verify').send({ code: old[1] }).expect(422)
      await browser.post('/2fa/verify').send({ code: codes[0] }).expect(200)
      expect((await status(browser))['backupCodes']).to.include({ remaining: 9, total: 10, createdAt })
    })

    it('DELETE /totp/:id with nothing; with the last one everything is off', async () => {
      const browser = app.browser()
      const { authenticatorId } = await enrolThroughRouter(app, browser, 'removes')
      const answer = await browser.delete(`/2fa/totp/${authenticatorId}`).expect(204)
      expect(answer.text).to.equal('')
      expect(await status(browser)).to.deep.equal({
        enabled: false,
        satisfied: false,
        authenticators: [],
        backupCodes: null,
      })
    })

    it('DELETE / with nothing, and everything is off', async () => {
      const browser = app.browser()
      const { phone } = await enrolThroughRouter(app, browser, 'turns off')
      await begin(browser)
      expect((await browser.delete('/2fa').expect(204)).text).to.equal('')
      expect(await status(browser)).to.deep.include({ enabled: false, authenticators: [] })
      app.clock.advance(30)
      const again = await browser.post('/2fa/verify').send({ code: phone.codeAt(app.clock.now()) })
      expect(outcomeOf(again)).to.equal('409 not_enrolled')
      await browser.get('/private').expect(200)
    })
  })

  describe('sends with every answer', () => {
    for (const call of ENDPOINT_CALLS) {
      it(`that it is not to be stored, and a request id: ${titleOf(call)}`, async () => {
        const browser = app.browser()
        const person = await preparePerson(app, browser, `headers of ${titleOf(call)}`)
        const good = await callEndpoint(app, browser, call, person)
        const bad = await callEndpoint(app, app.browser(), call, person)
        expect([good.status, bad.status]).to.deep.equal([call.success, 401])
        for (const { headers } of [good, bad]) {
          expect(headers).to.include({ 'cache-control': 'no-store' })
          expect(headers).to.have.property('x-request-id').that.matches(UUID)
        }
        expect(good.get('X-Request-Id')).to.not.equal(bad.get('X-Request-Id'))
        if (call.success !== 204) expect(good.get('Content-Type')).to.equal('application/json; charset=utf-8')
        expect(bad.get('Content-Type')).to.match(/^application\/problem\+json(;|$)/)
      })
    }

    it('the request id that the application gave', async () => {
      const named = await start({
        front: (host) =>
          host.use((_req, res, next) => {
            res.setHeader('X-Request-Id', 'given in front')
            next()
          }),
      })
      expect((await named.browser().get('/2fa').expect(401)).get('X-Request-Id')).to.equal('given in front')
    })
  })

  describe('shows a secret once', () => {
    it('C33 [enrolment] and in no answer but the one that made it', async () => {
      const browser = app.browser()
      const person = await preparePerson(app, browser, 'watched')
      const begun = await browser.post('/2fa/totp').send({}).expect(201)
      const { secret, uri, qrCode } = begun.body as Record<string, string>
      for (const call of ENDPOINT_CALLS) {
        const answer = await callEndpoint(app, browser, call, person)
        for (const shown of [secret, uri, qrCode]) expect(answer.text, titleOf(call)).to.not.include(shown)
        const made = call.success === 201 ? SHOWN_ONCE : []
        for (const member of SHOWN_ONCE.filter((one) => !made.includes(one))) {
          // The one member of that name which is no secret: how many codes there are.
          if (titleOf(call) === 'GET /' && member === 'backupCodes') continue
          expect(answer.body as Members, titleOf(call)).to.not.have.property(member)
        }
      }
    })

    for (const path of ['/2fa/totp', '/2fa/totp/:id', '/2fa/totp/:id/verify', '/2fa/backup-codes']) {
      it(`C33 and has no GET ${path}`, async () => {
        const browser = app.browser()
        const { authenticatorId } = await enrolThroughRouter(app, browser, `looks at ${path}`)
        await browser.get(path.replace(':id', authenticatorId)).expect(404)
      })
    }
  })

  describe('has several authenticators', () => {
    it('each by its name, each good for a verification', async () => {
      const browser = app.browser()
      const first = await enrolThroughRouter(app, browser, 'collector')
      app.clock.advance(30)
      const { id, uri } = await begin(browser, { label: 'Tablet' })
      const tablet = new TestAuthenticator(uri)
      const code = tablet.codeAt(app.clock.now())
      const confirmed = await browser.post(`/2fa/totp/${id}/verify`).send({ code }).expect(200)
      // Backup codes are there already, and the owner keeps them.
      expect(confirmed.body).to.not.have.property('backupCodes')
      const labels = (await status(browser)).authenticators.map(({ label }) => label)
      expect(labels).to.deep.equal(['Authenticator 1', 'Tablet'])

      app.clock.advance(30)
      for (const [phone, authenticatorId] of [
        [first.phone, first.authenticatorId],
        [tablet, id],
      ] as const) {
        const session = await signIn('collector')
        const shown = await session.post('/2fa/verify').send({ code: phone.codeAt(app.clock.now()) })
        expect(shown.body).to.include({ method: 'totp', authenticatorId })
      }
    })

    it('and stays on when one of them is removed', async () => {
      const browser = app.browser()
      const person = await preparePerson(app, browser, 'keeps one')
      const code = person.pendingPhone.codeAt(app.clock.now())
      await browser.post(`/2fa/totp/${person.pendingId}/verify`).send({ code }).expect(200)
      await browser.delete(`/2fa/totp/${person.authenticatorId}`).expect(204)
      const { enabled, satisfied, authenticators } = await status(browser)
      expect({ enabled, satisfied }).to.deep.equal({ enabled: true, satisfied: true })
      expect(authenticators.map(({ id }) => id)).to.deep.equal([person.pendingId])
      app.clock.advance(30)
      const verify = (phone: TestAuthenticator) =>
        browser.post('/2fa/verify').send({ code: phone.codeAt(app.clock.now()) })
      await verify(person.phone).expect(422)
      await verify(person.pendingPhone).expect(200)
    })

    it('and names them by number when their owner does not', async () => {
      const browser = app.browser()
      await enrolThroughRouter(app, browser, 'nameless')
      expect((await begin(browser)).label).to.equal('Authenticator 2')
      expect((await begin(browser, { label: '' })).label).to.equal('Authenticator 3')
    })
  })

  describe('names the account', () => {
    const PEOPLE: Readonly<Record<string, object>> = {
      1: { id: 1, email: 'ann@example.com', username: 'ann' },
      2: { id: 2, username: 'bob' },
      3: { id: 3 },
      4: { id: 4, email: '', username: 'dan' },
      5: { id: 5, email: null, username: ['eve'] },
      6: { id: 6, email: ' ', username: 'fay: 100% + more' },
    }
    const NAMES = {
      1: 'ann@example.com',
      2: 'bob',
      3: '3',
      4: 'dan',
      5: '5',
      6: 'fay: 100% + more',
    } as const

    const known = (req: Request) => PEOPLE[(req.user as TestUser | undefined)?.id ?? '']
    const accountOf = async (where: TestApp, id: string) => {
      const { uri } = await begin(await signIn(id, where))
      return decodeURIComponent(new URL(uri).pathname.split(':').slice(1).join(':'))
    }

    let people: TestApp
    before(async () => {
      people = await start({
        storage: new MemoryStorage(),
        hold: { user: known },
        router: { user: known },
      })
    })

    for (const [id, name] of Object.entries(NAMES)) {
      it(`${name} for ${JSON.stringify(PEOPLE[id])}`, async () => {
        expect(await accountOf(people, id)).to.equal(name)
      })
    }

    it('as the accountName option says', async () => {
      const accountName = (user: Express.User) => `number ${(user as TestUser).id}`
      const named = await start({ storage: new MemoryStorage(), router: { accountName } })
      expect(await accountOf(named, '1')).to.equal('number 1')
    })

    it('by the id of the userId option when there is nothing else', async () => {
      const userId = (user: Express.User) => `tenant:${(user as TestUser).id}`
      const named = await start({ storage: new MemoryStorage(), router: { userId }, hold: { userId } })
      expect(await accountOf(named, '3')).to.equal('tenant:3')
    })
  })

  describe('understands bodies', () => {
    const FRONTS: Readonly<Record<string, TestAppOptions['front']>> = {
      'without a body parser in front': undefined,
      'behind express.json()': (host) => host.use(express.json()),
      'behind express.urlencoded()': (host) => host.use(express.urlencoded({ extended: true })),
      'behind both, and others': (host) =>
        host.use(express.json(), express.urlencoded({ extended: false }), express.text()),
    }

    for (const [where, front] of Object.entries(FRONTS)) {
      for (const type of ['json', 'form']) {
        it(`${type === 'json' ? 'in JSON' : 'of forms'}, ${where}`, async () => {
          const parsing = await start({ storage: new MemoryStorage(), ...(front && { front }) })
          const browser = await signIn('writes', parsing)
          const post = (path: string, body: object) => browser.post(path).type(type).send(body)
          const begun = await post('/2fa/totp', { label: 'Phone & more' }).expect(201)
          const { id, uri, label } = begun.body as { id: string; uri: string; label: string }
          expect(label).to.equal('Phone & more')
          const phone = new TestAuthenticator(uri)
          await post(`/2fa/totp/${id}/verify`, { code: phone.codeAt(parsing.clock.now()) }).expect(200)
          parsing.clock.advance(30)
          await post('/2fa/verify', { code: phone.codeAt(parsing.clock.now()) }).expect(200)
          const renamed = await browser.patch(`/2fa/totp/${id}`).type(type).send({ label: 'New' }).expect(200)
          expect(renamed.body).to.include({ label: 'New' })
        })
      }
    }

    it('that come in chunks', async () => {
      const { phone } = await enrolThroughRouter(app, app.browser(), 'chunks')
      app.clock.advance(30)
      const browser = await signIn('chunks')
      const request = browser.post('/2fa/verify').type('json').set('Transfer-Encoding', 'chunked')
      request.write('{"code":')
      request.write(`"${phone.codeAt(app.clock.now())}"}`)
      expect((await request).status).to.equal(200)
    })

    it('that are not there, where none is needed', async () => {
      const browser = await signIn('brief')
      await browser.post('/2fa/totp').expect(201)
      await browser.post('/2fa/totp').type('json').set('Transfer-Encoding', 'chunked').expect(201)
    })
  })

  describe('leaves to the application', () => {
    let sharing: TestApp
    before(async () => {
      sharing = await start({
        routes: (host) => {
          host.get('/2fa/challenge', (_req, res) => {
            res.send('a page')
          })
          host.post('/2fa/mine', express.text(), (req, res) => {
            res.send(`got ${String(req.body)}`)
          })
        },
      })
    })

    it('a page below its own path', async () => {
      const answer = await sharing.browser().get('/2fa/challenge').expect(200)
      expect(answer.text).to.equal('a page')
      expect(answer.headers).to.not.have.property('x-request-id')
    })

    it('a form below its own path, whatever its body and wherever it comes from', async () => {
      const request = sharing.browser().post('/2fa/mine').set('Sec-Fetch-Site', 'cross-site')
      expect((await request.type('text').send('text').expect(200)).text).to.equal('got text')
    })

    for (const [method, path] of [
      ['get', '/2fa/nothing'],
      ['get', '/2fa/verify'],
      ['put', '/2fa/verify'],
      ['post', '/2fa'],
      ['post', '/2fa/totp/some-id'],
      ['post', '/2fa/totp/some-id/verify/more'],
      ['delete', '/2fa/backup-codes'],
    ] as const) {
      it(`${method.toUpperCase()} ${path}, which it has no endpoint for`, async () => {
        const answer = await sharing.browser()[method](path).expect(404)
        expect(answer.headers).to.not.have.property('x-request-id')
      })
    }
  })

  it('can be mounted anywhere, also below a parameter of the same name', async () => {
    const elsewhere = await start({
      storage: new MemoryStorage(),
      routes: (host, secondFactor) =>
        host.use('/teams/:id/2fa', ...watchedRouter(secondFactorRouter(secondFactor))),
    })
    const browser = elsewhere.browser()
    const { authenticatorId } = await enrolThroughRouter(elsewhere, browser, 'member')
    await browser.patch(`/teams/7/2fa/totp/${authenticatorId}`).send({ label: 'Moved' }).expect(200)
    await browser.get('/teams/7/2fa').expect(200)
  })

  it('asks for a second factor as fresh as managementMaxAgeSeconds says', async () => {
    const strict = await start({ storage: new MemoryStorage(), router: { managementMaxAgeSeconds: 60 } })
    const browser = strict.browser()
    await enrolThroughRouter(strict, browser, 'strict')
    strict.clock.advance(60)
    await browser.post('/2fa/backup-codes').expect(201)
    strict.clock.advance(1)
    const late = await browser.post('/2fa/backup-codes')
    expect(outcomeOf(late)).to.equal('403 fresh_second_factor_required')
  })

  const MISUSES: readonly (readonly [what: string, secondFactor: unknown, options: unknown, says: string])[] =
    [
      ['no second factor', undefined, {}, 'createSecondFactor'],
      ['the factory in place of what it makes', () => undefined, {}, 'createSecondFactor'],
      ['a misspelt option', 'right', { acountName: () => 'me' }, 'Did you mean "accountName"?'],
      ['an option of something else', 'right', { issuer: 'ACME' }, 'issuer'],
      ['options that are none', 'right', null, 'options'],
      ['an account name that is a text', 'right', { accountName: 'me' }, 'accountName'],
      ['a user that is none', 'right', { user: {} }, 'user'],
      ['a user id that is a text', 'right', { userId: 'id' }, 'userId'],
      ['an age that is a text', 'right', { managementMaxAgeSeconds: '600' }, 'managementMaxAgeSeconds'],
      ['an age of nought', 'right', { managementMaxAgeSeconds: 0 }, 'managementMaxAgeSeconds'],
      ['an age that is no number', 'right', { managementMaxAgeSeconds: NaN }, 'managementMaxAgeSeconds'],
      ['an age without end', 'right', { managementMaxAgeSeconds: Infinity }, 'managementMaxAgeSeconds'],
    ]

  for (const [what, secondFactor, wrong, says] of MISUSES) {
    it(`refuses to be made with ${what}, saying so`, () => {
      const first = (secondFactor === 'right' ? app.secondFactor : secondFactor) as SecondFactor
      expect(() => secondFactorRouter(first, wrong as RouterOptions)).to.throw(TypeError, says)
    })
  }
})
