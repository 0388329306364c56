import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { createSecondFactor, MemoryStorage, TotpStrategy } from '../../lib/index.js'
import { SECRET, whoAmI } from '../support/app.js'
import { outcomeOf } from '../support/endpoints.js'
import {
  expectHeld,
  expectSatisfied,
  type PassportApp,
  type Somebody,
  startPassportApp,
} from '../support/passport-app.js'
import { answer, authenticate, PASSPORT_PATHS } from '../support/passport-paths.js'
import { challengeOf } from '../support/recording-strategy.js'
import { redisOfSuite } from '../support/suite.js'
import {
  comeBack,
  DEVICE_COOKIE,
  deviceCookieOf,
  deviceCookiesOf,
  secureBrowser,
} from '../support/trusting-browser.js'

const PLAIN = '/paths/a-handler-behind-it'

describe('TotpStrategy and trusted browsers', () => {
  const redis = redisOfSuite()
  let app: PassportApp
  before(async () => {
    app = await startPassportApp({
      sessions: await redis.client(),
      routes(express, auth, secondFactor) {
        auth.use('remembering', new TotpStrategy(secondFactor, { trustDeviceField: 'remember' }))
        express.post('/paths/remembering', authenticate(auth, {}, 'remembering'), answer)
        express.post('/paths/sessionless', authenticate(auth, { session: false }), answer)
      },
    })
  })
  after(() => app.close())

  /** Somebody who has enrolled, and a browser of theirs that has shown the first factor. */
  async function signIn() {
    const somebody = await app.enrol()
    const browser = secureBrowser(app)
    await browser.post('/login').send({ name: somebody.name }).expect(204)
    return { somebody, browser }
  }
  const devicesOf = ({ name }: Somebody) => app.secondFactor.trustedDevices(name)

  it('trusts the browser by POST /login/2fa, and the next login is let in', async () => {
    const { somebody, browser } = await signIn()
    const answer = await browser
      .post('/login/2fa')
      .set('User-Agent', 'Firefox/140.0')
      .send({ code: somebody.code('totp'), trustDevice: true })
      .expect(200)
    const { name, token } = deviceCookieOf(answer)
    expect(name).to.match(DEVICE_COOKIE)
    expect(JSON.stringify(answer.body)).to.not.include(token)
    expect((await devicesOf(somebody)).map(({ id, label }) => ({ id, label }))).to.deep.equal([
      { id: token.split('.')[0], label: 'Firefox/140.0' },
    ])
    await comeBack(browser, somebody.name)
    await expectSatisfied(browser)
  })

  for (const { title, url, success } of PASSPORT_PATHS) {
    it(`gives the browser one cookie on the way of ${title}`, async () => {
      const { somebody, browser } = await signIn()
      const code = somebody.code('totp')
      const answer = await browser.post(url).send({ code, trustDevice: 'on' }).expect(success.status)
      expect(deviceCookieOf(answer).token.split('.')[0]).to.equal((await devicesOf(somebody))[0]?.id)
      await comeBack(browser, somebody.name)
      await expectSatisfied(browser)
    })
  }

  for (const body of [{}, { trustDevice: false }, { trustDevice: 'false' }, { trustDevice: '' }]) {
    it(`trusts nobody for ${JSON.stringify(body)}`, async () => {
      const { somebody, browser } = await signIn()
      const code = somebody.code('totp')
      const answer = await browser
        .post('/login/2fa')
        .send({ code, ...body })
        .expect(200)
      expect(deviceCookiesOf(answer)).to.deep.equal([])
      expect(await devicesOf(somebody)).to.deep.equal([])
    })
  }

  for (const trustDevice of [1, null, 'yes', ['on'], {}]) {
    it(`C41 refuses trustDevice ${JSON.stringify(trustDevice)}, and does not spend the code`, async () => {
      const { somebody, browser } = await signIn()
      const code = somebody.code('totp')
      app.forget()
      const answer = await browser.post(PLAIN).send({ code, trustDevice }).expect(400)
      expect(challengeOf(app.told())).to.include({ code: 'invalid_request' })
      expect(deviceCookiesOf(answer)).to.deep.equal([])
      await expectHeld(browser)
      await browser.post('/login/2fa').send({ code }).expect(200)
    })
  }

  it('trusts nobody for a wrong code, nor for a backup code', async () => {
    const { somebody, browser } = await signIn()
    for (const [code, status] of [
      [somebody.wrongCode('totp'), 422],
      [somebody.code('backup_code'), 200],
    ] as const) {
      const answer = await browser.post(PLAIN).send({ code, trustDevice: true }).expect(status)
      expect(deviceCookiesOf(answer)).to.deep.equal([])
    }
    expect(await devicesOf(somebody)).to.deep.equal([])
  })

  it('trusts nobody with session: false, where nothing of this request is to last', async () => {
    const { somebody, browser } = await signIn()
    const code = somebody.code('totp')
    const answer = await browser.post('/paths/sessionless').send({ code, trustDevice: true }).expect(200)
    expect(deviceCookiesOf(answer)).to.deep.equal([])
    expect(await devicesOf(somebody)).to.deep.equal([])
    await expectHeld(browser)
  })

  it('makes a session fresh that trust has opened', async () => {
    const { somebody, browser } = await signIn()
    await browser
      .post('/login/2fa')
      .send({ code: somebody.code('totp'), trustDevice: true })
      .expect(200)
    await comeBack(browser, somebody.name)
    await expectSatisfied(browser)
    expect(outcomeOf(await browser.post('/transfer'))).to.equal('403 fresh_second_factor_required')
    app.clock.advance(30)
    const { sessionId } = await whoAmI(browser)
    await browser
      .post('/login/2fa')
      .send({ code: somebody.code('totp') })
      .expect(200)
    expect((await whoAmI(browser)).sessionId).to.not.equal(sessionId)
    await browser.post('/transfer').expect(200)
  })

  describe('trustDeviceField', () => {
    it('is the member of the body that says so, and the only one', async () => {
      for (const [member, trusts] of [
        ['remember', true],
        ['trustDevice', false],
      ] as const) {
        const { somebody, browser } = await signIn()
        const code = somebody.code('totp')
        const answer = await browser
          .post('/paths/remembering')
          .send({ code, [member]: 'on' })
          .expect(200)
        expect(deviceCookiesOf(answer)).to.have.length(trusts ? 1 : 0)
      }
    })

    const secondFactor = createSecondFactor({ issuer: 'ACME', secret: SECRET, storage: new MemoryStorage() })
    for (const trustDeviceField of ['', 6, null]) {
      it(`refuses ${JSON.stringify(trustDeviceField)} when the strategy is made`, () => {
        const options = { trustDeviceField: trustDeviceField as string }
        expect(() => new TotpStrategy(secondFactor, options)).to.throw(
          TypeError,
          'TotpStrategy: trustDeviceField must be the name of a member',
        )
      })
    }
  })
})
