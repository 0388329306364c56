import { expect } from 'chai'
import { describe, it } from 'mocha'
import { enrol, featureExample, logIn, PASSWORDS, showCode } from '../support/feature-example.js'
import { pageAt, visit } from '../support/page-forms.js'
import { deviceCookiesOf, secureBrowser } from '../support/trusting-browser.js'

const WEEK_SECONDS = 7 * 24 * 3600
const NEW_PASSWORD = 'a new horse battery staple'

describe('the example of trusted devices', () => {
  const example = featureExample('trusted-devices')

  it('asks a trusted browser for no code, until its owner has a new password', async () => {
    const { nextCode } = await enrol(await logIn(example.browser(), 'alice'))
    const browser = await logIn(secureBrowser(example), 'alice')
    expect((await pageAt(browser, '/2fa/challenge')).form('/2fa/challenge').asks).to.include('trustDevice')
    const trusted = await showCode(browser, nextCode(), { trustDevice: 'on' })
    expect(deviceCookiesOf(trusted).join()).to.contain(`Max-Age=${WEEK_SECONDS};`)

    await browser.post('/logout').expect(303)
    await visit(await logIn(browser, 'alice'), '/').expect(200, /Welcome, alice/)
    await visit(await logIn(secureBrowser(example), 'alice'), '/').expect(303)

    const change = (old: string, chosen: string) =>
      browser.post('/password').type('form').send({ old, new: chosen })
    await change('a wrong password', NEW_PASSWORD).expect(422)
    await change(PASSWORDS.alice, 'short').expect(422)
    await visit(browser, '/').expect(200)
    await change(PASSWORDS.alice, NEW_PASSWORD).expect(303).expect('Location', '/')
    await visit(browser, '/').expect(303).expect('Location', '/2fa/challenge?returnTo=%2F')
    await browser.post('/logout').expect(303)
    await visit(await logIn(browser, 'alice', NEW_PASSWORD), '/').expect(303)
  })
})
