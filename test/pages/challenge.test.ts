import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { en } from '../../lib/pages/messages/en.js'
import { type TestApp, whoAmI, wrongCode } from '../support/app.js'
import {
  enrolled,
  fillIn,
  locationOf,
  pageAt,
  pageOf,
  pending,
  type PersonOfPages,
  signIn,
  submit,
  visit,
} from '../support/page-forms.js'
import { appsOnRedis } from '../support/suite.js'
import { deviceCookieOf, deviceCookiesOf } from '../support/trusting-browser.js'

const CHALLENGE = '/2fa/challenge'

describe('the page /challenge', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start({ pages: { homePath: '/home' } })
  })

  const formOf = async ({ browser }: Pick<PersonOfPages, 'browser'>, query = '') =>
    (await pageAt(browser, CHALLENGE + query)).form(CHALLENGE)

  describe('lets a person in', () => {
    it('by a right code, under a new session id, and goes on to where the person wanted to go', async () => {
      const person = await pending(app, 'right')
      const form = await formOf(person, '?returnTo=/private%3Fa=1%26b=2')
      const earlier = await whoAmI(person.browser)
      const answer = await fillIn(person.browser, form, { code: person.nextCode() })
      expect(locationOf(answer)).to.equal('303 /private?a=1&b=2')
      expect(answer.get('Cache-Control')).to.equal('no-store')
      const later = await whoAmI(person.browser)
      expect(later).to.include({ authenticated: true, state: 'satisfied' })
      expect(later.sessionId).to.not.equal(earlier.sessionId)
    })

    it('and on to the home page who came from nowhere in particular', async () => {
      const person = await pending(app, 'from nowhere')
      const answer = await fillIn(person.browser, await formOf(person), { code: person.nextCode() })
      expect(locationOf(answer)).to.equal('303 /home')
    })

    it('by a code with spaces in it', async () => {
      const person = await pending(app, 'spaced')
      const code = ` ${person.nextCode().replace(/(...)/, '$1 ')} `
      expect((await fillIn(person.browser, await formOf(person), { code })).status).to.equal(303)
    })

    it('by a backup code in the same field, once', async () => {
      const person = await pending(app, 'backup')
      const [code = ''] = person.backupCodes
      const form = await formOf(person)
      expect((await fillIn(person.browser, form, { code })).status).to.equal(303)
      const again = await signIn(app, 'backup')
      expect((await fillIn(again, form, { code })).status).to.equal(422)
      expect(await whoAmI(again)).to.include({ authenticated: false })
    })

    it('once more who is in already: the step-up', async () => {
      const person = await enrolled(app, 'steps up')
      app.clock.advance(301)
      await person.browser.post('/transfer').expect(403)
      const form = await formOf(person, '?returnTo=/form')
      const answer = await fillIn(person.browser, form, { code: person.nextCode() })
      expect(locationOf(answer)).to.equal('303 /form')
      await person.browser.post('/transfer').expect(200)
    })

    it('without a hold, too', async () => {
      const free = await start({ pages: {}, hold: false })
      const person = await pending(free, 'free')
      const code = person.nextCode()
      expect((await fillIn(person.browser, await formOf(person), { code })).status).to.equal(303)
      expect(await free.secondFactor.verify('free', code)).to.include({ reason: 'invalid_code' })
      await person.browser.post('/transfer').expect(200)
    })
  })

  describe('leads nobody to another site', () => {
    const elsewhere = [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      'javascript:alert(1)',
      '/..//evil.example',
      'evil.example',
      ' /x',
      '/\t/evil.example',
    ]
    let person: PersonOfPages
    before(async () => {
      person = await enrolled(app, 'led')
    })

    for (const path of elsewhere) {
      it(`by ${JSON.stringify(path)}`, async () => {
        const query = `?returnTo=${encodeURIComponent(path)}`
        const page = await pageAt(person.browser, CHALLENGE + query)
        expect(page.form(CHALLENGE).fields).to.include({ returnTo: '/home' })
        for (const { attributes } of page.all('a')) {
          expect(attributes['href']).to.match(/^\/2fa\/challenge\?(?:method=backup_code&)?returnTo=%2Fhome$/)
        }
        const answer = await submit(person.browser, CHALLENGE, { code: person.nextCode(), returnTo: path })
        expect(locationOf(answer)).to.equal('303 /home')
      })
    }

    it('by a list of paths', async () => {
      const page = await pageAt(person.browser, `${CHALLENGE}?returnTo=/a&returnTo=//evil.example`)
      expect(page.form(CHALLENGE).fields).to.include({ returnTo: '/home' })
      const nested = await pageAt(person.browser, `${CHALLENGE}?returnTo[]=//evil.example`)
      expect(nested.form(CHALLENGE).fields).to.include({ returnTo: '/home' })
      const returnTo = ['/a', '//evil.example']
      const answer = await submit(person.browser, CHALLENGE, { code: person.nextCode(), returnTo })
      expect(locationOf(answer)).to.equal('303 /home')
    })
  })

  describe('says what is wrong', () => {
    it('with a wrong code, where a reader of screens hears it, and keeps the way back', async () => {
      const person = await pending(app, 'wrong')
      const code = wrongCode(person.phone, app.clock.now())
      const answer = await fillIn(person.browser, await formOf(person, '?returnTo=/form'), { code }).expect(
        422,
      )
      const page = pageOf(answer)
      expect(page.alert).to.equal(en.wrongCode)
      const field = page.the('name', 'code').attributes
      expect(field).to.include({ 'aria-invalid': 'true', autofocus: '', autocomplete: 'one-time-code' })
      expect(page.the('id', field['aria-describedby']).attributes).to.include({ role: 'alert' })
      expect(field).to.not.have.property('value')
      expect(page.form(CHALLENGE).fields).to.include({ returnTo: '/form', method: 'totp' })
      expect(await whoAmI(person.browser)).to.include({ authenticated: false, state: 'pending' })
    })

    it('with a wrong backup code in its own words', async () => {
      const person = await pending(app, 'wrong backup')
      const form = await formOf(person, '?method=backup_code')
      const page = pageOf(await fillIn(person.browser, form, { code: '00000-00000-00000-00000-00000' }))
      expect(page.alert).to.equal(en.wrongBackupCode)
      expect(page.form(CHALLENGE).fields).to.include({ method: 'backup_code' })
    })

    it('with what is no code at all, and charges nothing for it', async () => {
      const person = await pending(app, 'malformed')
      for (const code of ['', ' ', '12', '12345a', 'x'.repeat(129)]) {
        for (let time = 0; time < 3; time++) {
          const answer = await fillIn(person.browser, await formOf(person), { code }).expect(400)
          expect(pageOf(answer).alert).to.equal(en.notACode)
        }
      }
      await submit(person.browser, CHALLENGE, {}).expect(400)
      await submit(person.browser, CHALLENGE, { code: [person.nextCode(), '1'] }).expect(400)
      const right = await fillIn(person.browser, await formOf(person), { code: person.nextCode() })
      expect(right.status).to.equal(303)
    })

    it('while it is locked: how long, in words and for the script; backup codes work on', async () => {
      const person = await pending(app, 'locked')
      const form = await formOf(person)
      for (let time = 0; time < 5; time++) {
        await fillIn(person.browser, form, { code: wrongCode(person.phone, app.clock.now()) }).expect(422)
      }
      app.clock.advance(7)
      const right = { code: person.phone.codeAt(app.clock.now() + 30_000) }
      const answer = await fillIn(person.browser, form, right).expect(429)
      expect(answer.get('Retry-After')).to.equal('23')
      const page = pageOf(answer)
      expect(page.alert).to.equal('Too many wrong codes. Try again in 23 seconds.')
      const timer = page.the('data-wait', '23').attributes
      expect(timer).to.include({ role: 'timer', hidden: '', 'data-over': en.lockOver })
      const [code = ''] = person.backupCodes
      expect((await fillIn(person.browser, form, { code })).status).to.equal(303)
    })

    it('when wrong codes have disabled the authenticator', async () => {
      const throttle = { freeAttempts: 1, firstWaitSeconds: 1, longestWaitSeconds: 1, disableAfter: 1 }
      const strict = await start({ pages: {}, secondFactor: { throttle } })
      const person = await pending(strict, 'disabled')
      const form = await formOf(person)
      await fillIn(person.browser, form, { code: wrongCode(person.phone, strict.clock.now()) }).expect(422)
      const answer = await fillIn(person.browser, form, { code: person.nextCode() }).expect(403)
      expect(pageOf(answer).alert).to.include(en.authenticatorDisabled)
    })
  })

  describe('trusts a browser', () => {
    it('whose person ticks that', async () => {
      const person = await pending(app, 'trusts')
      const page = await pageAt(person.browser, CHALLENGE)
      expect(page.form(CHALLENGE).asks).to.deep.equal(['code', 'trustDevice'])
      expect(page.the('for', 'trust').text).to.equal('Trust this browser for 30 days')
      const fields = { ...page.form(CHALLENGE).fields, code: person.nextCode(), trustDevice: 'on' }
      deviceCookieOf(await submit(person.browser, CHALLENGE, fields).expect(303))
      expect(await app.secondFactor.trustedDevices('trusts')).to.have.length(1)
    })

    it('and no other', async () => {
      const person = await pending(app, 'trusts not')
      const answer = await fillIn(person.browser, await formOf(person), { code: person.nextCode() })
      expect(deviceCookiesOf(answer)).to.deep.equal([])
      expect(await app.secondFactor.trustedDevices('trusts not')).to.deep.equal([])
    })

    it('and does not offer it for a backup code, which would not earn it', async () => {
      const person = await pending(app, 'lost')
      const form = await formOf(person, '?method=backup_code')
      expect(form.asks).to.deep.equal(['code'])
      const [code = ''] = person.backupCodes
      const answer = await fillIn(person.browser, form, { code, trustDevice: 'on' }).expect(303)
      expect(deviceCookiesOf(answer)).to.deep.equal([])
    })

    it('and does not offer it where no browser may be trusted', async () => {
      const strict = await start({ pages: {}, secondFactor: { trustedDeviceSeconds: 0 } })
      const person = await pending(strict, 'strict')
      expect((await formOf(person)).asks).to.deep.equal(['code'])
    })
  })

  describe('of two tabs', () => {
    it('goes on in the second, once the first has let its person in with the same code', async () => {
      const person = await pending(app, 'two tabs')
      const [first, second] = [await formOf(person, '?returnTo=/a'), await formOf(person, '?returnTo=/b')]
      const code = person.nextCode()
      expect(locationOf(await fillIn(person.browser, first, { code }))).to.equal('303 /a')
      expect(locationOf(await fillIn(person.browser, second, { code }))).to.equal('303 /b')
    })

    it('goes on in the second too when a code was refused there before', async () => {
      const person = await pending(app, 'two tabs, one refusal')
      const [first, second] = [await formOf(person), await formOf(person, '?returnTo=/b')]
      const wrong = wrongCode(person.phone, app.clock.now())
      const refused = pageOf(await fillIn(person.browser, second, { code: wrong }).expect(422))
      app.clock.advance(1)
      const code = person.nextCode()
      await fillIn(person.browser, first, { code }).expect(303)
      const [again] = refused.forms
      expect(locationOf(await fillIn(person.browser, again ?? second, { code }))).to.equal('303 /b')
    })

    it('refuses a wrong code in a session that was let in before the page was made', async () => {
      const person = await enrolled(app, 'let in before')
      app.clock.advance(600)
      const form = await formOf(person)
      const code = '00000-00000-00000-00000-00000'
      for (const shownAt of [form.fields['shownAt'] ?? '', '', '0', '-1', 'x', '1e3']) {
        app.clock.advance(3600)
        await fillIn(person.browser, form, { code, shownAt }).expect(422)
      }
      await person.browser.post('/transfer').expect(403)
    })
  })

  it('sends on who has no second factor to show, with a form too', async () => {
    const browser = await signIn(app, 'newcomer')
    expect(locationOf(await visit(browser, `${CHALLENGE}?returnTo=/x`))).to.equal('303 /x')
    const answer = await submit(browser, CHALLENGE, { code: '123456', returnTo: '/x' })
    expect(locationOf(answer)).to.equal('303 /x')
  })

  it('leads to the other kind of code, and keeps the way back', async () => {
    const { browser } = await pending(app, 'chooses')
    const page = await pageAt(browser, `${CHALLENGE}?returnTo=/x`)
    const href = page.all('a')[0]?.attributes['href']
    expect(href).to.equal(`${CHALLENGE}?method=backup_code&returnTo=%2Fx`)
    expect(page.the('name', 'code').attributes).to.include({ inputmode: 'numeric', autofocus: '' })
    const other = await pageAt(browser, href ?? '')
    expect(other.all('a')[0]?.attributes['href']).to.equal(`${CHALLENGE}?returnTo=%2Fx`)
    expect(other.the('name', 'code').attributes).to.include({ inputmode: 'text', autofocus: '' })
  })
})
