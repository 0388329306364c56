import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { MemoryStorage } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { en } from '../../lib/pages/messages/en.js'
import { type Browser, enrolThroughRouter, type TestApp, wrongCode } from '../support/app.js'
import { CountingStorage } from '../support/counting-storage.js'
import {
  enrolled,
  fillIn,
  locationOf,
  pageAt,
  pageOf,
  readScan,
  pending,
  signIn,
  submit,
  visit,
} from '../support/page-forms.js'
import { appsOnRedis } from '../support/suite.js'

const SETUP = '/2fa/setup'

describe('the page /setup', () => {
  const { start } = appsOnRedis()

  describe('begins for nothing but a person who goes there', () => {
    const counting = new CountingStorage(new MemoryStorage())
    const strangers: readonly (readonly [what: string, headers: Readonly<Record<string, string>>])[] = [
      ['a link of another site', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'document' }],
      ['a link of a sibling domain', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Dest': 'document' }],
      ['a picture', { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'image' }],
      ['a frame', { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'iframe' }],
      ['a script', { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'empty' }],
      ['a browser that looks ahead', { 'Sec-Fetch-Site': 'none', 'Sec-Purpose': 'prefetch' }],
      ['a browser that renders ahead', { 'Sec-Purpose': 'prefetch;prerender' }],
      ['an older browser that looks ahead', { Purpose: 'prefetch' }],
    ]
    let careful: TestApp
    before(async () => {
      careful = await start({ pages: {}, storage: counting })
    })
    const writes = () => counting.counts.insert + counting.counts.replace + counting.counts.remove

    for (const [what, headers] of strangers) {
      it(`not for ${what}: the form that begins is shown, and nothing written`, async () => {
        const browser = await signIn(careful, 'somebody')
        counting.reset()
        const page = pageOf(await visit(browser, `${SETUP}?returnTo=/x`).set(headers).expect(200))
        expect(page.form(SETUP)).to.deep.equal({ action: SETUP, fields: { returnTo: '/x' }, asks: [] })
        expect(page.alert).to.equal(undefined)
        expect(writes()).to.equal(0)
      })
    }

    it('not for who asks for the headers alone', async () => {
      const browser = await signIn(careful, 'somebody')
      counting.reset()
      await browser.head(SETUP).set('Accept', 'text/html').expect(200)
      expect(writes()).to.equal(0)
    })

    for (const site of ['none', 'same-origin']) {
      it(`for a person who comes from ${site}`, async () => {
        const browser = await signIn(careful, `from ${site}`)
        counting.reset()
        const headers = { 'Sec-Fetch-Site': site, 'Sec-Fetch-Dest': 'document' }
        readScan(pageOf(await visit(browser, SETUP).set(headers).expect(200)))
        expect(writes()).to.equal(1)
      })
    }

    it('and for who sends the form', async () => {
      const browser = await signIn(careful, 'sends')
      counting.reset()
      readScan(pageOf(await submit(browser, SETUP).set('Sec-Fetch-Site', 'same-origin').expect(200)))
      expect(writes()).to.equal(1)
    })
  })

  describe('asks who has a second factor already', () => {
    let app: TestApp
    before(async () => {
      app = await start({ pages: {} })
    })
    const codeOf = (uri: string) => ({ code: new TestAuthenticator(uri).codeAt(app.clock.now()) })
    const begin = async (browser: Browser, fields = {}) =>
      readScan(pageOf(await submit(browser, SETUP, fields).expect(200)))

    it('for a code of it in place, however fresh the session is', async () => {
      const { browser, phone, nextCode } = await enrolled(app, 'stale')
      const page = await pageAt(browser, `${SETUP}?returnTo=/x`)
      expect(page.form(SETUP)).to.deep.include({ fields: { returnTo: '/x', code: '' }, asks: ['code'] })
      expect((await app.secondFactor.status('stale')).authenticators).to.have.length(1)

      const empty = pageOf(await fillIn(browser, page.form(SETUP)).expect(403))
      expect(empty.alert).to.equal(en.codeNeeded)
      expect(empty.form(SETUP).asks).to.deep.equal(['code'])
      const code = wrongCode(phone, app.clock.now())
      const refused = pageOf(await fillIn(browser, page.form(SETUP), { code }).expect(422))
      expect(refused.alert).to.equal(en.wrongCode)
      expect((await app.secondFactor.status('stale')).authenticators).to.have.length(1)

      const scan = readScan(
        pageOf(await fillIn(browser, refused.form(SETUP), { code: nextCode() }).expect(200)),
      )
      expect(scan.form.fields).to.include({ returnTo: '/x' })
      expect((await app.secondFactor.status('stale')).authenticators).to.have.length(2)
    })

    it('for a code of it when the new one is confirmed too late for the old one', async () => {
      app = await start({ pages: { managementMaxAgeSeconds: 60 } })
      const { browser, nextCode } = await enrolled(app, 'late')
      const { form, uri } = await begin(browser, { code: nextCode() })
      app.clock.advance(61)
      const page = pageOf(await fillIn(browser, form, codeOf(uri)).expect(403))
      expect(page.alert).to.equal(en.codeNeeded)
      expect(page.form(SETUP).asks).to.deep.equal(['code'])
      readScan(pageOf(await fillIn(browser, page.form(SETUP), { code: nextCode() }).expect(200)))
    })

    it('to remove one first, where there are too many', async () => {
      const few = await start({ pages: {}, secondFactor: { totp: { maxAuthenticators: 1 } } })
      const { browser, nextCode } = await enrolled(few, 'many')
      const page = pageOf(await submit(browser, SETUP, { code: nextCode() }).expect(409))
      expect(page.all('main')[0]?.text).to.include(en.tooManyAuthenticators)
      expect(page.all('a').map(({ attributes }) => attributes['href'])).to.deep.equal(['/2fa/'])
    })

    it('to show it at all: whoever has not gets nothing done', async () => {
      const { browser } = await pending(app, 'half-way')
      const answers = [
        await visit(browser, SETUP),
        await submit(browser, SETUP),
        await submit(browser, `${SETUP}/x`),
      ]
      const back = ['/2fa/setup', '/2fa/', '/2fa/'].map(encodeURIComponent)
      expect(answers.map(locationOf)).to.deep.equal(back.map((path) => `303 /2fa/challenge?returnTo=${path}`))
      expect((await app.secondFactor.status('half-way')).authenticators).to.have.length(1)
    })

    it('to show it, who had begun before another browser put one in force', async () => {
      const browser = await signIn(app, 'overtaken')
      const { form, uri } = await begin(browser)
      await enrolThroughRouter(app, app.browser(), 'overtaken')
      const answer = await fillIn(browser, form, codeOf(uri))
      expect(locationOf(answer)).to.equal('303 /2fa/challenge?returnTo=%2F2fa%2F')
      const { authenticators } = await app.secondFactor.status('overtaken')
      expect(authenticators.filter(({ verified }) => verified)).to.have.length(1)
    })
  })
})
