import { once } from 'node:events'
import { type IncomingMessage, request as rawRequest } from 'node:http'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { Test } from 'supertest'
import { requireSecondFactor, type RequireOptions } from '../../lib/index.js'
import {
  type Browser,
  cookieOf,
  enrolThroughRouter,
  type TestApp,
  type TestAppOptions,
} from '../support/app.js'
import { outcomeOf } from '../support/endpoints.js'
import { FailingStorage } from '../support/failing-storage.js'
import { appsOnRedis } from '../support/suite.js'

const ENROL = '/2fa/enrol'
const CHALLENGE = '/2fa/challenge'
const PAGES: RequireOptions = { challengePath: CHALLENGE, enrolPath: ENROL, maxAgeSeconds: 300 }
/** What browsers send when a person follows a link, or sends a form. */
const NAVIGATION = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const HOST = 'bank.example'

const ROUTES: TestAppOptions['routes'] = (host, secondFactor) => {
  const guard = requireSecondFactor(secondFactor, PAGES)
  host.all(['/form', '/deep/form'], guard, (_req, res) => {
    res.send('done')
  })
  // A mistake that applications make: the challenge behind the guard that leads to it.
  host.all([CHALLENGE, ENROL], guard, (_req, res) => {
    res.send('a page')
  })
}

for (const hold of ['behind', 'without'] as const) {
  describe(`requireSecondFactor with pages, ${hold} holdForSecondFactor`, () => {
    const { start } = appsOnRedis()
    const startHere = (more: Partial<TestAppOptions> = {}) =>
      start({ routes: ROUTES, ...(hold === 'without' && { hold: false as const }), ...more })
    let app: TestApp
    /** Has shown the second factor, and long ago. */
    let stale: Browser
    /** Has shown the first factor alone. */
    let pending: Browser
    let newcomer: Browser
    before(async () => {
      app = await startHere()
      stale = app.browser()
      await enrolThroughRouter(app, stale, 'somebody')
      app.clock.advance(301)
      pending = app.browser()
      await pending.post('/login').send({ name: 'somebody' }).expect(204)
      newcomer = app.browser()
      await newcomer.post('/login').send({ name: 'newcomer' }).expect(204)
    })

    const asPerson = (request: Test) => request.set('Accept', NAVIGATION).set('Host', HOST)

    /** Where a person is sent, and with which way back. */
    async function sent(request: Test): Promise<{ readonly path: string; readonly returnTo: string | null }> {
      const answer = await asPerson(request).expect(303)
      expect(answer.get('Cache-Control')).to.equal('no-store')
      const { origin, pathname, searchParams } = new URL(answer.get('Location') ?? '', `http://${HOST}`)
      expect(origin).to.equal(`http://${HOST}`)
      return { path: pathname, returnTo: searchParams.get('returnTo') }
    }

    it('answers programs with a problem document, and says how fresh it has to be', async () => {
      for (const accept of ['application/json', '*/*', '', 'application/json, text/html;q=0.5']) {
        const answer = await stale.post('/form').set('Accept', accept).expect(403)
        expect(answer.body).to.deep.equal({
          type: 'about:blank',
          title: 'Forbidden',
          status: 403,
          code: 'fresh_second_factor_required',
          detail: 'The second factor was shown too long ago. Show it again.',
          maxAgeSeconds: 300,
        })
        expect(answer.get('Content-Type')).to.match(/^application\/problem\+json(;|$)/)
        expect(answer.get('Cache-Control')).to.equal('no-store')
        expect(answer.headers).to.not.have.property('location')
      }
    })

    it('says nothing of an age where it is not the age that is wrong', async () => {
      for (const browser of [pending, newcomer, app.browser()]) {
        expect((await browser.post('/form')).body).to.not.have.property('maxAgeSeconds')
      }
    })

    it('sends people who have shown it too long ago, or not at all, to the challenge', async () => {
      for (const browser of [stale, pending]) {
        const returnTo = '/form?amount=7&to=a%20b'
        expect(await sent(browser.get(returnTo))).to.deep.equal({ path: CHALLENGE, returnTo })
      }
    })

    it('sends people who have none to where they can enrol', async () => {
      expect(await sent(newcomer.get('/form'))).to.deep.equal({ path: ENROL, returnTo: '/form' })
    })

    it('tells strangers to sign in: the challenge is not for them', async () => {
      expect(outcomeOf(await asPerson(app.browser().get('/form')))).to.equal('401 not_authenticated')
    })

    it('lets people in who have come back from the challenge', async () => {
      const browser = app.browser()
      const { phone } = await enrolThroughRouter(app, browser, `returns ${hold}`)
      app.clock.advance(600)
      const { returnTo } = await sent(browser.get('/form?step=2'))
      await browser
        .post('/2fa/verify')
        .send({ code: phone.codeAt(app.clock.now()) })
        .expect(200)
      expect((await asPerson(browser.get(returnTo ?? '')).expect(200)).text).to.equal('done')
    })

    const referers: readonly (readonly [title: string, referer: string | undefined, returnTo: string])[] = [
      ['the page that it stands on', `https://${HOST}/transfer?tab=2`, '/transfer?tab=2'],
      ['the same without TLS', `http://${HOST}/transfer`, '/transfer'],
      ['the page without its fragment', `https://${HOST}/transfer#form`, '/transfer'],
      ['the first page when the browser keeps it for itself', undefined, '/'],
      ['the first page when the browser says the origin only', `https://${HOST}`, '/'],
      ['the first page from another site', 'https://elsewhere.example/transfer', '/'],
      ['the first page from a sibling domain', `https://shop.${HOST}/transfer`, '/'],
      ['the first page from a host that begins as ours', `https://${HOST}.elsewhere.example/x`, '/'],
      ['the first page from our host as a user name', `https://${HOST}@elsewhere.example/x`, '/'],
      ['the first page from another port', `https://${HOST}:8443/transfer`, '/'],
      ['the first page from a path of two slashes', `https://${HOST}//elsewhere.example/x`, '/'],
      ['the first page from a path with a backslash', `https://${HOST}/\\elsewhere.example/x`, '/'],
      ['the first page from dots that end in two slashes', `https://${HOST}/..//elsewhere.example`, '/'],
      ['the first page from a path alone', '/transfer', '/'],
      ['the first page from two slashes and a host', '//elsewhere.example', '/'],
      ['the first page from what is no address', 'about:client', '/'],
      ['the first page from an empty text', '', '/'],
      ['a path of ours from a script', `javascript://${HOST}/%0aalert(1)`, '/%0aalert(1)'],
    ]
    for (const [title, referer, returnTo] of referers) {
      it(`leads a form back to ${title}`, async () => {
        for (const method of ['post', 'put', 'delete'] as const) {
          const request = stale[method]('/deep/form')
          if (referer !== undefined) void request.set('Referer', referer)
          expect(await sent(request), method).to.deep.equal({ path: CHALLENGE, returnTo })
        }
      })
    }

    it('leads a link back to itself, whatever page it stands on', async () => {
      const request = stale.get('/form').set('Referer', `https://${HOST}/another`)
      expect(await sent(request)).to.deep.equal({ path: CHALLENGE, returnTo: '/form' })
    })

    for (const [target, returnTo] of [
      ['/form?next=//elsewhere.example', '/form?next=//elsewhere.example'],
      [`http://elsewhere.example/form`, '/'],
      ['/form?next=\\elsewhere', '/'],
    ] as const) {
      it(`leads a request of ${target} back to ${returnTo}`, async () => {
        // No client that tidies the path first: the bytes go out as they stand here.
        const login = await app.browser().post('/login').send({ name: 'somebody' }).expect(204)
        const { hostname, port } = new URL(app.url)
        const headers = { Accept: NAVIGATION, Cookie: cookieOf(login) }
        const request = rawRequest({ hostname, port, path: target, headers }).end()
        const [answer] = (await once(request, 'response')) as [IncomingMessage]
        answer.resume()
        const location = new URL(answer.headers.location ?? '', app.url)
        expect([answer.statusCode, location.origin, location.pathname]).to.deep.equal([
          303,
          app.url,
          CHALLENGE,
        ])
        expect(location.searchParams.get('returnTo')).to.equal(returnTo)
      })
    }

    it('never sends anybody in a circle: where the challenge is guarded too, it is a problem document', async () => {
      for (const path of [CHALLENGE, `${CHALLENGE}?returnTo=%2Fform`]) {
        for (const method of ['get', 'post'] as const) {
          const answer = await asPerson(stale[method](path))
          expect(outcomeOf(answer)).to.equal('403 fresh_second_factor_required')
        }
        expect(outcomeOf(await asPerson(pending.get(path)))).to.equal('403 second_factor_required')
      }
      expect(outcomeOf(await asPerson(newcomer.get(ENROL)))).to.equal('403 enrolment_required')
    })

    it('C18 sends nobody to a challenge that could not be passed', async () => {
      const storage = new FailingStorage()
      const failing = await startHere({ storage })
      const browser = failing.browser()
      await enrolThroughRouter(failing, browser, 'unlucky')
      storage.fail('reject')
      const answer = await asPerson(browser.get('/form'))
      expect(outcomeOf(answer)).to.equal('503 unavailable')
      expect(answer.get('Retry-After')).to.equal('2')
    })
  })
}

