import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { en } from '../../lib/pages/messages/en.js'
import type { TestApp } from '../support/app.js'
import {
  codesOf,
  enrolled,
  fillIn,
  locationOf,
  pageAt,
  pageOf,
  signIn,
  submit,
  visit,
} from '../support/page-forms.js'
import { appsOnRedis } from '../support/suite.js'

describe('new backup codes', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start({ pages: {}, hold: { challengePath: '/2fa/challenge' } })
  })

  /** Somebody with new codes on the screen, and the form that says that they are saved. */
  async function withNewCodes(name: string) {
    const person = await enrolled(app, name)
    const answer = await submit(person.browser, '/2fa/codes', { code: person.nextCode() }).expect(200)
    const form = pageOf(answer).forms.find(({ action }) => action.startsWith('/2fa/codes/'))
    if (!form) throw new Error('There is no form.')
    return { ...person, codes: codesOf(answer), form, id: form.action.slice('/2fa/codes/'.length) }
  }

  it('are still to be confirmed by who has had to sign in again on the way', async () => {
    const { browser, nextCode, form, id, codes } = await withNewCodes('signs in again')
    await browser.post('/login').send({ name: 'signs in again' }).expect(204)
    const sent = locationOf(await fillIn(browser, form))
    expect(sent).to.equal(`303 /2fa/challenge?returnTo=${encodeURIComponent(`/2fa/?save=${id}`)}`)
    const challenge = await pageAt(browser, sent.slice('303 '.length))
    const back = locationOf(await fillIn(browser, challenge.form('/2fa/challenge'), { code: nextCode() }))
    expect(back).to.equal(`303 /2fa/?save=${id}`)

    const page = await pageAt(browser, back.slice('303 '.length))
    expect(page.having('open')).to.have.length(1)
    expect(page.all('main')[0]?.text).to.include(en.oldCodesText)
    expect(locationOf(await fillIn(browser, page.form(form.action)))).to.equal('303 /2fa/?done=codesReplaced')
    expect(await app.secondFactor.verify('signs in again', codes[0] ?? '')).to.include({ ok: true })
  })

  it('are still to be confirmed, with a code, by who has taken more than ten minutes to show one', async () => {
    app = await start({ pages: { managementMaxAgeSeconds: 60 } })
    const { browser, nextCode, form } = await withNewCodes('takes long')
    app.clock.advance(61)
    const page = pageOf(await fillIn(browser, form).expect(403))
    expect(page.alert).to.equal(en.codeNeeded)
    expect(page.form(form.action).asks).to.deep.equal(['code'])
    const answer = await fillIn(browser, page.form(form.action), { code: nextCode() })
    expect(locationOf(answer)).to.equal('303 /2fa/?done=codesReplaced')
  })

  it('are offered by an address only in a form, and of nothing but an id', async () => {
    const { browser } = await enrolled(app, 'follows a link')
    for (const save of ['x/../../off', '', 'a b', 'x'.repeat(65), '%2e%2e']) {
      const page = await pageAt(browser, `/2fa/?save=${encodeURIComponent(save)}`)
      expect(
        page.forms.some(({ action }) => action.startsWith('/2fa/codes/')),
        save,
      ).to.equal(false)
    }
    const stranger = await signIn(app, 'has none')
    expect((await pageAt(stranger, '/2fa/?save=x')).forms).to.deep.equal([])
  })
})

describe('what a form has left in the address bar', () => {
  const { start } = appsOnRedis()

  it('leads to where everything is managed', async () => {
    const app = await start({ pages: {} })
    const { browser } = await enrolled(app, 'reloads')
    for (const path of [
      '/setup/x',
      '/off',
      '/codes',
      '/codes/x',
      '/authenticators/x/rename',
      '/browsers/forget',
    ]) {
      expect(locationOf(await visit(browser, `/2fa${path}`)), path).to.equal('303 /2fa/')
    }
  })
})
