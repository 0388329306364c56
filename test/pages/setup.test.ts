import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { en } from '../../lib/pages/messages/en.js'
import { type Browser, type TestApp, whoAmI, wrongCode } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import {
  enrolled,
  codesOf,
  fillIn,
  locationOf,
  pageAt,
  pageOf,
  readScan,
  signIn,
  submit,
  visit,
} from '../support/page-forms.js'
import { readQrCode } from '../support/qr-code.js'
import { appsOnRedis } from '../support/suite.js'

const SETUP = '/2fa/setup'

describe('the page /setup', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start({ pages: {} })
  })

  const codeOf = (uri: string) => ({ code: new TestAuthenticator(uri).codeAt(app.clock.now()) })
  const begin = async (browser: Browser, query = '') => readScan(await pageAt(browser, SETUP + query))

  describe('shows a new authenticator', () => {
    it('as a QR code, as a link for this device, and as a key to type, all the same', async () => {
      const { src, href, key, uri, form } = await begin(await signIn(app, 'begins'))
      expect(uri).to.match(/^otpauth:\/\/totp\/ACME:begins\?/)
      expect(href).to.equal(uri)
      expect(readQrCode(src)).to.equal(uri)
      expect(key).to.match(/^(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}$/)
      expect(new URL(uri).searchParams.get('secret')).to.equal(key.replaceAll(' ', ''))
      const { authenticators, enabled } = await app.secondFactor.status('begins')
      expect([enabled, authenticators.length]).to.deep.equal([false, 1])
      expect(form.action).to.equal(`${SETUP}/${authenticators[0]?.id ?? ''}`)
      expect(form.asks).to.deep.equal(['label', 'code'])
    })

    it('with a last group of fewer than four', async () => {
      const odd = await start({ pages: {}, secondFactor: { totp: { secretBytes: 16 } } })
      expect((await begin(await signIn(odd, 'odd'))).key).to.match(/^(?:[A-Z2-7]{4} ){6}[A-Z2-7]{2}$/)
    })

    it('under the name that the application gives the account', async () => {
      const named = await start({ pages: { accountName: () => 'anna@acme.example' } })
      expect((await begin(await signIn(named, 'anna'))).uri).to.match(/^otpauth:\/\/totp\/ACME:anna%40acme/)
    })

    it('and says so where the account has no name that an app could show', async () => {
      const nameless = await start({ pages: { accountName: () => ' ' } })
      const page = pageOf(await visit(await signIn(nameless, 'nameless'), SETUP).expect(400))
      expect(page.alert).to.equal(en.failed)
    })
  })

  describe('puts it in force', () => {
    it('with its first code, and shows backup codes this once, to copy, keep and print', async () => {
      const browser = await signIn(app, 'confirms')
      const earlier = await whoAmI(browser)
      const { form, uri } = await begin(browser, '?returnTo=/home')
      const answer = await fillIn(browser, form, { ...codeOf(uri), label: ' My phone ' }).expect(200)
      const codes = codesOf(answer)
      expect(codes).to.have.length(10)
      const page = pageOf(answer)
      const download = page.the('download').attributes
      expect(download['download']).to.equal(en.codesFile)
      const [type, text = ''] = (download['href'] ?? '').split(/,(.*)/s)
      expect(type).to.equal('data:text/plain;charset=utf-8')
      expect(decodeURIComponent(text)).to.equal(`Backup codes\r\n\r\n${codes.join('\r\n')}\r\n`)
      expect(page.the('data-copy').attributes).to.include({ 'data-copy': 'codes', hidden: '' })
      expect(page.the('data-print').attributes).to.include({ type: 'button', hidden: '' })
      expect(page.all('a').at(-1)).to.include({ text: en.haveSaved })
      expect(page.all('a').at(-1)?.attributes['href']).to.equal('/home')
      const { authenticators } = await app.secondFactor.status('confirms')
      expect(authenticators.map(({ label }) => label)).to.deep.equal(['My phone'])
      const later = await whoAmI(browser)
      expect(later).to.include({ state: 'satisfied' })
      expect(later.sessionId).to.not.equal(earlier.sessionId)

      expect(locationOf(await fillIn(browser, form, codeOf(uri)))).to.equal('303 /2fa/?done=alreadyOn')
      for (const path of [SETUP, '/2fa/', '/2fa/challenge']) {
        for (const code of codes) expect((await visit(browser, path)).text).to.not.include(code)
      }
      const [code = ''] = codes
      expect(await app.secondFactor.verify('confirms', code)).to.include({ method: 'backup_code' })
    })

    it('with no name, or with one that cannot be, under the one that there is to begin with', async () => {
      for (const [index, label] of ['', '  ', 'x'.repeat(65), 'a\u0007b'].entries()) {
        const name = `names ${index}`
        const browser = await signIn(app, name)
        const { form, uri } = await begin(browser)
        expect(codesOf(await fillIn(browser, form, { ...codeOf(uri), label }).expect(200))).to.have.length(10)
        expect((await app.secondFactor.status(name)).authenticators[0]?.label).to.equal('Authenticator 1')
      }
    })

    it('and shows the codes although the storage is away when the name is to be kept', async () => {
      const storage = new FailingStorage()
      const onEvent = ({ type }: { readonly type: string }) => {
        if (type === 'enrolled') storage.fail('reject')
      }
      const failing = await start({ pages: {}, storage, secondFactor: { onEvent } })
      const browser = await signIn(failing, 'unlucky')
      const { form, uri } = await begin(browser)
      const answer = await fillIn(browser, form, { ...codeOf(uri), label: 'Phone' })
      expect([answer.status, codesOf(answer).length]).to.deep.equal([200, 10])
    })

    it('and goes on to where the second factor is managed, with a second one, for which no codes are made', async () => {
      const { browser, nextCode } = await enrolled(app, 'two')
      const { form, uri } = readScan(pageOf(await submit(browser, SETUP, { code: nextCode() }).expect(200)))
      const answer = await fillIn(browser, form, { ...codeOf(uri), label: 'Tablet' })
      expect(locationOf(answer)).to.equal('303 /2fa/')
      const { authenticators } = await app.secondFactor.status('two')
      expect(authenticators.map(({ label }) => label)).to.deep.equal(['Authenticator 1', 'Tablet'])
    })
  })

  describe('shows it once more', () => {
    it('after a wrong first code, the same, from what the form has sent back', async () => {
      const browser = await signIn(app, 'mistypes')
      const { form, uri, src, key } = await begin(browser, '?returnTo=/home')
      const code = wrongCode(new TestAuthenticator(uri), app.clock.now())
      const answer = await fillIn(browser, form, { code, label: 'Phone' }).expect(422)
      const page = pageOf(answer)
      expect(page.alert).to.equal(en.wrongCode)
      expect(page.the('name', 'label').attributes).to.include({ value: 'Phone' })
      expect(page.the('name', 'code').attributes).to.include({ 'aria-describedby': 'code-problem' })
      const again = readScan(page)
      expect(again).to.deep.include({ uri, src, key, href: uri })
      expect(again.form).to.deep.include({
        action: form.action,
        fields: { ...form.fields, label: 'Phone', code: '' },
      })
      const right = await fillIn(browser, again.form, codeOf(uri)).expect(200)
      expect(pageOf(right).all('a').at(-1)?.attributes['href']).to.equal('/home')
    })

    it('after what is no first code, a backup code too', async () => {
      const browser = await signIn(app, 'misreads')
      const { form } = await begin(browser)
      for (const code of ['', 'abc', '00000-00000-00000-00000-00000']) {
        const page = pageOf(await fillIn(browser, form, { code }).expect(400))
        expect(page.alert).to.equal(en.notAFirstCode)
      }
    })

    const forged = [
      'javascript:alert(1)',
      'https://evil.example/?secret=ABCD',
      'otpauth://hotp/x?secret=ABCD',
      ' otpauth://totp/x?secret=ABCD',
      'otpauth://totp/x y',
      'otpauth://totp/x\njavascript:alert(1)',
      'OTPAUTH://totp/x',
      'data:text/html,<script>alert(1)</script>',
      `otpauth://totp/${'x'.repeat(2001)}`,
      'otpauth://totp/ключ',
      '',
    ]
    for (const uri of forged) {
      it(`but begins again instead of showing anything of a forged address ${JSON.stringify(uri.slice(0, 44))}`, async () => {
        const browser = await signIn(app, `forges ${uri.slice(0, 44)}`)
        const { form } = await begin(browser)
        const answer = await fillIn(browser, form, { code: '12', uri }).expect(400)
        const page = pageOf(answer)
        expect(page.forms.map(({ action }) => action)).to.include('/2fa/setup')
        expect([...page.having('id', 'key'), ...page.all('img')]).to.deep.equal([])
        if (uri !== '') expect(answer.text).to.not.include(uri)
      })
    }

    it('and markup in an address that looks like one as text alone', async () => {
      const browser = await signIn(app, 'marks up')
      const { form } = await begin(browser)
      const uri = 'otpauth://totp/"><script>alert(1)</script>?secret=ABCDEFGH'
      const scan = readScan(pageOf(await fillIn(browser, form, { code: '12', uri }).expect(400)))
      expect(scan).to.include({ uri, href: uri, key: 'ABCD EFGH' })
      expect(readQrCode(scan.src)).to.equal(uri)
    })

    it('but draws nothing for an id that nobody waits with', async () => {
      const browser = await signIn(app, 'draws')
      const { form, uri } = await begin(browser)
      for (const action of [`${SETUP}/nothing`, `${SETUP}/..%2f..%2fx`]) {
        const page = pageOf(await fillIn(browser, { ...form, action }, { code: '12', uri }).expect(400))
        expect(page.all('img')).to.deep.equal([])
        expect(page.form(SETUP).fields).to.deep.equal({ returnTo: '/2fa/' })
      }
    })

    it('but begins again when it has expired, or there is none of that id', async () => {
      const browser = await signIn(app, 'slow')
      const { form, uri } = await begin(browser, '?returnTo=/home')
      app.clock.advance(601)
      for (const [action, status] of [
        [form.action, 410],
        [`${SETUP}/nothing`, 410],
      ] as const) {
        const answer = await fillIn(browser, { ...form, action }, codeOf(uri)).expect(status)
        const page = pageOf(answer)
        expect(page.alert).to.equal(en.enrolmentExpired)
        expect(page.form(SETUP)).to.deep.equal({ action: SETUP, fields: { returnTo: '/home' }, asks: [] })
        const fresh = readScan(pageOf(await fillIn(browser, page.form(SETUP)).expect(200)))
        expect(fresh.form.fields).to.include({ returnTo: '/home' })
        expect(fresh.uri).to.not.equal(uri)
      }
    })
  })
})
