import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { Test } from 'supertest'
import { FORMS } from '../../lib/pages/forms.js'
import { en } from '../../lib/pages/messages/en.js'
import { type Browser, type TestApp, wrongCode } from '../support/app.js'
import { CountingStorage } from '../support/counting-storage.js'
import { enrolled, NAVIGATION, pageOf, type PersonOfPages, submit } from '../support/page-forms.js'
import { appsOnRedis } from '../support/suite.js'

const HOST = 'bank.example'
const APP = 'https://app.example'

const STRANGERS: readonly (readonly [who: string, headers: Readonly<Record<string, string>>])[] = [
  ['another site', { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }],
  ['another site that hides its origin', { 'Sec-Fetch-Site': 'cross-site' }],
  ['a sibling domain', { Origin: `https://shop.${HOST}`, 'Sec-Fetch-Site': 'same-site' }],
  ['another site in an older browser', { Origin: 'https://evil.example' }],
  ['a sandboxed frame', { Origin: 'null' }],
]

const PATHS = ['/challenge', '/setup', '/setup/:id', ...Object.values(FORMS).map(({ path }) => path)]

describe('the forms of the pages', () => {
  const { start } = appsOnRedis()
  const storage = new CountingStorage()
  let app: TestApp
  let person: PersonOfPages
  before(async () => {
    app = await start({ pages: { allowedOrigins: [APP] }, storage })
    person = await enrolled(app, 'somebody')
  })

  const pathOf = (path: string) => `/2fa${path.replace(':id', person.authenticatorId)}`
  const post = (path: string, browser: Browser = person.browser): Test =>
    browser.post(pathOf(path)).set('Accept', NAVIGATION).set('Host', HOST)
  const writes = () => storage.counts.insert + storage.counts.replace + storage.counts.remove

  for (const path of PATHS) {
    for (const [who, headers] of STRANGERS) {
      it(`refuse what ${who} sends to ${path}, before anything of it is read or charged`, async () => {
        const code = person.nextCode()
        storage.reset()
        const wrong = wrongCode(person.phone, app.clock.now())
        for (const fields of [{ code, label: 'Theirs', trustDevice: 'on' }, { code: wrong }]) {
          const answer = await post(path).set(headers).type('form').send(fields).expect(403)
          expect(pageOf(answer).all('main')[0]?.text).to.include(en.otherSite)
          expect(answer.headers).to.not.have.property('set-cookie')
        }
        const broken = await post(path).set(headers).type('application/json').send('{').expect(403)
        expect(pageOf(broken).all('main')[0]?.text).to.include(en.otherSite)
        expect(writes()).to.equal(0)
      })
    }
  }

  it('tell a stranger as little as another site', async () => {
    for (const path of PATHS) {
      await post(path, app.browser()).set('Sec-Fetch-Site', 'cross-site').type('form').send({}).expect(403)
    }
  })

  const ours: readonly (readonly [who: string, headers: Readonly<Record<string, string>>])[] = [
    ['a page of their own', { Origin: `https://${HOST}`, 'Sec-Fetch-Site': 'same-origin' }],
    ['a person who reloads', { 'Sec-Fetch-Site': 'none' }],
    ['an older browser', { Origin: `https://${HOST}` }],
    ['an allowed origin', { Origin: APP, 'Sec-Fetch-Site': 'cross-site' }],
    ['one that says nothing', {}],
  ]
  for (const [who, headers] of ours) {
    it(`take what ${who} sends`, async () => {
      const code = person.nextCode()
      await post('/challenge').set(headers).type('form').send({ code }).expect(303)
      expect((await app.secondFactor.verify('somebody', code)).ok).to.equal(false)
    })
  }

  it('take forms, and no JSON nor anything else', async () => {
    for (const path of PATHS) {
      for (const [type, body] of [
        ['application/json', '{"code":"123456"}'],
        ['text/plain', 'code=123456'],
        ['multipart/form-data; boundary=x', '--x--'],
      ] as const) {
        storage.reset()
        const answer = await post(path).type(type).send(body).expect(415)
        expect(pageOf(answer).all('main')[0]?.text).to.include(en.failed)
        expect(writes()).to.equal(0)
      }
    }
  })

  it('refuse bodies that are broken, or too large, with a page', async () => {
    const broken = [
      [
        'a charset that there is not',
        { 'Content-Type': 'application/x-www-form-urlencoded; charset=no' },
        'a=b',
      ],
      ['an encoding that there is not', { 'Content-Encoding': 'no' }, 'a=b'],
      ['too large', {}, `code=${'1'.repeat(200_000)}`],
      ['too many fields', {}, 'a=b&'.repeat(2000)],
    ] as const
    for (const [what, headers, body] of broken) {
      const answer = await post('/challenge').type('form').set(headers).send(body)
      expect(answer.status, what).to.be.within(400, 415)
      expect(pageOf(answer).all('main')[0]?.text, what).to.include(en.failed)
    }
    expect((await submit(person.browser, '/2fa/setup/%E0%A4%A', {})).status).to.equal(400)
  })

  it('take an empty body for an empty form', async () => {
    const answer = await post('/challenge').expect(400)
    expect(pageOf(answer).alert).to.equal(en.notACode)
    expect(pageOf(await post('/off')).alert).to.equal(en.codeNeeded)
  })
})
