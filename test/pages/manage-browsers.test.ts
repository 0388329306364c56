import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { en } from '../../lib/pages/messages/en.js'
import type { TestApp } from '../support/app.js'
import { fillIn, type Page, pageAt, pageOf, visit } from '../support/page-forms.js'
import { succeeded } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'
import { deviceCookiesOf, trustBrowser } from '../support/trusting-browser.js'

const MANAGE = '/2fa/'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

describe('the trusted browsers on the page that manages the second factor', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start({ pages: {} })
  })

  const forgetOf = (id: string) => `/2fa/browsers/${id}/forget`
  const namesOf = (page: Page) =>
    page
      .all('h3')
      .map(({ text }) => text)
      .slice(1)
  const ids = async (name: string) => (await app.secondFactor.trustedDevices(name)).map(({ id }) => id)

  it('are listed by the names that people know, this one marked, each with its last day', async () => {
    const { browser } = await trustBrowser(app, 'lists')
    succeeded(await app.secondFactor.trustDevice('lists', { label: FIREFOX }))
    const page = await pageAt(browser, MANAGE)
    expect(namesOf(page)).to.have.members(['Browser (this browser)', 'Firefox on Linux'])
    expect(page.all('main')[0]?.text).to.include('Until February 14, 2027')
  })

  it('are forgotten one by one, this one with its cookie', async () => {
    const { browser, deviceId } = await trustBrowser(app, 'forgets')
    const other = succeeded(await app.secondFactor.trustDevice('forgets', { label: FIREFOX })).id
    const page = await pageAt(browser, MANAGE)
    const answer = await fillIn(browser, page.form(forgetOf(other))).expect(303)
    expect(deviceCookiesOf(answer)).to.deep.equal([])
    expect(await ids('forgets')).to.deep.equal([deviceId])
    const after = await pageAt(browser, answer.get('Location') ?? '')
    expect(after.the('role', 'status').text).to.equal(en.forgotten)

    expect(after.forms.map(({ action }) => action)).to.not.include('/2fa/browsers/forget')
    const own = await fillIn(browser, after.form(forgetOf(deviceId))).expect(303)
    expect(deviceCookiesOf(own)[0]).to.match(/=;.*Expires=Thu, 01 Jan 1970/)
    expect(await ids('forgets')).to.deep.equal([])
  })

  it('are forgotten all at once', async () => {
    const { browser } = await trustBrowser(app, 'forgets all')
    succeeded(await app.secondFactor.trustDevice('forgets all', { label: FIREFOX }))
    const form = (await pageAt(browser, MANAGE)).form('/2fa/browsers/forget')
    expect(deviceCookiesOf(await fillIn(browser, form).expect(303))).to.have.length(1)
    expect(await ids('forgets all')).to.deep.equal([])
  })

  it('are forgotten by nobody who has been let in by trust alone, without a code', async () => {
    const { browser, deviceId, phone } = await trustBrowser(app, 'trusted')
    await browser.post('/logout').expect(204)
    await browser.post('/login').send({ name: 'trusted' }).expect(204)
    const page = pageOf(await visit(browser, MANAGE).expect(200))
    const form = page.form(forgetOf(deviceId))
    expect(form.asks).to.deep.equal(['code'])
    expect(pageOf(await fillIn(browser, form)).alert).to.equal(en.codeNeeded)
    expect(await ids('trusted')).to.deep.equal([deviceId])
    await fillIn(browser, form, { code: phone.codeAt(app.clock.now()) }).expect(303)
    expect(await ids('trusted')).to.deep.equal([])
  })
})
