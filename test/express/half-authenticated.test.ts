import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { ENDPOINTS } from '../../lib/express/endpoints.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import {
  type Browser,
  enrolThroughRouter,
  startApp,
  type TestApp,
  whoAmI,
  wrongCode,
} from '../support/app.js'
import {
  callEndpoint,
  ENDPOINT_CALLS,
  type EndpointCall,
  outcomeOf,
  type PreparedPerson,
  preparePerson,
  titleOf,
} from '../support/endpoints.js'
import { InterleavingStorage } from '../support/interleaving-storage.js'
import { type RedisServer, startRedis } from '../support/redis.js'

/** What a session has shown when it calls. */
const STATES = ['nobody', 'not enrolled', 'pending', 'stale', 'fresh'] as const
type State = (typeof STATES)[number]

const NOBODY = '401 not_authenticated'
const REQUIRED = '403 second_factor_required'
const STALE = '403 fresh_second_factor_required'
const ENROL_FIRST = '403 enrolment_required'

const management = (success: string): Readonly<Record<State, string>> => ({
  nobody: NOBODY,
  'not enrolled': ENROL_FIRST,
  pending: REQUIRED,
  stale: STALE,
  fresh: success,
})

const ANSWERS: Readonly<Record<string, Readonly<Record<State, string>>>> = {
  'GET /': { nobody: NOBODY, 'not enrolled': '200', pending: '200', stale: '200', fresh: '200' },
  'POST /verify': {
    nobody: NOBODY,
    'not enrolled': '409 not_enrolled',
    pending: '200',
    stale: '200',
    fresh: '200',
  },
  'POST /totp': { ...management('201'), 'not enrolled': '201' },
  'POST /totp/:id/verify': { ...management('200'), 'not enrolled': '200' },
  'PATCH /totp/:id': management('200'),
  'DELETE /totp/:id': management('204'),
  'POST /backup-codes': management('201'),
  'POST /backup-codes/:id/confirm': management('200'),
  'GET /trusted-devices': {
    nobody: NOBODY,
    'not enrolled': ENROL_FIRST,
    pending: REQUIRED,
    stale: '200',
    fresh: '200',
  },
  'DELETE /trusted-devices': management('204'),
  'DELETE /trusted-devices/:id': management('204'),
  'DELETE /': management('204'),
}

/** Which case of other systems a state stands for. */
const CASES: Partial<Record<State, string>> = { pending: 'C17 ', stale: 'C19 ' }

/** The endpoints by which an authenticator comes in. */
const isEnrolment = ({ method, route }: EndpointCall): boolean =>
  method === 'post' && route.startsWith('/totp')

