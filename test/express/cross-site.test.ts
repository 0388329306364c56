import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import { startApp, type TestApp } from '../support/app.js'
import { callEndpoint, outcomeOf, preparePerson, titleOf, UNSAFE_CALLS } from '../support/endpoints.js'
import { type RedisServer, startRedis } from '../support/redis.js'

type Headers = Readonly<Record<string, string>>

const HOST = 'bank.example'
const HERE = { Host: HOST }

const FROM_HERE: readonly (readonly [who: string, headers: Headers])[] = [
  ['a program that says nothing', HERE],
  ['a page of this site', { ...HERE, 'Sec-Fetch-Site': 'same-origin' }],
  ['a person who typed the address', { ...HERE, 'Sec-Fetch-Site': 'none' }],
  ['an older browser on a page of this site', { ...HERE, Origin: `https://${HOST}` }],
  ['an older browser without TLS', { ...HERE, Origin: `http://${HOST}` }],
  ['an older browser on another port', { Host: `${HOST}:8443`, Origin: `https://${HOST}:8443` }],
  [
    'a browser whose page and address a proxy has renamed',
    { ...HERE, 'Sec-Fetch-Site': 'same-origin', Origin: 'https://public.example' },
  ],
]

const FROM_ELSEWHERE: readonly (readonly [who: string, headers: Headers])[] = [
  ['a page of another site', { ...HERE, 'Sec-Fetch-Site': 'cross-site' }],
  ['a page of a sibling domain', { ...HERE, 'Sec-Fetch-Site': 'same-site' }],
  ['a browser of a later standard', { ...HERE, 'Sec-Fetch-Site': 'something-new' }],
  ['a browser that says nothing of it', { ...HERE, 'Sec-Fetch-Site': '' }],
  [
    'a page of another site that claims our origin',
    { ...HERE, 'Sec-Fetch-Site': 'cross-site', Origin: `https://${HOST}` },
  ],
  ['an older browser on another site', { ...HERE, Origin: 'https://elsewhere.example' }],
  ['an older browser on a sibling domain', { ...HERE, Origin: `https://shop.${HOST}` }],
  ['an older browser on another port of this host', { ...HERE, Origin: `https://${HOST}:8443` }],
  ['a host that begins with ours', { ...HERE, Origin: `https://${HOST}.elsewhere.example` }],
  ['a host that ends with ours', { ...HERE, Origin: `https://not-${HOST}` }],
  ['our host as somebody’s user name', { ...HERE, Origin: `https://${HOST}@elsewhere.example` }],
  ['a sandboxed frame', { ...HERE, Origin: 'null' }],
  ['an origin that is none', { ...HERE, Origin: HOST }],
  ['an empty origin', { ...HERE, Origin: '' }],
]

describe('requests from other sites', () => {
  let redis: RedisServer
  let app: TestApp
  before(async () => {
    redis = await startRedis()
    const client = await redis.client()
    app = await startApp({ storage: new RedisStorage({ client }), sessions: client })
  })
  after(async () => {
    await app.close()
    await redis.stop()
  })

  for (const [who, headers] of FROM_HERE) {
    it(`lets ${who} on to be asked who it is`, async () => {
      const answer = await app.browser().post('/2fa/totp').set(headers).send({})
      expect(outcomeOf(answer)).to.equal('401 not_authenticated')
    })
  }

  for (const [who, headers] of FROM_ELSEWHERE) {
    it(`refuses ${who}`, async () => {
      const answer = await app.browser().post('/2fa/totp').set(headers).send({})
      expect(outcomeOf(answer)).to.equal('403 cross_site_request')
    })
  }

  for (const [who, headers] of [...FROM_HERE, ...FROM_ELSEWHERE]) {
    it(`answers GET for ${who}: it changes nothing`, async () => {
      expect(outcomeOf(await app.browser().get('/2fa').set(headers))).to.equal('401 not_authenticated')
    })
  }

  it('says so before it reads the body, or who is asking', async () => {
    const answer = await app
      .browser()
      .post('/2fa/totp')
      .set({ 'Sec-Fetch-Site': 'cross-site', 'Content-Type': 'application/json' })
      .send('{"label":')
    expect(outcomeOf(answer)).to.equal('403 cross_site_request')
  })

  for (const call of UNSAFE_CALLS) {
    it(`refuses ${titleOf(call)} from another site in a satisfied session, and changes nothing`, async () => {
      const browser = app.browser()
      const person = await preparePerson(app, browser, `victim of ${titleOf(call)}`)
      const before = (await browser.get('/2fa').expect(200)).text
      const forged = callEndpoint(app, browser, call, person)
      expect(outcomeOf(await forged.set('Sec-Fetch-Site', 'cross-site'))).to.equal('403 cross_site_request')
      expect((await browser.get('/2fa').expect(200)).text).to.equal(before)
      // The very same request counts when it comes from here: nothing of it was spent.
      expect((await callEndpoint(app, browser, call, person)).status).to.equal(call.success)
    })
  }
})
