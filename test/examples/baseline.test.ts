import { expect } from 'chai'
import { describe, it } from 'mocha'
import { startExample } from '../support/example.js'
import { enrol, featureExample, logIn, showCode } from '../support/feature-example.js'
import { visit } from '../support/page-forms.js'

describe('the baseline of the examples', () => {
  const example = featureExample('baseline')

  it('lets nobody in without the password', async () => {
    const browser = example.browser()
    await browser.get('/').expect(303).expect('Location', '/login')
    await browser.get('/login').expect(200, /name="password"/)
    for (const [username, password] of [
      ['alice', 'wrong horse battery staple'],
      ['mallory', 'correct horse battery staple'],
    ]) {
      const form = { username, password }
      await browser.post('/login').type('form').send(form).expect(302).expect('Location', '/login')
    }
    await browser.get('/').expect(303).expect('Location', '/login')
  })

  it('lets in who has no second factor', async () => {
    const browser = await logIn(example.browser(), 'bob')
    await browser.get('/').expect(200, /Welcome, bob/)
    await browser.post('/logout').expect(303).expect('Location', '/login')
    await browser.get('/').expect(303)
  })

  it('holds who has one, until the page, or a form of its own, has seen a code', async () => {
    const { nextCode, backupCodes } = await enrol(await logIn(example.browser(), 'alice'))

    const byPage = await logIn(example.browser(), 'alice')
    await byPage.get('/').set('Accept', 'application/json').expect(303).expect('Location', '/login')
    await visit(byPage, '/').expect(303).expect('Location', '/2fa/challenge?returnTo=%2F')
    await showCode(byPage, nextCode()).expect('Location', '/')
    await visit(byPage, '/').expect(200, /Welcome, alice/)

    const byForm = await logIn(example.browser(), 'alice')
    const send = (code: string | undefined) => byForm.post('/login/2fa').type('form').send({ code })
    await send('123-456').expect(400)
    await byForm.get('/').expect(303)
    await send(backupCodes[0]).expect(302).expect('Location', '/')
    await byForm.get('/').expect(200, /Welcome, alice/)
  })

  for (const name of ['REDIS_URL', 'SESSION_SECRET', 'SECOND_FACTOR_SECRET']) {
    it(`says so when ${name} is missing`, async () => {
      const environment = { ...(await example.environment()), [name]: '' }
      const failure = await startExample(environment, 'baseline').then(
        () => 'It has started.',
        (error: unknown) => (error as Error).message,
      )
      expect(failure).to.contain(`Set ${name} in the environment.`)
    })
  }
})
