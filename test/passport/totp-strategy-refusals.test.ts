import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { SecondFactorMethod, TotpChallenge } from '../../lib/index.js'
import { type Browser, whoAmI } from '../support/app.js'
import { METHODS, type PassportApp, type Somebody, startPassportApp } from '../support/passport-app.js'
import { PASSPORT_PATHS, type PassportPath } from '../support/passport-paths.js'
import { challengeOf } from '../support/recording-strategy.js'
import { redisOfSuite } from '../support/suite.js'

/** One wrong code locks, the third disables: what takes a guesser of the defaults all day. */
const THROTTLE = { freeAttempts: 1, firstWaitSeconds: 30, disableAfter: 3 }
const HOUR = 3600

interface Refusal {
  readonly title: string
  readonly status: number
  readonly code: TotpChallenge['code']
  readonly retryAfterSeconds?: number
  /** Brings the refusal about, and returns the code to send. */
  readonly prepare: (app: PassportApp, somebody: Somebody) => string | Promise<string>
}

const REFUSALS: readonly Refusal[] = [
  {
    title: 'a code that cannot be one',
    status: 400,
    code: 'invalid_request',
    prepare: () => '12345',
  },
  {
    title: 'a right code for a disabled authenticator',
    status: 403,
    code: 'authenticator_disabled',
    async prepare(app, somebody) {
      for (let count = 0; count < THROTTLE.disableAfter; count++) {
        await guessWrong(app, somebody, 'totp')
        app.clock.advance(HOUR)
      }
      return somebody.code('totp')
    },
  },
  {
    title: 'C39 a code of somebody who is not enrolled',
    status: 409,
    code: 'not_enrolled',
    async prepare(app, somebody) {
      await app.secondFactor.reset(somebody.name)
      return somebody.code('totp')
    },
  },
  ...METHODS.flatMap(({ method, title }): Refusal[] => [
    {
      title: `${title} that is wrong`,
      status: 422,
      code: 'invalid_code',
      prepare: (_app, somebody) => somebody.wrongCode(method),
    },
    {
      title: `${method === 'totp' ? 'C8 C12 C22 C30' : 'C3 C6'} ${title} that was used before`,
      status: 422,
      code: 'invalid_code',
      async prepare(app, somebody) {
        const code = somebody.code(method)
        expect(await app.secondFactor.verify(somebody.name, code)).to.include({ ok: true })
        return code
      },
    },
    {
      title: `C35 ${title} that is right, while locked`,
      status: 429,
      code: 'locked',
      retryAfterSeconds: THROTTLE.firstWaitSeconds,
      async prepare(app, somebody) {
        await guessWrong(app, somebody, method)
        return somebody.code(method)
      },
    },
  ]),
]

async function guessWrong(app: PassportApp, somebody: Somebody, method: SecondFactorMethod) {
  expect(await app.secondFactor.verify(somebody.name, somebody.wrongCode(method))).to.include({
    reason: 'invalid_code',
  })
}

for (const held of [true, false]) {
  describe(`TotpStrategy, the [strategy], refuses ${held ? 'on every path, behind' : 'without'} holdForSecondFactor`, () => {
    const redis = redisOfSuite()
    let app: PassportApp

    before(async () => {
      app = await startPassportApp({
        sessions: await redis.client(),
        secondFactor: { throttle: THROTTLE },
        ...(!held && { hold: false }),
      })
    })
    after(() => app.close())

    // What stands in front does not know what stands behind: one path is enough for its absence.
    for (const path of held ? PASSPORT_PATHS : PASSPORT_PATHS.slice(0, 1)) {
      describe(path.title, () => {
        for (const refusal of REFUSALS) {
          it(`${refusal.title}: ${refusal.status} ${refusal.code}, and nothing has changed`, async () => {
            const somebody = await app.enrol()
            const code = await refusal.prepare(app, somebody)
            const browser = await app.signIn(somebody.name)
            const me = await whoAmI(browser)
            const content = await app.sessions.readContent(me.sessionId)
            const { message } = await refused(path, refusal, browser, code)

            expect(await whoAmI(browser)).to.deep.equal(me)
            const { authenticated, state } = app.seen()
            expect({ authenticated, state }).to.deep.equal({
              authenticated: me.authenticated,
              state: me.state,
            })
            expect(await app.sessions.readContent(me.sessionId)).to.deep.equal({
              ...content,
              ...(path.storesMessage && { messages: [message] }),
            })
            await browser.post('/transfer').expect(403)
          })
        }

        for (const { method, title } of METHODS) {
          it(`C34 C39 ${title} with nobody signed in: 401 not_authenticated, and nobody is`, async () => {
            const somebody = await app.enrol()
            const browser = app.browser()
            const refusal = { status: 401, code: 'not_authenticated' } as const
            await refused(path, refusal, browser, somebody.code(method))

            const me = await whoAmI(browser)
            expect(me).to.deep.include({ authenticated: false })
            expect((await app.sessions.read(me.sessionId)) ?? {}).not.to.have.any.keys(
              'passport',
              'secondFactor',
            )
            await browser.post('/transfer').expect(401)
            const unspent = await app.secondFactor.verify(somebody.name, somebody.code(method))
            expect(unspent).to.include({ ok: true, method })
          })
        }
      })
    }

    /** Send a code that is refused; the challenge that Passport was told. */
    async function refused(
      path: PassportPath,
      { status, code, retryAfterSeconds }: Pick<Refusal, 'status' | 'code' | 'retryAfterSeconds'>,
      browser: Browser,
      typed: string,
    ): Promise<TotpChallenge> {
      app.forget()
      const answer = await browser.post(path.url).send({ code: typed })
      const expected = path.failure(status)
      expect(answer.status).to.equal(expected.status)
      expect(answer.headers['location']).to.equal(expected.location)
      expect(answer.headers['retry-after']).to.equal(retryAfterSeconds?.toString())
      expect(answer.text).not.to.include(typed)
      expect(app.sessions.writes.filter(({ command }) => command === 'del')).to.deep.equal([])

      const told = app.told()
      const challenge = challengeOf(told)
      expect(told.given[1]).to.equal(status)
      const { message } = challenge
      expect(message)
        .to.be.a('string')
        .that.matches(/^.+\.$/)
      expect(message).not.to.include(typed)
      const retryAt = app.clock.now() + (retryAfterSeconds ?? 0) * 1000
      expect(challenge).to.deep.equal({ message, code, ...(retryAfterSeconds !== undefined && { retryAt }) })
      return challenge
    }
  })
}
