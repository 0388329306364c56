import { expect } from 'chai'
import type { RequestHandler } from 'express'
import { before, describe, it } from 'mocha'
import { holdForSecondFactor, type HoldOptions } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import {
  type Browser,
  enrolThroughRouter,
  type TestApp,
  type TestAppOptions,
  type TestUser,
  whoAmI,
  wrongCode,
} from '../support/app.js'
import { callEndpoint, ENDPOINT_CALLS, outcomeOf, preparePerson, titleOf } from '../support/endpoints.js'
import { FailingStorage } from '../support/failing-storage.js'
import { appsOnRedis } from '../support/suite.js'

const ENROL = '/2fa/enrol'
const CHALLENGE = '/2fa/challenge'
/** What browsers send when a person follows a link. */
const NAVIGATION = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

type Policy = NonNullable<HoldOptions['policy']>

/** Only employees must. */
const policy: Policy = (user) => ((user as TestUser).id.startsWith('employee') ? 'required' : 'optional')

/** Two pages, and routes with the guard that Passport applications have. */
const ROUTES: TestAppOptions['routes'] = (host) => {
  host.get([ENROL, CHALLENGE], (req, res) => {
    res.send(`the page ${req.path}`)
  })
  host.all('/page', ((req, res) => {
    res.status(req.isAuthenticated() ? 200 : 401).send('the guard of the application')
  }) as RequestHandler)
}