describe('requireSecondFactor with pages', () => {
  const { start } = appsOnRedis()

  it('answers people as programs where it has no page for what is missing', async () => {
    const app = await start({
      routes: (host, secondFactor) => {
        const done = (_req: unknown, res: { send: (text: string) => unknown }) => res.send('done')
        host.get('/no-enrol', requireSecondFactor(secondFactor, { challengePath: CHALLENGE }), done)
        host.get('/no-challenge', requireSecondFactor(secondFactor, { enrolPath: ENROL }), done)
      },
    })
    const newcomer = app.browser()
    await newcomer.post('/login').send({ name: 'newcomer' }).expect(204)
    expect(outcomeOf(await newcomer.get('/no-enrol').set('Accept', NAVIGATION))).to.equal(
      '403 enrolment_required',
    )
    await enrolThroughRouter(app, app.browser(), 'somebody')
    const pending = app.browser()
    await pending.post('/login').send({ name: 'somebody' }).expect(204)
    expect(outcomeOf(await pending.get('/no-challenge').set('Accept', NAVIGATION))).to.equal(
      '403 second_factor_required',
    )
  })

  for (const name of ['challengePath', 'enrolPath'] as const) {
    for (const path of [
      'https://elsewhere.example',
      '//elsewhere.example',
      'challenge',
      '',
      '/a/../b',
      '/a?b',
      '/a#b',
      '/\\a',
      7,
    ]) {
      it(`refuses to be made with ${name} ${JSON.stringify(path)}, saying so`, async () => {
        const { secondFactor } = await start()
        const options = { [name]: path } as RequireOptions
        expect(() => requireSecondFactor(secondFactor, options)).to.throw(TypeError, name)
      })
    }
  }
})
