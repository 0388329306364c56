import { describe, it } from 'mocha'
import { enrol, featureExample, logIn } from '../support/feature-example.js'
import { visit } from '../support/page-forms.js'

describe('the example of a second factor that administrators must have', () => {
  const example = featureExample('required-for-admins')

  it('lets an administrator do nothing but enrol', async () => {
    const browser = await logIn(example.browser(), 'alice')
    await browser.get('/').set('Accept', 'application/json').expect(303).expect('Location', '/login')
    await visit(browser, '/').expect(303).expect('Location', '/2fa/setup?returnTo=%2F')
    await visit(browser, '/2fa/setup').expect(200)
    await enrol(browser)
    await visit(browser, '/').expect(200, /Welcome, alice/)

    const again = await logIn(example.browser(), 'alice')
    await visit(again, '/').expect(303).expect('Location', '/2fa/challenge?returnTo=%2F')
  })

  it('asks nothing of anybody else', async () => {
    const browser = await logIn(example.browser(), 'bob')
    await visit(browser, '/').expect(200, /Welcome, bob/)
  })
})