describe('the policy of holdForSecondFactor', () => {
  const apps = appsOnRedis()
  const start = (more: Partial<TestAppOptions> = {}) =>
    apps.start({ hold: { policy, challengePath: CHALLENGE, enrolPath: ENROL }, routes: ROUTES, ...more })
  let app: TestApp
  before(async () => {
    app = await start()
  })

  const signIn = async (name: string, where = app): Promise<Browser> => {
    const browser = where.browser()
    await browser.post('/login').send({ name }).expect(204)
    return browser
  }
  const begin = async (browser: Browser) =>
    (await browser.post('/2fa/totp').send({}).expect(201)).body as { id: string; uri: string }

  it('holds who must enrol and has not: to the application nobody is there', async () => {
    const browser = await signIn('employee 1')
    expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'must_enrol' })
    await browser.get('/private').expect(401)
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      await browser[method]('/page').expect(401)
    }
  })

  it('leaves the others alone', async () => {
    const browser = await signIn('customer 1')
    expect(await whoAmI(browser)).to.include({ authenticated: true, state: 'not_enrolled' })
    await browser.get('/page').set('Accept', NAVIGATION).expect(200)
  })

  it('is not asked about strangers, nor about those who have a second factor', async () => {
    const asked: string[] = []
    const listening = await start({
      hold: {
        policy: (user) => {
          asked.push((user as TestUser).id)
          return 'required'
        },
      },
    })
    await listening.browser().get('/whoami').expect(200)
    await enrolThroughRouter(listening, listening.browser(), 'enrolled')
    asked.length = 0
    expect(await whoAmI(await signIn('enrolled', listening))).to.include({ state: 'pending' })
    expect(asked).to.deep.equal([])
    expect(await whoAmI(await signIn('newcomer', listening))).to.include({ state: 'must_enrol' })
    expect(asked).to.deep.equal(['newcomer'])
  })

  it('lets who must enrol do so, and in afterwards, under a new session id', async () => {
    const browser = await signIn('employee 2')
    const before = await whoAmI(browser)
    expect((await browser.get('/2fa').expect(200)).body).to.include({ enabled: false, satisfied: false })
    const { id, uri } = await begin(browser)
    expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'must_enrol' })
    const code = new TestAuthenticator(uri).codeAt(app.clock.now())
    await browser.post(`/2fa/totp/${id}/verify`).send({ code }).expect(200)
    const after = await whoAmI(browser)
    expect(after).to.include({ authenticated: true, state: 'satisfied' })
    expect(after.sessionId).to.not.equal(before.sessionId)
    await browser.get('/private').expect(200)
    await browser.post('/transfer').expect(200)
  })

  it('holds on after a wrong first code', async () => {
    const browser = await signIn('employee 3')
    const { id, uri } = await begin(browser)
    const code = wrongCode(new TestAuthenticator(uri), app.clock.now())
    const answer = await browser.post(`/2fa/totp/${id}/verify`).send({ code })
    expect(outcomeOf(answer)).to.equal('422 invalid_code')
    expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'must_enrol' })
  })

  it('holds again whoever turns the second factor off', async () => {
    const browser = app.browser()
    await enrolThroughRouter(app, browser, 'employee 4')
    await browser.delete('/2fa').expect(204)
    expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'must_enrol' })
  })

  const allowed = ['GET /', 'POST /totp', 'POST /totp/:id/verify']
  for (const call of ENDPOINT_CALLS.filter((one) => !allowed.includes(titleOf(one)))) {
    it(`C37 lets who must enrol nowhere else: ${titleOf(call)}`, async () => {
      // Whatever ids somebody else has.
      const other = await preparePerson(app, app.browser(), `other than ${titleOf(call)}`)
      const browser = await signIn(`employee of ${titleOf(call)}`)
      const answer = await callEndpoint(app, browser, call, other)
      const refused = titleOf(call) === 'POST /verify' ? '409 not_enrolled' : '403 enrolment_required'
      expect(outcomeOf(answer)).to.equal(refused)
    })
  }

  it('answers a guarded route with enrolment_required', async () => {
    const browser = await signIn('employee 5')
    expect(outcomeOf(await browser.post('/transfer'))).to.equal('403 enrolment_required')
    expect(outcomeOf(await browser.post('/login/2fa').send({ code: '123456' }))).to.equal('409')
  })

  describe('sends', () => {
    it('a navigation of who must enrol to enrolPath, and says where it came from', async () => {
      const browser = await signIn('employee 6')
      const answer = await browser.get('/page?tab=2&to=//a.example').set('Accept', NAVIGATION).expect(303)
      const returnTo = encodeURIComponent('/page?tab=2&to=//a.example')
      expect(answer.get('Location')).to.equal(`${ENROL}?returnTo=${returnTo}`)
      expect(answer.get('Cache-Control')).to.equal('no-store')
      const page = await browser.get(answer.get('Location') ?? '').set('Accept', NAVIGATION)
      expect([page.status, page.text]).to.deep.equal([200, `the page ${ENROL}`])
    })

    it('who has enrolled, and has not shown it, to challengePath still', async () => {
      await enrolThroughRouter(app, app.browser(), 'employee 7')
      const answer = await (await signIn('employee 7')).get('/page').set('Accept', NAVIGATION).expect(303)
      expect(answer.get('Location')).to.equal(`${CHALLENGE}?returnTo=%2Fpage`)
    })

    it('programs nowhere, nor anything that is no navigation: the application’s own guard answers', async () => {
      const browser = await signIn('employee 8')
      for (const accept of ['application/json', '*/*', '']) {
        const answer = await browser.get('/page').set('Accept', accept).expect(401)
        expect(answer.text).to.equal('the guard of the application')
      }
      for (const method of ['head', 'post', 'put', 'delete'] as const) {
        await browser[method]('/page').set('Accept', NAVIGATION).expect(401)
      }
    })

    it('nobody without enrolPath', async () => {
      const where = await start({ hold: { policy, challengePath: CHALLENGE } })
      const browser = await signIn('employee 9', where)
      await browser.get('/page').set('Accept', NAVIGATION).expect(401)
      expect(await whoAmI(browser)).to.include({ state: 'must_enrol' })
    })
  })

  describe('that fails', () => {
    const failing: Readonly<Record<string, () => unknown>> = {
      throws: () => {
        throw new Error('the policy has its own trouble')
      },
      rejects: () => Promise.reject(new Error('the policy has its own trouble')),
      'promises another word': () => Promise.resolve('Required'),
      'returns true': () => true,
      'returns false': () => false,
      'returns nothing': () => undefined,
      'returns null': () => null,
      'returns another word': () => 'Required',
      'returns a list': () => ['optional'],
      'returns an object that reads as one': () => ({ toString: () => 'optional' }),
    }
    for (const [how, wrong] of Object.entries(failing)) {
      it(`answers 500 when it ${how}, and lets nobody in`, async () => {
        let works = false
        const where = await start({
          hold: {
            policy: (user) => (works ? policy(user) : (wrong() as ReturnType<Policy>)),
            enrolPath: ENROL,
          },
        })
        const browser = await signIn('customer of a failing policy', where)
        for (const path of ['/private', '/page', '/whoami', ENROL, '/2fa'])
          await browser.get(path).expect(500)
        await browser.get('/page').set('Accept', NAVIGATION).expect(500)
        works = true
        await browser.get('/private').expect(200)
      })
    }

    it('has taken the user away before the application’s error handler runs', async () => {
      const seen: unknown[] = []
      const where = await start({
        hold: {
          policy: () => {
            throw new Error('the policy has its own trouble')
          },
        },
        front: (host) => {
          host.use((req, res, next) => {
            res.on('finish', () => seen.push([req.path, req.user, req.secondFactor?.state]))
            next()
          })
        },
      })
      const browser = await signIn('seen', where)
      await browser.get('/private').expect(500)
      expect(seen.at(-1)).to.deep.equal(['/private', undefined, 'pending'])
    })

    it('C18 holds who may have no second factor while the storage is away, and asks no policy', async () => {
      const storage = new FailingStorage()
      let asked = 0
      const where = await start({
        storage,
        hold: { policy: () => (asked++, 'optional'), enrolPath: ENROL, challengePath: CHALLENGE },
      })
      const browser = await signIn('unlucky', where)
      storage.fail('reject')
      asked = 0
      expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      await browser.get('/page').set('Accept', NAVIGATION).expect(401)
      expect(asked).to.equal(0)
      storage.recover()
      await browser.get('/page').expect(200)
    })
  })

  for (const [what, wrong, says] of [
    ['a policy that is a word', { policy: 'required' }, 'policy'],
    ['enrolPath on another site', { enrolPath: '//elsewhere.example' }, 'enrolPath'],
    ['enrolPath with a query', { enrolPath: '/enrol?now' }, 'enrolPath'],
    ['enrolPath that is empty', { enrolPath: '' }, 'enrolPath'],
  ] as const) {
    it(`refuses to be made with ${what}, saying so`, () => {
      const options = wrong as unknown as HoldOptions
      expect(() => holdForSecondFactor(app.secondFactor, options)).to.throw(TypeError, says)
    })
  }
})
