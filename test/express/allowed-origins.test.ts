import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { Test } from 'supertest'
import { secondFactorRouter, TotpStrategy } from '../../lib/index.js'
import { enrolThroughRouter, type TestApp } from '../support/app.js'
import { callEndpoint, outcomeOf, preparePerson, titleOf, UNSAFE_CALLS } from '../support/endpoints.js'
import { newService } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'

type Headers = Readonly<Record<string, string>>

const HERE = { Host: 'bank.example' }
const APP = 'https://app.example'
const LOCAL = 'http://localhost:5173'

const ALLOWED: readonly (readonly [who: string, headers: Headers])[] = [
  ['a page of an allowed origin', { ...HERE, Origin: APP, 'Sec-Fetch-Site': 'cross-site' }],
  ['a page of an allowed origin on this site', { ...HERE, Origin: APP, 'Sec-Fetch-Site': 'same-site' }],
  ['an older browser on an allowed origin', { ...HERE, Origin: APP }],
  ['an allowed origin on a port, without TLS', { ...HERE, Origin: LOCAL, 'Sec-Fetch-Site': 'cross-site' }],
  ['a page of this site still', { ...HERE, 'Sec-Fetch-Site': 'same-origin' }],
  ['an older browser on this site still', { ...HERE, Origin: 'https://bank.example' }],
  ['a program that says nothing still', HERE],
]

const REFUSED: readonly (readonly [who: string, headers: Headers])[] = [
  ['a page of another origin', { ...HERE, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }],
  [
    'another page of this site',
    { ...HERE, Origin: 'https://shop.bank.example', 'Sec-Fetch-Site': 'same-site' },
  ],
  ['a page that hides its origin', { ...HERE, 'Sec-Fetch-Site': 'cross-site' }],
  ['a sandboxed frame', { ...HERE, Origin: 'null', 'Sec-Fetch-Site': 'cross-site' }],
  ['an allowed host without TLS', { ...HERE, Origin: 'http://app.example', 'Sec-Fetch-Site': 'cross-site' }],
  ['an allowed host on another port', { ...HERE, Origin: `${APP}:8443` }],
  ['a subdomain of an allowed host', { ...HERE, Origin: 'https://x.app.example' }],
  ['a host that begins as an allowed one', { ...HERE, Origin: `${APP}.evil.example` }],
  ['an allowed origin with more behind it', { ...HERE, Origin: `${APP}/`, 'Sec-Fetch-Site': 'cross-site' }],
  ['an allowed origin in capitals, as no browser writes it', { ...HERE, Origin: 'HTTPS://APP.EXAMPLE' }],
  ['two origins', { ...HERE, Origin: `${APP}, https://evil.example` }],
]

/** As a page's form sends it, and as a script does. */
const BODIES = {
  'a form': (request: Test) => request.type('form').send({ label: 'Phone' }),
  'a script': (request: Test) => request.send({ label: 'Phone' }),
}

describe('allowedOrigins of the Router', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start({ router: { allowedOrigins: [APP, LOCAL] } })
  })

  for (const [body, send] of Object.entries(BODIES)) {
    for (const [who, headers] of ALLOWED) {
      it(`lets ${body} of ${who} on to be asked who it is`, async () => {
        const answer = await send(app.browser().post('/2fa/totp').set(headers))
        expect(outcomeOf(answer)).to.equal('401 not_authenticated')
      })
    }
    for (const [who, headers] of REFUSED) {
      it(`refuses ${body} of ${who}`, async () => {
        const answer = await send(app.browser().post('/2fa/totp').set(headers))
        expect(outcomeOf(answer)).to.equal('403 cross_site_request')
      })
    }
  }

  for (const call of UNSAFE_CALLS) {
    it(`opens ${titleOf(call)} to an allowed origin in a satisfied session`, async () => {
      const browser = app.browser()
      const person = await preparePerson(app, browser, `allowed ${titleOf(call)}`)
      const headers = { ...HERE, Origin: APP, 'Sec-Fetch-Site': 'cross-site' }
      expect((await callEndpoint(app, browser, call, person).set(headers)).status).to.equal(call.success)
    })
  }

  it('opens nothing that the second factor closes', async () => {
    await enrolThroughRouter(app, app.browser(), 'half-way')
    const browser = app.browser()
    await browser.post('/login').send({ name: 'half-way' }).expect(204)
    const headers = { ...HERE, Origin: APP, 'Sec-Fetch-Site': 'cross-site' }
    const answer = await browser.post('/2fa/totp').set(headers).send({})
    expect(outcomeOf(answer)).to.equal('403 second_factor_required')
  })

  it('refuses a form of another site in a satisfied session', async () => {
    const browser = app.browser()
    await enrolThroughRouter(app, browser, 'victim')
    for (const site of ['cross-site', 'same-site']) {
      const forged = browser
        .post('/2fa/totp')
        .type('form')
        .set('Sec-Fetch-Site', site)
        .send({ label: 'Mine' })
      expect(outcomeOf(await forged)).to.equal('403 cross_site_request')
    }
    const { body } = (await browser.get('/2fa').expect(200)) as { body: { authenticators: unknown[] } }
    expect(body.authenticators).to.have.length(1)
  })
})

describe('allowedOrigins', () => {
  const { secondFactor } = newService()
  const NO_ORIGINS: readonly unknown[] = [
    APP,
    null,
    {},
    7,
    [''],
    ['*'],
    ['null'],
    [undefined],
    [null],
    [7],
    ['app.example'],
    ['//app.example'],
    [`${APP}/`],
    [`${APP}/path`],
    [`${APP}:443`],
    [`${APP}?query`],
    ['https://APP.example'],
    ['https://*.example'],
    ['https://user@app.example'],
    ['https://'],
    ['ftp://app.example'],
    ['javascript:alert(1)'],
    ['https://app.example https://evil.example'],
    [APP, 'garbage'],
    [/app\.example/],
    [[APP]],
  ]
  for (const allowedOrigins of NO_ORIGINS) {
    it(`that are none are refused when the object is made: ${JSON.stringify(allowedOrigins)}`, () => {
      const options = { allowedOrigins: allowedOrigins as string[] }
      expect(() => secondFactorRouter(secondFactor, options)).to.throw(
        TypeError,
        'secondFactorRouter: allowedOrigins',
      )
      expect(() => new TotpStrategy(secondFactor, options)).to.throw(
        TypeError,
        'TotpStrategy: allowedOrigins',
      )
    })
  }

  it('may be none at all', () => {
    for (const options of [{}, { allowedOrigins: [] }]) {
      expect(() => secondFactorRouter(secondFactor, options)).to.not.throw()
      expect(() => new TotpStrategy(secondFactor, options)).to.not.throw()
    }
  })
})
