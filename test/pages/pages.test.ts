import { expect } from 'chai'
import express from 'express'
import { before, describe, it } from 'mocha'
import supertest from 'supertest'
import { secondFactorPages } from '../../lib/pages/index.js'
import { en } from '../../lib/pages/messages/en.js'
import { type Browser, type TestApp, type TestAppOptions, whoAmI } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import {
  enrolled,
  fillIn,
  locationOf,
  NAVIGATION,
  pageAt,
  pageOf,
  pending,
  readScan,
  signIn,
  submit,
  visit,
} from '../support/page-forms.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { newService } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'

const PAGES = ['/2fa/', '/2fa/challenge', '/2fa/setup']
const FORMS = [
  '/2fa/challenge',
  '/2fa/setup',
  '/2fa/setup/x',
  '/2fa/authenticators/x/rename',
  '/2fa/authenticators/x/remove',
  '/2fa/codes',
  '/2fa/codes/x',
  '/2fa/browsers/x/forget',
  '/2fa/browsers/forget',
  '/2fa/off',
]
const POLICY =
  "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

describe('secondFactorPages', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  let satisfied: Browser
  before(async () => {
    app = await start({ pages: {} })
    satisfied = (await enrolled(app, 'somebody')).browser
  })

  /** Where what a form asks for can be asked for again. */
  const startOf = (path: string, id = 'x') => (path === '/2fa/codes/x' ? `/2fa/?save=${id}` : '/2fa/')
  const sentFirstTo = (path: string, returnTo: string) =>
    `303 ${path}?returnTo=${encodeURIComponent(returnTo)}`

  describe('leave to the Router what is for programs', () => {
    for (const accept of ['application/json', '*/*', '', 'application/json, text/html;q=0.5']) {
      it(`GET / that accepts "${accept}"`, async () => {
        const answer = await satisfied.get('/2fa').set('Accept', accept).expect(200)
        expect(answer.body).to.include({ enabled: true, satisfied: true })
      })
    }

    it('but GET / at both spellings is a page to a browser', async () => {
      for (const path of ['/2fa', '/2fa/'])
        expect((await pageAt(satisfied, path)).title).to.equal(en.manageTitle)
    })

    for (const accept of ['application/json', '*/*', NAVIGATION]) {
      it(`and every endpoint of the Router, in JSON and from forms, to who accepts ${accept}`, async () => {
        const browser = await signIn(app, `uses the Router ${accept}`)
        const begun = await browser.post('/2fa/totp').set('Accept', accept).type('form').send({ label: 'A' })
        expect(begun.status).to.equal(201)
        const { id, uri } = begun.body as { id: string; uri: string }
        const phone = new TestAuthenticator(uri)
        const code = () => ({ code: phone.codeAt(app.clock.now()) })
        await browser.post(`/2fa/totp/${id}/verify`).set('Accept', accept).send(code()).expect(200)
        app.clock.advance(30)
        await browser.post('/2fa/verify').set('Accept', accept).type('form').send(code()).expect(200)
        const fresh = await browser.post('/2fa/backup-codes').set('Accept', accept).expect(201)
        const set = (fresh.body as { id: string }).id
        await browser.post(`/2fa/backup-codes/${set}/confirm`).set('Accept', accept).expect(200)
        await browser.get('/2fa/trusted-devices').set('Accept', accept).expect(200, [])
      })
    }

    it('and to the application what neither knows: POST /challenge of a program, another path', async () => {
      const routes: TestAppOptions['routes'] = (host) => {
        host.use((req, res) => res.status(404).send(`the application has no ${req.path}`))
      }
      const other = await start({ pages: {}, routes })
      const browser = await signIn(other, 'program')
      for (const path of FORMS) {
        const answer = await browser.post(path).set('Accept', 'application/json').send({ code: '123456' })
        expect([answer.status, answer.text]).to.deep.equal([404, `the application has no ${path}`])
      }
      for (const path of ['/2fa/challenge', '/2fa/setup']) {
        await browser
          .get(path)
          .set('Accept', 'application/json')
          .expect(404, `the application has no ${path}`)
      }
      await visit(browser, '/2fa/nowhere').expect(404, 'the application has no /2fa/nowhere')
      await visit(browser, '/2fa/assets/pages-0123456789abcdef.js').expect(404)
      await visit(browser, '/2fa/assets/../pages.js').expect(404)
    })
  })

  describe('ask who has not signed in to do that first', () => {
    it('with a page', async () => {
      for (const path of PAGES) {
        const page = pageOf(await visit(app.browser(), path).expect(401))
        expect(page.title).to.equal(en.signInFirst)
      }
      for (const path of FORMS) await submit(app.browser(), path, { code: '123456' }).expect(401)
    })

    it('where there is a page for that, with the way back: of a form, to the start', async () => {
      const other = await start({ pages: { loginPath: '/login' } })
      for (const path of [...PAGES, '/2fa/challenge?returnTo=%2Fx']) {
        expect(locationOf(await visit(other.browser(), path))).to.equal(sentFirstTo('/login', path))
      }
      for (const path of FORMS) {
        expect(locationOf(await submit(other.browser(), path))).to.equal(sentFirstTo('/login', startOf(path)))
      }
    })
  })

  describe('lead who has not shown the second factor to the challenge', () => {
    for (const hold of [undefined, false] as const) {
      it(`and back, ${hold === false ? 'without' : 'behind'} the hold`, async () => {
        const name = `pending ${String(hold)}`
        const where = await start({ pages: {}, ...(hold === false && { hold }) })
        const { browser } = await pending(where, name)
        const before = await where.secondFactor.status(name)
        for (const path of ['/2fa', '/2fa/?done=removed', '/2fa/setup?returnTo=%2Fx']) {
          const answer = await visit(browser, path)
          expect(locationOf(answer)).to.equal(sentFirstTo('/2fa/challenge', path))
          expect(answer.get('Cache-Control')).to.equal('no-store')
        }
        const [id = ''] = before.authenticators.map((authenticator) => authenticator.id)
        for (const path of FORMS.slice(1)) {
          const answer = await submit(browser, path.replace('x', id), { label: 'Theirs' })
          expect(locationOf(answer), path).to.equal(sentFirstTo('/2fa/challenge', startOf(path, id)))
        }
        expect({ ...(await where.secondFactor.status(name)), readAt: 0 }).to.deep.equal({
          ...before,
          readAt: 0,
        })
      })
    }
  })

  describe('let who must have a second factor set one up', () => {
    const paths = { challengePath: '/2fa/challenge', enrolPath: '/2fa/setup' }
    const policy = () => 'required' as const

    it('and nothing else, until it is there', async () => {
      const strict = await start({ pages: {}, hold: { policy, ...paths } })
      const browser = await signIn(strict, 'must')
      expect(locationOf(await visit(browser, '/private?a=1'))).to.equal(
        sentFirstTo('/2fa/setup', '/private?a=1'),
      )
      const { form, uri } = readScan(await pageAt(browser, '/2fa/setup?returnTo=/private'))
      const code = new TestAuthenticator(uri).codeAt(strict.clock.now())
      const codes = pageOf(await fillIn(browser, form, { code }).expect(200))
      expect(codes.all('a').at(-1)?.attributes['href']).to.equal('/private')
      expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'satisfied' })
    })

    it('when they come to the challenge, and from there to where they wanted to go', async () => {
      const strict = await start({ pages: {}, hold: { policy } })
      const browser = await signIn(strict, 'must too')
      const answer = await visit(browser, '/2fa/challenge?returnTo=%2Fx')
      expect(locationOf(answer)).to.equal(sentFirstTo('/2fa/setup', '/x'))
    })
  })

  describe('send with every page', () => {
    const pages: readonly (readonly [what: string, get: () => Promise<supertest.Response>])[] = [
      ['manage', async () => visit(satisfied, '/2fa/')],
      ['challenge', async () => visit(satisfied, '/2fa/challenge')],
      ['setup', async () => visit(satisfied, '/2fa/setup')],
      ['a form that is shown again', async () => submit(satisfied, '/2fa/off')],
      ['one who is not signed in', async () => visit(app.browser(), '/2fa/')],
      ['another site', async () => submit(satisfied, '/2fa/off').set('Sec-Fetch-Site', 'cross-site')],
      ['codes', async () => codesPage()],
    ]
    const codesPage = async () => {
      const { browser, nextCode } = await enrolled(app, 'codes')
      return submit(browser, '/2fa/codes', { code: nextCode() }).expect(200)
    }
    for (const [what, get] of pages) {
      it(`what keeps it to itself: ${what}`, async () => {
        const answer = await get()
        pageOf(answer)
        expect(answer.headers).to.include({
          'cache-control': 'no-store',
          'content-security-policy': POLICY,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'same-origin',
          'content-language': 'en',
          'content-type': 'text/html; charset=utf-8',
        })
        expect(answer.get('Vary')?.split(/, */)).to.include.members(['Accept', 'Accept-Language'])
        expect(answer.get('X-Request-Id')).to.match(/^[\da-f-]{36}$/)
      })
    }

    it('the id that the application has given the request', async () => {
      const front: TestAppOptions['front'] = (host) =>
        host.use((_req, res, next) => {
          res.setHeader('X-Request-Id', 'own')
          next()
        })
      const other = await start({ pages: {}, front })
      expect((await visit(other.browser(), '/2fa/')).get('X-Request-Id')).to.equal('own')
    })
  })

  describe('work', () => {
    it('mounted elsewhere, and without the Router', async () => {
      const { secondFactor } = newService()
      const host = express()
      const user = (req: express.Request) => (req.get('X-User') ? { id: req.get('X-User') } : undefined)
      host.use('/account/security', secondFactorPages(secondFactor, { user, loginPath: '/in' }))
      const answer = await supertest(host).get('/account/security/setup').set('Accept', NAVIGATION)
      expect(locationOf(answer)).to.equal(sentFirstTo('/in', '/account/security/setup'))
      await supertest(host).get('/account/security').set('Accept', 'application/json').expect(404)
    })

    it('mounted where a path may begin with what would be another host', async () => {
      const host = express()
      host.use(/^\/.*\/wild/, secondFactorPages(newService().secondFactor, { user: () => undefined }))
      const answer = await supertest(host).get('//evil.example/wild/').set('Accept', NAVIGATION).expect(401)
      const links = pageOf(answer).having('href')
      expect(links.map(({ attributes }) => attributes['href'])[0]).to.match(
        /^\/evil\.example\/wild\/assets\//,
      )
    })

    it('mounted elsewhere, with every path below there', async () => {
      const routes: TestAppOptions['routes'] = (host, secondFactor) => {
        host.use('/account/security', secondFactorPages(secondFactor))
      }
      const other = await start({ routes })
      const { browser, nextCode } = await enrolled(other, 'elsewhere')
      for (const path of ['/', '/challenge', '/setup']) {
        const page = await pageAt(browser, `/account/security${path}`)
        const paths = ['href', 'src', 'action'].flatMap((name) =>
          page.having(name).map(({ attributes }) => attributes[name] ?? ''),
        )
        for (const one of paths) expect(one).to.match(/^(?:\/account\/security\/|data:|otpauth:)/)
        await browser.get(paths.find((one) => one.endsWith('.css')) ?? '').expect(200)
      }
      const codes = await submit(browser, '/account/security/codes', { code: nextCode() }).expect(200)
      const [confirm] = pageOf(codes).forms
      expect(confirm?.action).to.match(/^\/account\/security\/codes\//)
      expect(locationOf(await submit(browser, confirm?.action ?? ''))).to.equal(
        '303 /account/security/?done=codesReplaced',
      )
    })
  })

  it('say that nothing can be done while the storage is away, and let nobody in', async () => {
    const storage = new FailingStorage()
    for (const hold of [undefined, false] as const) {
      const failing = await start({ pages: {}, storage, ...(hold === false && { hold }) })
      const { browser, nextCode } = await pending(failing, `unlucky ${String(hold)}`)
      const code = nextCode()
      storage.fail('reject')
      const answers = [
        ...(await Promise.all(PAGES.map(async (path) => visit(browser, path)))),
        ...(await Promise.all(FORMS.map(async (path) => submit(browser, path, { code })))),
      ]
      for (const answer of answers) {
        expect([answer.status, answer.get('Retry-After')]).to.deep.equal([503, '2'])
        expect(pageOf(answer).all('main')[0]?.text).to.include(en.unavailable)
      }
      storage.recover()
      await browser.post('/transfer').expect(403)
      expect(
        (await fillIn(browser, (await pageAt(browser, '/2fa/challenge')).form('/2fa/challenge'), { code }))
          .status,
      ).to.equal(303)
    }
  })
})
