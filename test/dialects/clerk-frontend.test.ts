import { expect } from 'chai'
import express from 'express'
import session from 'express-session'
import { after, before, describe, it } from 'mocha'
import supertest from 'supertest'
import { clerkDialect } from '../../lib/dialects/clerk.js'
import { MemoryStorage, type SecondFactor } from '../../lib/index.js'
import { type TestApp, type TestUser, whoAmI } from '../support/app.js'
import {
  ATTEMPT,
  createTotp,
  DIALECT,
  type Json,
  outcomeOfAnswer,
  postForm,
  responseOf,
  signIn,
  verifyTotp,
  withDialect,
} from '../support/clerk.js'
import { InterleavingStorage } from '../support/interleaving-storage.js'
import { serve, type Served } from '../support/serve.js'
import { beginEnrolment, enrolUser, newService } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'

/** What Clerk's browser client makes of a TOTP (`TOTPResource`). */
const totpResource = (json: Json) => ({
  id: json['id'],
  secret: json['secret'],
  uri: json['uri'],
  verified: json['verified'],
  backupCodes: json['backup_codes'],
  createdAt: new Date(json['created_at'] as number),
  updatedAt: new Date(json['updated_at'] as number),
})

describe('clerkDialect, for whoever is signed in,', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start(withDialect())
  })
  const status = (name: string) => app.secondFactor.status(name)

  it('takes somebody from a new TOTP to the second factor, and off it again', async () => {
    const browser = await signIn(app, 'ann')
    const createdAt = new Date(app.clock.now())
    const { phone, ...created } = await createTotp(browser)
    expect(totpResource(created)).to.deep.include({ verified: false, createdAt, updatedAt: createdAt })
    expect(await status('ann')).to.include({ enabled: false })

    app.clock.advance(40)
    const form = { code: phone.codeAt(app.clock.now()) }
    const verified = totpResource(responseOf(await postForm(browser, ATTEMPT, form).expect(200)))
    const updatedAt = new Date(app.clock.now())
    const { backupCodes, ...rest } = verified
    expect(rest).to.deep.equal({
      id: created['id'],
      secret: null,
      uri: null,
      verified: true,
      createdAt,
      updatedAt,
    })
    expect(backupCodes).to.have.length(10)
    expect(await status('ann')).to.include({ enabled: true })
    expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })

    const deleted = await browser.delete('/v1/me/totp').expect(200)
    expect(responseOf(deleted)).to.deep.equal({ object: 'totp', id: created['id'], deleted: true })
    expect(await status('ann')).to.deep.include({ enabled: false, authenticators: [], backupCodes: null })
    expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'not_enrolled' })
  })

  it('hands out backup codes that count', async () => {
    const { backupCodes } = await verifyTotp(app, 'saves')
    const browser = await signIn(app, 'saves')
    await browser.post('/2fa/verify').send({ code: backupCodes[0] }).expect(200)
  })

  it('replaces a secret that was not verified, whoever has begun it', async () => {
    await beginEnrolment(app, 'starts over')
    const browser = await signIn(app, 'starts over')
    const { phone: first } = await createTotp(browser)
    const { phone: second, id } = await createTotp(browser)
    const { authenticators } = await status('starts over')
    expect(authenticators.map((one) => one.id)).to.deep.equal([id])
    expect(authenticators[0]).to.include({ label: 'Authenticator 1' })
    const attempt = (code: string) => postForm(browser, ATTEMPT, { code })
    expect(outcomeOfAnswer(await attempt(first.codeAt(app.clock.now())))).to.equal('422 form_code_incorrect')
    await attempt(second.codeAt(app.clock.now())).expect(200)
  })

  it('starts to count wrong codes anew with a new secret', async () => {
    const browser = await signIn(app, 'mistypes')
    await createTotp(browser)
    const wrong = () => postForm(browser, ATTEMPT, { code: '000000' })
    for (let time = 0; time < 5; time++) await wrong()
    expect(outcomeOfAnswer(await wrong())).to.equal('400 verification_failed')
    const { phone } = await createTotp(browser)
    await postForm(browser, ATTEMPT, { code: phone.codeAt(app.clock.now()) }).expect(200)
  })

  it('verifies the newest of several that wait', async () => {
    const browser = await signIn(app, 'has two')
    const { phone: older } = await beginEnrolment(app, 'has two')
    const { phone: newer } = await beginEnrolment(app, 'has two')
    const attempt = (code: string) => postForm(browser, ATTEMPT, { code })
    await attempt(older.codeAt(app.clock.now())).expect(422)
    await attempt(newer.codeAt(app.clock.now())).expect(200)
  })

  for (const path of ['/v1/me/backup_codes', '/v1/me/backup_codes/']) {
    it(`puts new backup codes in the place of the old ones at once: ${path}`, async () => {
      const name = `renews at ${path}`
      const { browser, backupCodes } = await verifyTotp(app, name)
      const { id, codes, ...rest } = responseOf(await postForm(browser, path).expect(200))
      const now = app.clock.now()
      expect(rest).to.deep.equal({ object: 'backup_code', created_at: now, updated_at: now })
      expect((await status(name)).backupCodes).to.include({ id, remaining: 10, createdAt: now })
      expect(await app.secondFactor.verify(name, String(backupCodes[0]))).to.include({ ok: false })
      expect(await app.secondFactor.verify(name, (codes as string[])[0] ?? '')).to.include({ ok: true })
    })
  }

  it('verifies no second TOTP, wherever it was begun', async () => {
    const { browser } = await verifyTotp(app, 'has one')
    const { phone } = await beginEnrolment(app, 'has one')
    const answer = await postForm(browser, ATTEMPT, { code: phone.codeAt(app.clock.now()) })
    expect(outcomeOfAnswer(answer)).to.equal('400 verification_already_verified')
    const { authenticators } = await status('has one')
    expect(authenticators.map(({ verified }) => verified)).to.deep.equal([true, false])
  })

  describe('tells whoever comes second', () => {
    const memory = new MemoryStorage()
    const storage = new InterleavingStorage(memory)
    let raced: TestApp
    /** Another process of the application. */
    let elsewhere: SecondFactor
    before(async () => {
      raced = await start({ ...withDialect(), storage })
      elsewhere = newService({ storage: memory, clock: raced.clock }).secondFactor
    })

    it('that other backup codes have been made meanwhile, which are in force', async () => {
      const { browser } = await verifyTotp(raced, 'impatient')
      const otherCodes = () => postForm(browser, '/v1/me/backup_codes').expect(200)
      let other: Json = {}
      // Between the two writes that it takes to make them.
      storage.before('replace', () => {
        storage.before('read', async () => {
          other = responseOf(await otherCodes())
        })
        return Promise.resolve()
      })
      const second = await postForm(browser, '/v1/me/backup_codes')
      expect(outcomeOfAnswer(second)).to.equal('409 resource_locked')
      const { backupCodes } = await raced.secondFactor.status('impatient')
      expect(backupCodes).to.include({ id: other['id'], remaining: 10 })
    })

    it('that the secret has been taken away meanwhile', async () => {
      const browser = await signIn(raced, 'undecided')
      const { phone, id } = await createTotp(browser)
      storage.before('replace', () => elsewhere.remove('undecided', String(id)))
      const answer = await postForm(browser, ATTEMPT, { code: phone.codeAt(raced.clock.now()) })
      expect(outcomeOfAnswer(answer)).to.equal('400 verification_missing')
    })

    it('that the second factor is on by now, for the code of another secret', async () => {
      const browser = await signIn(raced, 'overtaken')
      const { phone } = await createTotp(browser)
      storage.before('replace', () => enrolUser({ secondFactor: elsewhere, clock: raced.clock }, 'overtaken'))
      const answer = await postForm(browser, ATTEMPT, { code: phone.codeAt(raced.clock.now()) })
      expect(outcomeOfAnswer(answer)).to.equal('403 session_reverification_required')
    })

    it('that a recovery has come first, and this session has to show another code', async () => {
      const { browser, backupCodes } = await verifyTotp(raced, 'recovered')
      storage.before('replace', () => elsewhere.verify('recovered', String(backupCodes[0])))
      const answer = await postForm(browser, '/v1/me/backup_codes')
      expect(outcomeOfAnswer(answer)).to.equal('403 session_reverification_required')
    })

    it('that the second factor is on by now, for a new secret too', async () => {
      const browser = await signIn(raced, 'twice')
      const { phone, id } = await createTotp(browser)
      const code = phone.codeAt(raced.clock.now())
      storage.before('replace', () => elsewhere.confirm('twice', String(id), code))
      const answer = await postForm(browser, '/v1/me/totp')
      expect(outcomeOfAnswer(answer)).to.equal('403 session_reverification_required')
      const { authenticators } = await raced.secondFactor.status('twice')
      expect(authenticators.map((one) => [one.id, one.verified])).to.deep.equal([[id, true]])
    })
  })

  it('takes all authenticators away, other ones too', async () => {
    const { browser, id } = await verifyTotp(app, 'collects')
    const { authenticator, phone } = await beginEnrolment(app, 'collects')
    await app.secondFactor.confirm('collects', authenticator.id, phone.codeAt(app.clock.now()))
    const deleted = responseOf(await browser.delete('/v1/me/totp').expect(200))
    expect(deleted['id']).to.equal(id)
    expect(await status('collects')).to.deep.include({ enabled: false, authenticators: [] })
  })

  it('takes POST with ?_method=DELETE as a DELETE', async () => {
    const { browser, id } = await verifyTotp(app, 'uses a browser')
    const path = '/v1/me/totp?_clerk_session_id=sess_1&_method=DELETE'
    const deleted = responseOf(await postForm(browser, path).expect(200))
    expect(deleted).to.deep.equal({ object: 'totp', id, deleted: true })
  })

  for (const [method, path] of [
    ['post', '/v1/me/totp?_method=PATCH'],
    ['post', '/v1/me/totp?_method=DELETE&_method=DELETE'],
    ['post', '/v1/me/totp?_method='],
    ['post', `${ATTEMPT}?_method=DELETE`],
    ['post', '/v1/me/backup_codes?_method=DELETE'],
    ['get', '/v1/me/totp'],
    ['get', '/v1/me/totp?_method=DELETE'],
    ['put', '/v1/me/totp?_method=DELETE'],
    ['get', '/v1/me/backup_codes'],
    ['delete', '/v1/me/backup_codes'],
    ['options', '/v1/me/totp'],
    ['post', '/v1/me'],
    ['post', '/v1/client/sign_ins'],
  ] as const) {
    it(`leaves to the application ${method.toUpperCase()} ${path}`, async () => {
      const { browser } = await verifyTotp(app, `${method} ${path}`)
      const answer = await browser[method](path).expect(404)
      expect(answer.headers).to.not.have.property('x-request-id')
      expect(await status(`${method} ${path}`)).to.include({ enabled: true })
    })
  }

  it('leaves everything to the application where it is told to', async () => {
    const without = await start({ storage: new MemoryStorage(), ...withDialect({ signedIn: false }) })
    await postForm(await signIn(without, 'ann'), '/v1/me/totp').expect(404)
  })

  it('knows the user, the id and the account name as it is told', async () => {
    const userId = (user: Express.User) => `tenant:${(user as TestUser).id}`
    const accountName = (user: Express.User) => `${(user as TestUser).id} of ACME`
    const storage = new MemoryStorage()
    const signedIn = { userId, accountName }
    const named = await start({
      storage,
      router: { userId },
      hold: { userId },
      ...withDialect({ signedIn }),
    })
    const { uri } = await createTotp(await signIn(named, 'ann'))
    expect(new URL(String(uri)).pathname).to.match(/:ann%20of%20ACME$/)
    expect((await named.secondFactor.status('tenant:ann')).authenticators).to.have.length(1)
  })

  describe('reads forms by itself', () => {
    let served: Served
    const service = newService()
    before(async () => {
      const host = express()
      host.use(session({ secret: 'of the tests', resave: false, saveUninitialized: false }))
      host.use((req, _res, next) => {
        req.user = { id: 'own' }
        next()
      })
      host.use(clerkDialect(service.secondFactor, DIALECT))
      served = await serve(host)
    })
    after(() => served.close())

    it('and nothing but forms', async () => {
      const browser = supertest.agent(served.url)
      const { phone } = await createTotp(browser)
      const code = phone.codeAt(service.clock.now())
      for (const type of ['json', 'text/plain', 'multipart/form-data; boundary=x']) {
        const answer = await browser.post(ATTEMPT).type(type).send(JSON.stringify({ code }))
        expect(outcomeOfAnswer(answer), type).to.equal('415 unsupported_content_type')
      }
      const large = await postForm(browser, ATTEMPT, { code: '1'.repeat(200_000) })
      expect(outcomeOfAnswer(large)).to.equal('400 request_body_invalid')
      await postForm(browser, ATTEMPT, { code }).expect(200)
    })
  })
})
