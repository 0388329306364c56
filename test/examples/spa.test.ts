import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Response } from 'supertest'
import type { Browser } from '../support/app.js'
import { enrol, featureExample, PASSWORDS } from '../support/feature-example.js'
import { NAVIGATION } from '../support/page-forms.js'

describe('the example for a front end of its own', () => {
  const example = featureExample('spa')

  it('tells what to ask for, in problem documents', async () => {
    const stranger = example.browser()
    expect(problemOf(await stranger.get('/account'))).to.equal('401 not_authenticated')
    expect(problemOf(await logIn(stranger, 'a wrong password'))).to.equal('401 wrong_password')

    expect((await logIn(stranger)).status).to.equal(204)
    await stranger.get('/account').expect(200, { username: 'alice' })
    const { nextCode, backupCodes } = await enrol(stranger)
    await stranger.get('/account').expect(200)

    const held = example.browser()
    expect((await logIn(held)).status).to.equal(204)
    expect(problemOf(await held.get('/account'))).to.equal('403 second_factor_required')
    expect(problemOf(await verify(held, backupCodes[0]?.replace(/^./, '*')))).to.equal('400 invalid_request')
    expect((await held.get('/2fa/')).body).to.include({ enabled: true, satisfied: false })
    expect((await verify(held, nextCode())).status).to.equal(200)
    await held.get('/account').expect(200, { username: 'alice' })
    expect(problemOf(await verify(held, nextCode()))).to.equal('422 invalid_code')

    await held.post('/logout').expect(204)
    expect(problemOf(await held.get('/account'))).to.equal('401 not_authenticated')
  })

  it('sends not even a browser to another page', async () => {
    const browser = example.browser()
    for (const path of ['/account', '/2fa/', '/2fa/challenge', '/nothing']) {
      const answer = await browser.get(path).set('Accept', NAVIGATION)
      expect(answer.status, path).to.be.oneOf([401, 404])
      expect(answer.headers, path).not.to.have.property('location')
    }
  })
})

const logIn = (browser: Browser, password: string = PASSWORDS.alice) =>
  browser.post('/login').send({ username: 'alice', password })

const verify = (browser: Browser, code: string | undefined) => browser.post('/2fa/verify').send({ code })

function problemOf(answer: Response): string {
  expect(answer.type).to.equal('application/problem+json')
  const { status, code } = answer.body as { status: number; code: string }
  expect(status).to.equal(answer.status)
  return `${status} ${code}`
}
