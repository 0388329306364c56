import { createHmac } from 'node:crypto'
import { expect } from 'chai'
import type { RequestHandler } from 'express'
import { after, before, describe, it } from 'mocha'
import { createSecondFactor, MemoryStorage, TotpStrategy } from '../../lib/index.js'
import { createKeyRing } from '../../lib/key-ring.js'
import { createSealing } from '../../lib/sealing.js'
import { SECRET, whoAmI } from '../support/app.js'
import {
  expectHeld,
  expectSatisfied,
  METHODS,
  type PassportApp,
  startPassportApp,
} from '../support/passport-app.js'
import { answer, authenticate } from '../support/passport-paths.js'
import { challengeOf } from '../support/recording-strategy.js'
import { redisOfSuite } from '../support/suite.js'
import { beginEnrolment } from '../support/service.js'

const PLAIN = '/paths/a-handler-behind-it'

describe('TotpStrategy, the [strategy]', () => {
  const redis = redisOfSuite()
  let app: PassportApp

  before(async () => {
    const client = await redis.client()
    app = await startPassportApp({
      sessions: client,
      secondFactor: { throttle: { freeAttempts: 2 } },
      routes(express, auth, secondFactor) {
        express.post('/paths/code/:code', authenticate(auth), answer)
        const copyBody: RequestHandler = (req, _res, next) => {
          // As applications copy bodies; a member called __proto__ becomes the prototype.
          req.body = Object.assign({}, req.body as object)
          next()
        }
        express.post('/paths/copied', copyBody, authenticate(auth), answer)
        for (const codeField of ['otp', 'constructor', '__proto__']) {
          auth.use(codeField, new TotpStrategy(secondFactor, { codeField }))
          express.post(`/paths/field/${codeField}`, authenticate(auth, {}, codeField), answer)
        }
      },
    })
  })
  after(() => app.close())

  describe('options', () => {
    const secondFactor = createSecondFactor({ issuer: 'ACME', secret: SECRET, storage: new MemoryStorage() })
    const Loose = TotpStrategy as new (...given: unknown[]) => TotpStrategy

    it('is called totp', () => {
      expect(new TotpStrategy(secondFactor).name).to.equal('totp')
    })

    for (const [title, given, message] of [
      [
        'no second factor',
        [],
        'TotpStrategy: the first argument must be what createSecondFactor() returned.',
      ],
      ['the factory', [createSecondFactor], 'the first argument must be what createSecondFactor() returned.'],
      [
        'codefield',
        [secondFactor, { codefield: 'otp' }],
        'unknown option "codefield". Did you mean "codeField"?',
      ],
      [
        'codeFeild',
        [secondFactor, { codeFeild: 'otp' }],
        'unknown option "codeFeild". Did you mean "codeField"?',
      ],
      ['users', [secondFactor, { users: () => undefined }], 'unknown option "users". Did you mean "user"?'],
      ['userID', [secondFactor, { userID: String }], 'unknown option "userID". Did you mean "userId"?'],
      [
        'window',
        [secondFactor, { window: 1 }],
        'unknown option "window". Known are: user, userId, codeField, trustDeviceField, allowedOrigins.',
      ],
      ['an empty codeField', [secondFactor, { codeField: '' }], 'codeField must be the name of a member'],
      [
        'a codeField that is no text',
        [secondFactor, { codeField: 6 }],
        'codeField must be the name of a member',
      ],
      ['a user that is no function', [secondFactor, { user: 'alice' }], 'user must be a function.'],
      ['a userId that is no function', [secondFactor, { userId: 7 }], 'userId must be a function.'],
      ['options that are null', [secondFactor, null], 'options must be an object.'],
      ['a verify callback', [secondFactor, () => undefined], 'options must be an object.'],
    ] as const) {
      it(`refuses ${title} when it is made`, () => {
        expect(() => new Loose(...given)).to.throw(TypeError, message)
      })
    }
  })

  describe('the code', () => {
    const bodies: [title: string, body: (code: string) => unknown][] = [
      ['is not there', () => ({})],
      ['is null', () => ({ code: null })],
      ['is empty', () => ({ code: '' })],
      ['is true', () => ({ code: true })],
      ['is a number', (code) => ({ code: Number(code) })],
      ['is in an array', (code) => ({ code: [code] })],
      ['is in an array of its characters', (code) => ({ code: Array.from(code) })],
      ['is in an object', (code) => ({ code: { code, toString: code, length: 6 } })],
      ['is in a member called __proto__', (code) => `{"__proto__":{"code":"${code}"}}`],
      ['is called otherwise', (code) => ({ Code: code, token: code, otp: code })],
      ['is in a list in place of the body', (code) => [code]],
      ['is too short', (code) => ({ code: code.slice(1) })],
      ['is too long', (code) => ({ code: `${code}0` })],
      ['is far too long', (code) => ({ code: code.padStart(100_000, ' ') })],
      ['has a sign', (code) => ({ code: `+${code.slice(1)}` })],
      ['has a letter', (code) => ({ code: `${code.slice(1)}x` })],
      ['has an exponent', () => ({ code: '101e12' })],
      ['has full-width digits', () => ({ code: '１２３４５６' })],
      ['is sent twice', (code) => `code=${code}&code=${code}`],
      ['is sent as a list', (code) => `code[]=${code}`],
    ]
    for (const [title, bodyOf] of bodies) {
      it(`C40 C41 is refused as malformed when it ${title}, and is not charged`, async () => {
        const { somebody, browser } = await app.signInSomebody()
        const body = bodyOf(somebody.code('totp'))
        for (let count = 0; count < 3; count++) {
          app.forget()
          const isForm = typeof body === 'string' && !body.startsWith('{')
          const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json'
          await browser
            .post(PLAIN)
            .type(type)
            .send(body as object)
            .expect(400)
          expect(challengeOf(app.told())).to.include({ code: 'invalid_request' })
        }
        await expectHeld(browser)
        await browser
          .post(PLAIN)
          .send({ code: somebody.code('totp') })
          .expect(200)
      })
    }

    it('is not read from the query string, from the path, from a header, or from a body of another type', async () => {
      const { somebody, browser } = await app.signInSomebody()
      const code = somebody.code('totp')
      await browser.post(`${PLAIN}?code=${code}`).expect(400)
      await browser.post(`${PLAIN}?code=${code}`).send({}).expect(400)
      await browser.post(`/paths/code/${code}`).send({}).expect(400)
      await browser.post(PLAIN).set('code', code).expect(400)
      await browser.post(PLAIN).type('text/plain').send(`code=${code}`).expect(400)
      await expectHeld(browser)
    })

    for (const codeField of ['constructor', '__proto__']) {
      it(`C41 is not found in what every object has as ${codeField}`, async () => {
        const { browser } = await app.signInSomebody()
        await browser.post(`/paths/field/${codeField}`).send({}).expect(400)
        await expectHeld(browser)
      })
    }

    it('C41 is not found in a prototype that came with the body', async () => {
      const { somebody, browser } = await app.signInSomebody()
      const body = `{"__proto__":{"code":"${somebody.code('totp')}"}}`
      await browser.post('/paths/copied').type('json').send(body).expect(400)
      await expectHeld(browser)
    })

    it('is read from the member that codeField names, and from no other', async () => {
      const { somebody, browser } = await app.signInSomebody()
      await browser
        .post('/paths/field/otp')
        .send({ code: somebody.code('totp') })
        .expect(400)
      await browser
        .post('/paths/field/otp')
        .send({ otp: somebody.code('totp'), code: '000000' })
        .expect(200)
      await expectSatisfied(browser)
    })

    it('may be sent by a form', async () => {
      const { somebody, browser } = await app.signInSomebody()
      await browser
        .post(PLAIN)
        .type('form')
        .send({ code: somebody.code('totp') })
        .expect(200)
      await expectSatisfied(browser)
    })

    it('may have spaces, and may be a backup code as somebody typed it', async () => {
      const { somebody, browser } = await app.signInSomebody()
      const code = somebody.code('totp')
      await browser
        .post(PLAIN)
        .send({ code: ` ${code.slice(0, 3)} ${code.slice(3)} ` })
        .expect(200)
      const backupCode = somebody.code('backup_code').toLowerCase().replaceAll('-', ' ')
      await browser.post(PLAIN).send({ code: backupCode }).expect(200)
      await expectSatisfied(browser)
    })
  })

  describe('what goes along with success', () => {
    for (const { method, title } of METHODS) {
      it(`tells how it was shown, for ${title}`, async () => {
        const { somebody, browser } = await app.signInSomebody()
        app.forget()
        const answer = await browser
          .post(PLAIN)
          .send({ code: somebody.code(method) })
          .expect(200)
        const { info } = answer.body as { info: unknown }
        expect(info).to.deep.equal(
          method === 'totp'
            ? { method, authenticatorId: somebody.authenticatorId, backupCodesRemaining: 10 }
            : { method, backupCodesRemaining: 9 },
        )
        expect(app.told().given).to.deep.equal([{ id: somebody.name }, info])
      })
    }
  })

  describe('somebody who has nothing to show', () => {
    it('C39 is refused without a record, whatever the code', async () => {
      const stranger = await app.signIn('stranger')
      for (const code of ['000000', 'AAAAA-AAAAA-AAAAA-AAAAA-AAAAA']) {
        app.forget()
        await stranger.post(PLAIN).send({ code }).expect(409)
        expect(challengeOf(app.told())).to.include({ code: 'not_enrolled' })
      }
      expect(await whoAmI(stranger)).to.include({ state: 'not_enrolled' })
      await stranger.post('/transfer').expect(403)
    })

    it('C39 is refused with an authenticator that was not confirmed', async () => {
      const { phone } = await beginEnrolment(app, 'beginner')
      const code = phone.codeAt(app.clock.now())
      const beginner = await app.signIn('beginner')
      await beginner.post(PLAIN).send({ code }).expect(409)
      await beginner.post('/transfer').expect(403)
    })

    for (const [title, sealed, status] of [
      ['empty', (userId: string, id: string) => seal(userId, id, Buffer.alloc(0)), 422],
      ['not sealed', () => '', 503],
      ["another user's", (_userId: string, id: string) => seal('somebody else', id, Buffer.alloc(20)), 503],
    ] as const) {
      it(`C39 is refused with a secret that is ${title}`, async () => {
        const { somebody, browser } = await app.signInSomebody()
        const { name, authenticatorId } = somebody
        const entry = await app.storage.read(name)
        if (!entry) throw new Error('There is no record.')
        const { record, revision } = entry
        const authenticators = record.authenticators.map((one) => ({
          ...one,
          secret: sealed(name, authenticatorId),
        }))
        const broken = { revision: `${revision} broken`, record: { ...record, authenticators } }
        expect(await app.storage.replace(name, broken, revision)).to.equal(true)
        app.forget()
        await browser
          .post(PLAIN)
          .send({ code: codeOfNoSecret(app.clock.now()) })
          .expect(status)
        expect(app.strategy.told.map(({ action }) => action)).to.deep.equal([
          status === 422 ? 'fail' : 'error',
        ])
        await expectHeld(browser)
      })
    }
  })

  describe('shown a second time', () => {
    it('renews the session and the mark', async () => {
      const { somebody, browser } = await app.signInSomebody()
      await browser
        .post(PLAIN)
        .send({ code: somebody.code('totp') })
        .expect(200)
      const { sessionId } = await whoAmI(browser)
      app.clock.advance(400)
      await browser.post('/transfer').expect(403)
      await browser
        .post(PLAIN)
        .send({ code: somebody.code('totp') })
        .expect(200)
      await browser.post('/transfer').expect(200)
      expect((await whoAmI(browser)).sessionId).not.to.equal(sessionId)
      expect(await app.sessions.read(sessionId)).to.equal(undefined)
    })

    it('leaves the mark alone when the second code is wrong', async () => {
      const { somebody, browser } = await app.signInSomebody()
      await browser
        .post(PLAIN)
        .send({ code: somebody.code('totp') })
        .expect(200)
      const session = await app.storedSession(browser)
      await browser
        .post(PLAIN)
        .send({ code: somebody.wrongCode('totp') })
        .expect(422)
      expect((await app.storedSession(browser))?.secondFactor).to.deep.equal(session?.secondFactor)
      await expectSatisfied(browser)
    })
  })
})

function seal(userId: string, id: string, secret: Buffer): string {
  return createSealing(createKeyRing([SECRET])).seal(secret, { userId, kind: 'totp', id })
}

/** What anybody can compute for a secret without any bytes. */
function codeOfNoSecret(now: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)))
  const digest = createHmac('sha1', Buffer.alloc(0)).update(counter).digest()
  const number = digest.readUInt32BE((digest.at(-1) ?? 0) & 0xf) & 0x7fffffff
  return String(number % 1e6).padStart(6, '0')
}