describe('who may call what of the [Router]', () => {
  let redis: RedisServer
  const apps = {} as Record<'with' | 'without', TestApp>
  before(async () => {
    redis = await startRedis()
    const client = await redis.client()
    const options = { storage: new RedisStorage({ client }), sessions: client }
    apps.with = await startApp(options)
    apps.without = await startApp({ ...options, hold: false })
  })
  after(async () => {
    await apps.with.close()
    await apps.without.close()
    await redis.stop()
  })

  /** A browser in that state, and the person it belongs to. */
  async function arrange(
    app: TestApp,
    state: State,
    name: string,
  ): Promise<{ readonly browser: Browser; readonly person: PreparedPerson }> {
    const browser = app.browser()
    if (state === 'not enrolled') return { browser, person: await beginner(app, browser, name) }
    const person = await preparePerson(app, browser, name)
    if (state === 'stale') app.clock.advance(601)
    if (state === 'stale' || state === 'fresh') return { browser, person }
    const another = app.browser()
    if (state === 'pending') await another.post('/login').send({ name }).expect(204)
    return { browser: another, person }
  }

  /** Somebody who has signed in, and begun a first authenticator. */
  async function beginner(app: TestApp, browser: Browser, name: string): Promise<PreparedPerson> {
    await browser.post('/login').send({ name }).expect(204)
    const begun = await browser.post('/2fa/totp').send({}).expect(201)
    const { id, uri } = begun.body as { id: string; uri: string }
    const phone = new TestAuthenticator(uri)
    app.clock.advance(30)
    return {
      name,
      phone,
      authenticatorId: id,
      backupCodes: [],
      pendingId: id,
      pendingPhone: phone,
      freshCodesId: 'none',
      trustedDeviceId: 'none',
    }
  }

  it('is said here of every endpoint of the Router', () => {
    const declared = Object.values(ENDPOINTS).map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    expect(ENDPOINT_CALLS.map(titleOf)).to.have.members(declared)
    expect(Object.keys(ANSWERS)).to.have.members(declared)
  })

  for (const hold of ['with', 'without'] as const) {
    describe(hold === 'with' ? 'with holdForSecondFactor, the [hold]' : 'without holdForSecondFactor', () => {
      for (const call of ENDPOINT_CALLS) {
        const answers = ANSWERS[titleOf(call)]
        for (const state of STATES) {
          const expected = answers?.[state] ?? 'no row'
          it(`${CASES[state] ?? ''}answers ${expected} to ${titleOf(call)}${isEnrolment(call) ? ' [enrolment]' : ''} of a session that is ${state}`, async () => {
            const app = apps[hold]
            const { browser, person } = await arrange(app, state, `${titleOf(call)} ${state} ${hold}`)
            const before = await app.secondFactor.status(person.name)
            expect(outcomeOf(await callEndpoint(app, browser, call, person))).to.equal(expected)
            if (!expected.startsWith('2')) {
              expect(await app.secondFactor.status(person.name)).to.deep.equal(before)
            }
          })
        }
      }
    })
  }

  it('C1 leaves nothing after the first factor that passes a guard', async () => {
    const { browser } = await arrange(apps.with, 'pending', 'first factor alone')
    expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
    await browser.get('/private').expect(401)
    expect(outcomeOf(await browser.post('/transfer'))).to.equal(REQUIRED)
  })

  it('C17 lets a pending session in nowhere, also where only the guard of the route stands', async () => {
    const { browser } = await arrange(apps.without, 'pending', 'first factor alone, not held')
    expect(outcomeOf(await browser.post('/transfer'))).to.equal(REQUIRED)
  })

  it('C17 lets a pending session in once the code was right, and not before', async () => {
    const app = apps.with
    const { browser, person } = await arrange(app, 'pending', 'on the way in')
    await browser
      .post('/2fa/verify')
      .send({ code: wrongCode(person.phone, app.clock.now()) })
      .expect(422)
    await browser.get('/private').expect(401)
    await browser
      .post('/2fa/verify')
      .send({ code: person.phone.codeAt(app.clock.now()) })
      .expect(200)
    await browser.get('/private').expect(200)
    expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
  })

  it('counts a second factor as fresh for managementMaxAgeSeconds, the last of them included', async () => {
    const app = apps.with
    const browser = app.browser()
    const { authenticatorId } = await enrolThroughRouter(app, browser, 'punctual')
    const rename = (label: string) => browser.patch(`/2fa/totp/${authenticatorId}`).send({ label })
    app.clock.advance(600)
    expect(outcomeOf(await rename('in time'))).to.equal('200')
    app.clock.advance(1)
    expect(outcomeOf(await rename('too late'))).to.equal(STALE)
  })

  it('C21 [enrolment] makes secret and codes itself, whatever the client sends', async () => {
    const app = apps.with
    const browser = app.browser()
    await browser.post('/login').send({ name: 'brings a secret' }).expect(204)
    const brought = {
      secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
      uri: 'otpauth://totp/ACME:me?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ACME',
      backupCodes: ['00000-00000-00000-00000-00000'],
      id: 'chosen',
      verified: true,
      digits: 8,
      accountName: 'somebody else',
    }
    const begun = await browser.post('/2fa/totp').send(brought).expect(201)
    const { id, secret, uri, verified } = begun.body as Record<string, string | boolean>
    expect(secret).to.not.equal(brought.secret)
    expect(id).to.not.equal('chosen')
    expect(verified).to.equal(false)
    expect(uri).to.include('digits=6').and.to.not.include('somebody')

    const [own, foreign] = [new TestAuthenticator(String(uri)), new TestAuthenticator(brought.secret)]
    const confirm = (phone: TestAuthenticator) =>
      browser.post(`/2fa/totp/${String(id)}/verify`).send({ ...brought, code: phone.codeAt(app.clock.now()) })
    await confirm(foreign).expect(422)
    const confirmed = await confirm(own).expect(200)
    const { backupCodes } = confirmed.body as { backupCodes: string[] }
    expect(backupCodes).to.have.length(10).and.to.not.include(brought.backupCodes[0])
    const regenerated = await browser
      .post('/2fa/backup-codes')
      .send({ ...brought, codes: brought.backupCodes })
    expect((regenerated.body as { codes: string[] }).codes).to.not.include(brought.backupCodes[0])
  })

  for (const call of ENDPOINT_CALLS.filter(({ method }) => method !== 'get')) {
    it(`C31 ignores further members in the body of ${titleOf(call)}`, async () => {
      const app = apps.with
      const bystander = await preparePerson(app, app.browser(), `bystander of ${titleOf(call)}`)
      const { browser, person } = await arrange(app, 'fresh', `assigns to ${titleOf(call)}`)
      const before = await app.secondFactor.status(bystander.name)
      const further = {
        userId: bystander.name,
        user: { id: bystander.name },
        id: bystander.authenticatorId,
        enabled: false,
        epoch: 'chosen',
        authority: undefined,
        disabled: false,
        secondFactor: null,
      }
      const body = { ...call.body?.(person, app.clock.now()), ...further }
      const answer = await browser[call.method](`/2fa${call.path(person)}`).send(body)
      expect(answer.status).to.equal(call.success)
      expect(await app.secondFactor.status(bystander.name)).to.deep.equal(before)
    })
  }

  it('C31 is not talked into a right code by further members', async () => {
    const app = apps.with
    const { browser, person } = await arrange(app, 'pending', 'talks')
    const code = wrongCode(person.phone, app.clock.now())
    const claims = { code, ok: true, verified: true, satisfied: true, method: 'totp', at: app.clock.now() }
    await browser.post('/2fa/verify').send(claims).expect(422)
    await browser.get('/private').expect(401)
  })

  describe('another user’s', () => {
    let owner: PreparedPerson
    let browser: Browser
    let intruder: PreparedPerson
    before(async () => {
      owner = await preparePerson(apps.with, apps.with.browser(), 'owner')
      browser = apps.with.browser()
      intruder = await preparePerson(apps.with, browser, 'intruder')
    })

    /** The intruder's request, with the owner's id in its path. */
    const intrude = (call: EndpointCall) =>
      callEndpoint(apps.with, browser, { ...call, path: () => call.path(owner) }, intruder)

    for (const call of ENDPOINT_CALLS.filter(({ route }) => route.includes(':id'))) {
      it(`C37 id is unknown to ${titleOf(call)}`, async () => {
        const before = await apps.with.secondFactor.status('owner')
        expect(outcomeOf(await intrude(call))).to.equal('404 not_found')
        expect(await apps.with.secondFactor.status('owner')).to.deep.equal(before)
      })
    }

    it('C14 backup code does not count, and stays unused', async () => {
      const [code] = owner.backupCodes
      await browser.post('/2fa/verify').send({ code }).expect(422)
      const own = apps.with.browser()
      await own.post('/login').send({ name: 'owner' }).expect(204)
      await own.post('/2fa/verify').send({ code }).expect(200)
    })

    it('TOTP code does not count', async () => {
      apps.with.clock.advance(30)
      const code = owner.phone.codeAt(apps.with.clock.now())
      expect(code).to.not.equal(intruder.phone.codeAt(apps.with.clock.now()))
      await browser.post('/2fa/verify').send({ code }).expect(422)
    })
  })

  it('C37 [enrolment] an authenticator that was begun before the first was confirmed needs the second factor from then on', async () => {
    const app = apps.with
    const [quick, slow] = [app.browser(), app.browser()]
    await slow.post('/login').send({ name: 'two at once' }).expect(204)
    const begun = await slow.post('/2fa/totp').send({}).expect(201)
    await enrolThroughRouter(app, quick, 'two at once')
    const { id, uri } = begun.body as { id: string; uri: string }
    const code = new TestAuthenticator(uri).codeAt(app.clock.now())
    expect(outcomeOf(await slow.post(`/2fa/totp/${id}/verify`).send({ code }))).to.equal(REQUIRED)
  })

  describe('what was allowed when it was read', () => {
    const storage = new InterleavingStorage()
    let app: TestApp
    /** Another process of the same application: within one, requests of a user wait for each other. */
    let elsewhere: TestApp
    before(async () => {
      const sessions = await redis.client()
      app = await startApp({ storage, sessions })
      elsewhere = await startApp({ storage, sessions })
    })
    after(async () => {
      await app.close()
      await elsewhere.close()
    })

    it('C19 is refused when another session recovers before it is written', async () => {
      const browser = app.browser()
      const person = await preparePerson(app, browser, 'overtaken')
      storage.before('remove', async () => {
        const other = elsewhere.browser()
        await other.post('/login').send({ name: 'overtaken' }).expect(204)
        await other.post('/2fa/verify').send({ code: person.backupCodes[0] }).expect(200)
      })
      expect(outcomeOf(await browser.delete('/2fa'))).to.equal(REQUIRED)
      expect(await app.secondFactor.status('overtaken')).to.include({ enabled: true })
    })

    it('C37 is refused when another session enrols before it is written', async () => {
      const browser = app.browser()
      await browser.post('/login').send({ name: 'overtaken newcomer' }).expect(204)
      storage.before('insert', () => enrolThroughRouter(elsewhere, elsewhere.browser(), 'overtaken newcomer'))
      expect(outcomeOf(await browser.post('/2fa/totp').send({ label: 'Late' }))).to.equal(REQUIRED)
      const { authenticators } = await app.secondFactor.status('overtaken newcomer')
      expect(authenticators).to.have.length(1)
    })
  })
})
