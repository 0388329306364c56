import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { requireSecondFactor, type SecondFactorMark } from '../../lib/index.js'
import {
  type Browser,
  cookieOf,
  enrolThroughRouter,
  type TestApp,
  type TestAppOptions,
  whoAmI,
} from '../support/app.js'
import {
  callEndpoint,
  ENDPOINT_CALLS,
  outcomeOf,
  type PreparedPerson,
  preparePerson,
  titleOf,
} from '../support/endpoints.js'
import { succeeded } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'
import {
  comeBack,
  DEVICE_COOKIE,
  deviceCookieOf,
  deviceCookiesOf,
  secureBrowser,
  trustBrowser,
} from '../support/trusting-browser.js'

const THIRTY_DAYS = 30 * 86_400
const TOKEN = /^[\w-]{16}\.[\w-]{43}$/
const STALE = '403 fresh_second_factor_required'

const ROUTES: TestAppOptions['routes'] = (host, secondFactor) => {
  host.get('/members', requireSecondFactor(secondFactor), (_req, res) => {
    res.sendStatus(200)
  })
}

describe('trusted browsers, the [trusted device]', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start({ routes: ROUTES })
  })

  const markOf = async (browser: Browser): Promise<SecondFactorMark | undefined> => {
    const answer = await browser.get('/private').expect(200)
    return (answer.body as { session: { secondFactor?: SecondFactorMark } }).session.secondFactor
  }

  describe('POST /2fa/verify', () => {
    /** Somebody who has enrolled, and a browser of theirs that has shown the first factor. */
    async function signIn(name: string) {
      const { phone } = await enrolThroughRouter(app, app.browser(), name)
      app.clock.advance(30)
      const browser = secureBrowser(app)
      await browser.post('/login').send({ name }).expect(204)
      return { browser, code: phone.codeAt(app.clock.now()) }
    }

    for (const trustDevice of [true, 'true', 'on', '1']) {
      it(`trusts the browser for trustDevice ${JSON.stringify(trustDevice)}`, async () => {
        const { browser, code } = await signIn(`asks by ${JSON.stringify(trustDevice)}`)
        const answer = await browser.post('/2fa/verify').send({ code, trustDevice }).expect(200)
        const trustedUntil = new Date(app.clock.now() + THIRTY_DAYS * 1000).toISOString()
        expect(answer.body).to.include({ verified: true, method: 'totp', trustedUntil })
        expect(deviceCookiesOf(answer)).to.have.length(1)
      })
    }

    for (const body of [{}, ...[false, 'false', '0', ''].map((trustDevice) => ({ trustDevice }))]) {
      it(`trusts nobody for ${JSON.stringify(body)}`, async () => {
        const name = `does not ask by ${JSON.stringify(body)}`
        const { browser, code } = await signIn(name)
        const answer = await browser
          .post('/2fa/verify')
          .send({ code, ...body })
          .expect(200)
        expect(answer.body).to.not.have.property('trustedUntil')
        expect(deviceCookiesOf(answer)).to.deep.equal([])
        expect(await app.secondFactor.trustedDevices(name)).to.deep.equal([])
      })
    }

    for (const trustDevice of [1, 0, null, 'yes', 'TRUE', ['on'], { on: true }, []]) {
      it(`C41 refuses trustDevice ${JSON.stringify(trustDevice)}, and does not spend the code`, async () => {
        const { browser, code } = await signIn(`garbage ${JSON.stringify(trustDevice)}`)
        const answer = await browser.post('/2fa/verify').send({ code, trustDevice })
        expect(outcomeOf(answer)).to.equal('400 invalid_request')
        expect(deviceCookiesOf(answer)).to.deep.equal([])
        expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
        await browser.post('/2fa/verify').send({ code }).expect(200)
      })
    }

    it('trusts the browser for a form’s checkbox', async () => {
      const { browser, code } = await signIn('form')
      const answer = await browser.post('/2fa/verify').type('form').send({ code, trustDevice: 'on' })
      expect(outcomeOf(answer)).to.equal('200')
      expect(deviceCookiesOf(answer)).to.have.length(1)
    })

    it('trusts nobody for a wrong code, nor for a backup code', async () => {
      const browser = secureBrowser(app)
      const { backupCodes } = await enrolThroughRouter(app, browser, 'unearned')
      for (const [code, status] of [
        ['00000-00000-00000-00000-00000', 422],
        [backupCodes[0], 200],
      ] as const) {
        const answer = await browser.post('/2fa/verify').send({ code, trustDevice: true }).expect(status)
        expect(deviceCookiesOf(answer)).to.deep.equal([])
      }
      expect(await app.secondFactor.trustedDevices('unearned')).to.deep.equal([])
    })

    it('takes a browser that asks again for the same one, and leaves others alone', async () => {
      const { browser, phone, deviceId } = await trustBrowser(app, 'asks twice')
      const other = succeeded(await app.secondFactor.trustDevice('asks twice'))
      const code = phone.codeAt(app.clock.now())
      await browser.post('/2fa/verify').send({ code, trustDevice: true }).expect(200)
      const devices = await app.secondFactor.trustedDevices('asks twice')
      expect(devices.map(({ id }) => id))
        .to.have.length(2)
        .and.include(other.id)
        .and.not.include(deviceId)
    })

    it('calls the device what the browser calls itself', async () => {
      const { browser, code } = await signIn('labelled')
      await browser
        .post('/2fa/verify')
        .set('User-Agent', 'Firefox/140.0')
        .send({ code, trustDevice: true })
        .expect(200)
      const [device] = await app.secondFactor.trustedDevices('labelled')
      expect(device?.label).to.equal('Firefox/140.0')
    })

    it('gives a cookie that this host alone gets back, over TLS, and no script sees', async () => {
      const { trusted } = await trustBrowser(app, 'cookie')
      const [cookie = ''] = deviceCookiesOf(trusted)
      const [pair = '', ...attributes] = cookie.split('; ')
      const [name, token] = pair.split('=')
      expect(name).to.match(DEVICE_COOKIE)
      expect(token).to.match(TOKEN)
      const expires = attributes.find((attribute) => attribute.startsWith('Expires='))
      expect(attributes).to.have.members([
        'HttpOnly',
        'Secure',
        'SameSite=Lax',
        'Path=/',
        `Max-Age=${THIRTY_DAYS}`,
        expires,
      ])
      expect(JSON.stringify(trusted.body)).to.not.include(token)
    })
  })

  describe('the next login', () => {
    it('is let in by the cookie, under a new session id, with a new token', async () => {
      const { browser, trusted, deviceId } = await trustBrowser(app, 'returns')
      app.clock.advance(86_400)
      await browser.post('/logout').expect(204)
      const signedIn = await browser.post('/login').send({ name: 'returns', basket: 'three apples' })
      const loginCookie = cookieOf(signedIn)

      const answer = await browser.get('/whoami').expect(200)
      const { body } = answer as { body: { sessionId: string } }
      expect(body).to.include({ authenticated: true, state: 'satisfied', basket: 'three apples' })
      expect(loginCookie).to.not.include(encodeURIComponent(body.sessionId))
      expect(answer.get('Set-Cookie')?.join()).to.include(encodeURIComponent(body.sessionId))
      const { name, token } = deviceCookieOf(answer)
      expect(name).to.equal(deviceCookieOf(trusted).name)
      expect(token).to.match(TOKEN).and.not.equal(deviceCookieOf(trusted).token)
      expect(deviceCookiesOf(answer)[0]).to.include(`Max-Age=${THIRTY_DAYS - 86_430};`)

      const { epoch } = await app.secondFactor.status('returns')
      const mark = { userId: 'returns', method: 'trusted_device', deviceId, at: app.clock.now(), epoch }
      expect(await markOf(browser)).to.deep.equal(mark)
    })

    it('C29 leaves nothing under the session id of the login', async () => {
      const { browser, name } = await trustBrowser(app, 'fixated')
      await browser.post('/logout').expect(204)
      const old = cookieOf(await browser.post('/login').send({ name }))
      await browser.get('/private').expect(200)
      const thief = await app.browser().get('/whoami').set('Cookie', old).expect(200)
      expect(thief.body).to.include({ authenticated: false }).and.not.have.property('state')
    })

    it('replaces the token once: a session that is satisfied brings it for nothing', async () => {
      const { browser, name } = await trustBrowser(app, 'stays')
      await comeBack(browser, name)
      expect(deviceCookiesOf(await browser.get('/private').expect(200))).to.have.length(1)
      for (let time = 0; time < 3; time++) {
        expect(deviceCookiesOf(await browser.get('/private').expect(200))).to.deep.equal([])
      }
    })

    it('after that is let in again, and again', async () => {
      const { browser, name } = await trustBrowser(app, 'regular')
      for (let day = 0; day < 4; day++) {
        app.clock.advance(86_400)
        await comeBack(browser, name)
        await browser.get('/private').expect(200)
      }
    })

    it('C1 is held in every other browser', async () => {
      await trustBrowser(app, 'two browsers')
      const other = secureBrowser(app)
      await other.post('/login').send({ name: 'two browsers' }).expect(204)
      expect(await whoAmI(other)).to.include({ authenticated: false, state: 'pending' })
    })

    it('is held when the term is over, and the cookie is taken away', async () => {
      const { browser, name, trusted } = await trustBrowser(app, 'late')
      app.clock.advance(THIRTY_DAYS)
      await comeBack(browser, name)
      const answer = await browser.get('/private').expect(401)
      const [cookie = ''] = deviceCookiesOf(answer)
      expect(cookie.split('; ')).to.have.members([
        `${deviceCookieOf(trusted).name}=`,
        'Path=/',
        'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
        'HttpOnly',
        'Secure',
        'SameSite=Lax',
      ])
      expect(deviceCookiesOf(await browser.get('/private').expect(401))).to.deep.equal([])
    })

    it('is let in past a challenge page, which asks for nothing', async () => {
      const paged = await start({ hold: { challengePath: '/challenge' } })
      const { browser, name } = await trustBrowser(paged, 'navigates')
      await comeBack(browser, name)
      await browser.get('/private').set('Accept', 'text/html').expect(200)
    })
  })

  describe('people who share a browser', () => {
    it('do not share its trust, and do not disturb it', async () => {
      const { browser, name } = await trustBrowser(app, 'owner of the cookie')
      await enrolThroughRouter(app, app.browser(), 'guest')
      await comeBack(browser, 'guest')
      const answer = await browser.get('/private').expect(401)
      expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      expect(deviceCookiesOf(answer)).to.deep.equal([])
      await comeBack(browser, name)
      await browser.get('/private').expect(200)
    })

    it('C14 cannot bring another one’s token as their own', async () => {
      const { trusted, name, browser } = await trustBrowser(app, 'robbed')
      const thief = await trustBrowser(app, 'thief')
      const { token } = deviceCookieOf(trusted)
      const { name: cookieName } = deviceCookieOf(thief.trusted)
      thief.browser.jar.setCookie(`${cookieName}=${token}; Path=/; Secure`, '127.0.0.1')
      await comeBack(thief.browser, 'thief')
      await thief.browser.get('/private').expect(401)
      await comeBack(browser, name)
      await browser.get('/private').expect(200)
    })
  })

  describe('trust is no step-up', () => {
    let person: PreparedPerson
    let browser: Browser
    before(async () => {
      browser = secureBrowser(app)
      person = await preparePerson(app, browser, 'steps up')
      const code = person.phone.codeAt(app.clock.now())
      await browser.post('/2fa/verify').send({ code, trustDevice: true }).expect(200)
      app.clock.advance(30)
      await comeBack(browser, 'steps up')
      await browser.get('/private').expect(200)
    })

    it('and satisfies a guard that asks for any second factor', async () => {
      await browser.get('/members').expect(200)
    })

    it('C19 for a guard that asks for a fresh one, however new the trust is', async () => {
      expect(outcomeOf(await browser.post('/transfer'))).to.equal(STALE)
    })

    const open = ['GET /', 'POST /verify', 'GET /trusted-devices']
    for (const call of ENDPOINT_CALLS.filter((one) => !open.includes(titleOf(one)))) {
      it(`C19 for ${titleOf(call)}`, async () => {
        const before = await app.secondFactor.status('steps up')
        expect(outcomeOf(await callEndpoint(app, browser, call, person))).to.equal(STALE)
        const { readAt: _now, ...after } = await app.secondFactor.status('steps up')
        expect(before).to.deep.include(after)
      })
    }

    it('until a code is shown', async () => {
      const code = person.phone.codeAt(app.clock.now())
      await browser.post('/2fa/verify').send({ code }).expect(200)
      expect(await markOf(browser))
        .to.include({ method: 'totp' })
        .and.not.have.property('deviceId')
      await browser.post('/transfer').expect(200)
      const path = `/2fa/trusted-devices/${person.trustedDeviceId}`
      expect(outcomeOf(await browser.delete(path))).to.equal('204')
    })
  })
})
