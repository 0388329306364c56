import { expect } from 'chai'
import express from 'express'
import { after, before, describe, it } from 'mocha'
import { inspect } from 'node:util'
import { logtoDialect, type LogtoDialectOptions } from '../../lib/dialects/logto.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { type TestApp, wrongCode } from '../support/app.js'
import { CountingStorage } from '../support/counting-storage.js'
import { FailingStorage } from '../support/failing-storage.js'
import { type Served, serve } from '../support/serve.js'
import { newService } from '../support/service.js'
import { appsOnRedis, redisOfSuite } from '../support/suite.js'
import {
  dataOf,
  enrolPerson,
  Experience,
  isManager,
  type LogtoAnswer,
  outcomeOf,
  outcomes,
  PATHS,
  phoneOf,
  signIn,
  standingOf,
  TOKEN,
  withLogto,
} from './logto.js'

const RACERS = 200
const USERS = '/api/users/owner/mfa-verifications'
const JSON_TYPE = { 'Content-Type': 'application/json' }
const NO_CALLS = { read: 0, insert: 0, replace: 0, remove: 0 }

describe('logtoDialect, under attack', () => {
  const { start } = appsOnRedis()
  const records = redisOfSuite()
  let app: TestApp
  let storage: FailingStorage
  before(async () => {
    storage = new FailingStorage(new RedisStorage({ client: await records.client() }))
    app = await start({ ...withLogto(), storage })
  })

  const stateOf = async ({ cookie }: Experience) => {
    const answer = await fetch(`${app.url}/whoami`, { headers: { Cookie: cookie } })
    return ((await answer.json()) as { state?: string }).state
  }
  const sessionsOf = (name: string) => Promise.all(Array.from({ length: RACERS }, () => signIn(app, name)))
  const countSatisfied = async (sessions: readonly Experience[]) =>
    (await Promise.all(sessions.map(stateOf))).filter((state) => state === 'satisfied').length

  it(`C7 C24 lets one of ${RACERS} sessions in that show one TOTP code at once`, async () => {
    const { name, phone } = await enrolPerson(app, 'raced')
    const sessions = await sessionsOf(name)
    const code = phone.codeAt(app.clock.now())
    const answers = await Promise.all(sessions.map((session) => session.verifyTotp(code)))
    expect(outcomes(answers)).to.deep.equal({ '200': 1, '400 session.mfa.invalid_totp_code': RACERS - 1 })
    expect(await countSatisfied(sessions)).to.equal(1)
  })

  it(`C4 C7 C20 lets one of ${RACERS} sessions in that show one backup code at once`, async () => {
    const { name, codes } = await enrolPerson(app, 'raced by codes')
    const sessions = await sessionsOf(name)
    const answers = await Promise.all(sessions.map((session) => session.verifyCode(String(codes[0]))))
    expect(outcomes(answers)).to.deep.equal({ '200': 1, '400 session.mfa.invalid_backup_code': RACERS - 1 })
    expect(await countSatisfied(sessions)).to.equal(1)
    expect(await standingOf(app, name)).to.include({ codes: codes.length - 1 })
  })

  it(`C24 binds a new secret once when its code comes ${RACERS} times at once`, async () => {
    const sessions = await sessionsOf('raced enrolment')
    const { secret, verificationId } = dataOf(await (sessions[0] ?? new Experience(app.url)).newSecret())
    const code = phoneOf(secret).codeAt(app.clock.now())
    const answers = await Promise.all(sessions.map((session) => session.verifyTotp(code, verificationId)))
    expect(outcomes(answers)).to.include({ '200': 1 })
    expect(await countSatisfied(sessions)).to.equal(1)
    expect(await standingOf(app, 'raced enrolment')).to.deep.include({ authenticators: ['verified'] })
  })

  it('C8 C9 C12 C22 takes no code again, nor the one that enrolled', async () => {
    const experience = await signIn(app, 'replays')
    const { secret, verificationId } = dataOf(await experience.newSecret())
    const code = phoneOf(secret).codeAt(app.clock.now())
    dataOf(await experience.verifyTotp(code, verificationId))
    const other = await signIn(app, 'replays')
    expect(outcomeOf(await other.verifyTotp(code))).to.equal('400 session.mfa.invalid_totp_code')
    app.clock.advance(30)
    expect(outcomeOf(await other.verifyTotp(code))).to.equal('400 session.mfa.invalid_totp_code')
    expect(await stateOf(other)).to.equal('pending')
  })

  it('C10 looks at no code after too many wrong ones, and spends none', async () => {
    const { name, phone, codes } = await enrolPerson(app, 'guessed')
    const session = await signIn(app, name)
    for (let tries = 0; tries < 5; tries++) {
      expect(outcomeOf(await session.verifyTotp(wrongCode(phone, app.clock.now())))).to.match(/invalid_totp/)
    }
    const code = phone.codeAt(app.clock.now())
    for (const again of [session, await signIn(app, name)]) {
      expect(outcomeOf(await again.verifyTotp(code))).to.equal(
        '400 session.verification_blocked_too_many_attempts',
      )
    }
    expect(await stateOf(session)).to.equal('pending')
    dataOf(await (await signIn(app, name)).verifyCode(String(codes[0])))
    app.clock.advance(30)
    dataOf(await session.verifyTotp(code))
  })

  it('C14 takes no code of another’s', async () => {
    const owner = await enrolPerson(app, 'owner of codes')
    const { name } = await enrolPerson(app, 'other')
    const session = await signIn(app, name)
    const answers = [
      await session.verifyTotp(owner.phone.codeAt(app.clock.now())),
      await session.verifyCode(String(owner.codes[0])),
    ]
    expect(answers.map(outcomeOf)).to.deep.equal([
      '400 session.mfa.invalid_totp_code',
      '400 session.mfa.invalid_backup_code',
    ])
    dataOf(await owner.experience.verifyCode(String(owner.codes[0])))
  })

  it('C27 ends what was open when a program takes the authenticator away', async () => {
    const { name, experience, totpId } = await enrolPerson(app, 'taken from')
    const other = await enrolPerson(app, 'untouched')
    const authorization = { Authorization: `Bearer ${TOKEN}` }
    const path = `/api/users/${encodeURIComponent(name)}/mfa-verifications`
    await fetch(`${app.url}${path}/${totpId}`, { method: 'DELETE', headers: authorization })
    await fetch(`${app.url}${path}`, {
      method: 'POST',
      headers: { ...authorization, ...JSON_TYPE },
      body: JSON.stringify({ type: 'Totp' }),
    })
    expect(await stateOf(experience)).to.equal('pending')
    expect(await stateOf(other.experience)).to.equal('satisfied')
  })

  it('answers nothing that was shown once a second time, wherever it is asked for', async () => {
    const { name, experience, codes, phone } = await enrolPerson(app, 'read out')
    const secret = dataOf(await experience.newSecret())
    const path = `/api/users/${encodeURIComponent(name)}/mfa-verifications`
    const answers = [
      await fetch(`${app.url}${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } }),
      await fetch(`${app.url}/2fa`, { headers: { Cookie: experience.cookie } }),
      (await experience.bind('Totp', secret.verificationId)).response,
      (await experience.verifyTotp(wrongCode(phone, app.clock.now()))).response,
    ]
    const texts = await Promise.all(answers.map(async (answer) => (answer.bodyUsed ? '' : answer.text())))
    const told = texts.join() + JSON.stringify(await experience.bind('Totp', secret.verificationId))
    for (const shown of [secret.secret, ...codes]) expect(told).not.to.include(shown)
    for (const where of [PATHS.secret, PATHS.codes, PATHS.bind]) {
      const answer = await fetch(`${app.url}${where}`, { headers: { Cookie: experience.cookie } })
      expect(answer.status, where).to.equal(404)
    }
  })

  describe('C18 C28 when the storage is down', () => {
    const FAILURES = { 'the read': ['read'], 'the write': ['replace', 'insert'] } as const
    for (const [what, methods] of Object.entries(FAILURES)) {
      it(`refuses to verify while ${what} fails, marks nothing, and spends nothing`, async () => {
        const { name, phone, codes } = await enrolPerson(app, `down: ${what}`)
        const session = await signIn(app, name)
        const fresh = await signIn(app, `new: ${what}`)
        const code = phone.codeAt(app.clock.now())
        storage.fail('reject', { methods })
        const answers: LogtoAnswer[] = [
          await session.verifyTotp(code),
          await session.verifyCode(String(codes[0])),
          await fresh.newSecret(),
        ]
        storage.recover()
        expect(answers.map(outcomeOf)).to.deep.equal(Array(3).fill('503 unavailable'))
        for (const { response } of answers) expect(response.headers.get('Retry-After')).to.equal('2')
        expect(await stateOf(session)).to.equal('pending')
        dataOf(await session.verifyTotp(code))
        dataOf(await session.verifyCode(String(codes[0])))
      })
    }
  })
})

describe('logtoDialect, before it reads anything', () => {
  const storage = new CountingStorage()
  const { secondFactor } = newService({ storage })
  const asked: string[] = []
  const OPTIONS: LogtoDialectOptions = {
    authorize: isManager,
    user: (userId) => {
      asked.push(userId)
      return {}
    },
    signedIn: { user: (req) => (req.get('X-Signed-In') === undefined ? undefined : { id: 'owner' }) },
  }
  const servers: Served[] = []
  /** Where nothing else parses bodies. */
  const serveLogto = async (options: LogtoDialectOptions) => {
    const application = express()
    application.use(logtoDialect(secondFactor, options))
    application.use(((error: Error, _req, res, _next) => {
      res.status(500).json({ error: error.message })
    }) as express.ErrorRequestHandler)
    const served = await serve(application)
    servers.push(served)
    return served.url
  }
  let url: string
  before(async () => {
    url = await serveLogto(OPTIONS)
  })
  after(() => Promise.all(servers.map(({ close }) => close())))

  /** Bodies that no parser would take: whoever reads them says 400. */
  const send = (path: string, headers: Record<string, string>, method = 'POST', where = url) =>
    fetch(`${where}${path}`, {
      method,
      headers: { ...JSON_TYPE, ...headers },
      ...(method === 'POST' && { body: '{"type":' }),
    })
  const outcome = async (answer: Response) =>
    `${answer.status} ${((await answer.json()) as { code?: string; error?: string }).code ?? ''}`.trim()

  const ROUTES = [
    ['GET', USERS],
    ['POST', USERS],
    ['DELETE', `${USERS}/some-id`],
  ] as const
  const CREDENTIALS: Readonly<Record<string, Record<string, string>>> = {
    none: {},
    'a wrong token': { Authorization: 'Bearer wrong' },
    'the token in another scheme': { Authorization: `Basic ${TOKEN}` },
    'half the token': { Authorization: `Bearer ${TOKEN.slice(0, -1)}` },
  }
  for (const [method, path] of ROUTES) {
    for (const [what, headers] of Object.entries(CREDENTIALS)) {
      it(`refuses ${method} with credentials that are ${what}: no storage, no user, no body`, async () => {
        storage.reset()
        asked.length = 0
        expect(await outcome(await send(path, headers, method))).to.equal('401 auth.unauthorized')
        expect(storage.counts).to.deep.equal(NO_CALLS)
        expect(asked).to.deep.equal([])
      })
    }

    for (const answer of [undefined, null, 1, 'true', {}, false, Promise.resolve(1)]) {
      it(`refuses ${method} unless it is authorized by true: ${inspect(answer)}`, async () => {
        const strict = await serveLogto({ ...OPTIONS, authorize: () => answer as boolean })
        storage.reset()
        expect(await outcome(await send(path, {}, method, strict))).to.equal('401 auth.unauthorized')
        expect(storage.counts).to.deep.equal(NO_CALLS)
      })
    }

    for (const how of ['rejects', 'throws']) {
      it(`refuses ${method} when what authorizes ${how}, and leaves that to the application`, async () => {
        const trouble = Object.assign(new Error('no idea'), { status: 404 })
        const authorize = () => {
          if (how === 'throws') throw trouble
          return Promise.reject(trouble)
        }
        const broken = await serveLogto({ ...OPTIONS, authorize })
        storage.reset()
        const answer = await send(path, {}, method, broken)
        expect(answer.status).to.equal(500)
        expect(await answer.json()).to.deep.equal({ error: 'no idea' })
        expect(storage.counts).to.deep.equal(NO_CALLS)
      })
    }
  }

  it('reads what an authorized program sends', async () => {
    const headers = { Authorization: `Bearer ${TOKEN}` }
    expect(await outcome(await send(USERS, headers))).to.equal('400 guard.invalid_input')
    expect((await send(USERS, headers, 'GET')).status).to.equal(200)
  })

  for (const path of Object.values(PATHS)) {
    const signedIn = { 'X-Signed-In': 'yes' }
    const FOREIGN: Readonly<Record<string, Record<string, string>>> = {
      'another site': { 'Sec-Fetch-Site': 'cross-site' },
      'a neighbouring site': { 'Sec-Fetch-Site': 'same-site' },
      'an older browser elsewhere': { Origin: 'https://evil.example' },
    }
    for (const [what, headers] of Object.entries(FOREIGN)) {
      it(`refuses ${path} of ${what}: no storage, no body`, async () => {
        storage.reset()
        expect(await outcome(await send(path, { ...signedIn, ...headers }))).to.equal('403 auth.forbidden')
        expect(storage.counts).to.deep.equal(NO_CALLS)
      })
    }

    it(`refuses ${path} of nobody without a storage call`, async () => {
      storage.reset()
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers: JSON_TYPE, body: '{}' })
      expect(await outcome(answer)).to.equal('404 session.identifier_not_found')
      expect(storage.counts).to.deep.equal(NO_CALLS)
    })

    it(`refuses ${path} in another form without a storage call, and JSON that is none`, async () => {
      storage.reset()
      const form = { ...signedIn, 'Content-Type': 'text/plain' }
      expect(await outcome(await send(path, form))).to.equal('400 guard.invalid_input')
      expect(await outcome(await send(path, signedIn))).to.equal('400 guard.invalid_input')
      expect(storage.counts).to.deep.equal(NO_CALLS)
    })
  }

  it('takes what comes from the origins that the application allows', async () => {
    const allowedOrigins = ['https://app.example']
    const open = await serveLogto({ ...OPTIONS, signedIn: { ...OPTIONS.signedIn, allowedOrigins } })
    const headers = { ...JSON_TYPE, Origin: 'https://app.example', 'Sec-Fetch-Site': 'cross-site' }
    const answer = await fetch(`${open}${PATHS.secret}`, { method: 'POST', headers })
    expect(await outcome(answer)).to.equal('404 session.identifier_not_found')
  })
})
