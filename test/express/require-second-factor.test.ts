import { expect } from 'chai'
import type { Request, RequestHandler } from 'express'
import { before, describe, it } from 'mocha'
import { requireSecondFactor, type RequireOptions, type SecondFactor } from '../../lib/index.js'
import {
  type Browser,
  enrolThroughRouter,
  type TestApp,
  type TestAppOptions,
  type TestUser,
  wrongCode,
} from '../support/app.js'
import { outcomeOf } from '../support/endpoints.js'
import { FailingStorage } from '../support/failing-storage.js'
import { appsOnRedis } from '../support/suite.js'
import { enrolUser, newService } from '../support/service.js'

/** Beside `POST /transfer` with its five minutes: a guard without an age. */
const ROUTES: TestAppOptions['routes'] = (host, secondFactor) => {
  host.all('/vault', requireSecondFactor(secondFactor), (req, res) => {
    res.json({ opened: true, for: req.user })
  })
}

describe('requireSecondFactor', () => {
  const apps = appsOnRedis()
  const start = (more: Partial<TestAppOptions> = {}) => apps.start({ routes: ROUTES, ...more })

  for (const hold of ['with', 'without'] as const) {
    describe(`${hold} holdForSecondFactor in front`, () => {
      let app: TestApp
      before(async () => {
        app = await start(hold === 'with' ? {} : { hold: false })
      })

      const signIn = async (name: string): Promise<Browser> => {
        const browser = app.browser()
        await browser.post('/login').send({ name }).expect(204)
        return browser
      }
      const satisfied = async (name: string) => {
        const browser = app.browser()
        return { browser, ...(await enrolThroughRouter(app, browser, `${name} ${hold}`)) }
      }

      it('refuses strangers', async () => {
        expect(outcomeOf(await app.browser().post('/vault'))).to.equal('401 not_authenticated')
        expect(outcomeOf(await app.browser().post('/transfer'))).to.equal('401 not_authenticated')
      })

      it('tells who has no second factor to enrol', async () => {
        const browser = await signIn(`newcomer ${hold}`)
        expect(outcomeOf(await browser.post('/vault'))).to.equal('403 enrolment_required')
        await browser.post('/2fa/totp').send({}).expect(201)
        expect(outcomeOf(await browser.post('/transfer'))).to.equal('403 enrolment_required')
      })

      it('C17 refuses who has shown the first factor alone, whatever the method', async () => {
        await satisfied('half-way')
        const browser = await signIn(`half-way ${hold}`)
        for (const method of ['get', 'post', 'put', 'delete', 'options'] as const) {
          expect(outcomeOf(await browser[method]('/vault'))).to.equal('403 second_factor_required')
        }
      })

      it('refuses after a wrong code, and lets in after a right one', async () => {
        const { phone } = await satisfied('tries')
        app.clock.advance(30)
        const browser = await signIn(`tries ${hold}`)
        await browser
          .post('/2fa/verify')
          .send({ code: wrongCode(phone, app.clock.now()) })
          .expect(422)
        expect(outcomeOf(await browser.post('/vault'))).to.equal('403 second_factor_required')
        await browser
          .post('/2fa/verify')
          .send({ code: phone.codeAt(app.clock.now()) })
          .expect(200)
        const opened = await browser.post('/vault').expect(200)
        expect(opened.body).to.deep.equal({ opened: true, for: { id: `tries ${hold}` } })
      })

      it('lets in for maxAgeSeconds, the last of them included, and again after a fresh code', async () => {
        const { browser, phone } = await satisfied('transfers')
        await browser.post('/transfer').expect(200)
        app.clock.advance(300)
        await browser.post('/transfer').expect(200)
        app.clock.advance(1)
        expect(outcomeOf(await browser.post('/transfer'))).to.equal('403 fresh_second_factor_required')
        await browser
          .post('/2fa/verify')
          .send({ code: phone.codeAt(app.clock.now()) })
          .expect(200)
        await browser.post('/transfer').expect(200)
      })

      it('lets in for the whole session without maxAgeSeconds', async () => {
        const { browser } = await satisfied('stays')
        app.clock.advance(30 * 24 * 3600)
        await browser.post('/vault').expect(200)
      })

      it('counts a backup code as well', async () => {
        const { backupCodes } = await satisfied('recovers')
        const browser = await signIn(`recovers ${hold}`)
        await browser.post('/2fa/verify').send({ code: backupCodes[0] }).expect(200)
        await browser.post('/transfer').expect(200)
      })

      it('refuses in problem documents that are not to be stored', async () => {
        const answer = await app.browser().post('/vault').expect(401)
        expect(answer.get('Content-Type')).to.match(/^application\/problem\+json(;|$)/)
        expect(answer.get('Cache-Control')).to.equal('no-store')
        expect(answer.get('X-Request-Id')).to.match(/^[0-9a-f-]{36}$/)
      })

      it('adds nothing to the answers of the route', async () => {
        const { browser } = await satisfied('plain')
        const { headers } = await browser.post('/vault').expect(200)
        expect(headers).to.not.have.any.keys('cache-control', 'x-request-id')
      })

      it('C18 refuses everybody while the storage is away', async () => {
        const storage = new FailingStorage()
        const failing = await start({ storage, ...(hold === 'without' && { hold: false as const }) })
        const browser = failing.browser()
        await enrolThroughRouter(failing, browser, 'unlucky')
        await browser.post('/vault').expect(200)
        storage.fail('reject')
        const answer = await browser.post('/vault')
        expect(outcomeOf(answer)).to.equal('503 unavailable')
        expect(answer.get('Retry-After')).to.equal('2')
        storage.recover()
        await browser.post('/vault').expect(200)
      })
    })
  }

  it('knows the user by its own options', async () => {
    const own: RequireOptions = {
      user: (req: Request) => req.user ?? req.secondFactor?.user,
      userId: (user) => `tenant:${(user as TestUser).id}`,
    }
    const { userId } = own
    const app = await start({
      hold: userId ? { userId } : {},
      router: userId ? { userId } : {},
      routes: (host, secondFactor) => {
        host.get('/tenant', requireSecondFactor(secondFactor, own), (_req, res) => {
          res.sendStatus(204)
        })
      },
    })
    const browser = app.browser()
    await enrolThroughRouter(app, browser, 'tenant’s')
    await browser.get('/tenant').expect(204)
    const held = app.browser()
    await held.post('/login').send({ name: 'tenant’s' }).expect(204)
    expect(outcomeOf(await held.get('/tenant'))).to.equal('403 second_factor_required')
  })

  describe('judges what holds when it is asked, not what held in front', () => {
    let app: TestApp
    before(async () => {
      const others = newService()
      await enrolUser(others, 'of another kind')
      app = await start({
        routes: (host, secondFactor, auth) => {
          const guard = requireSecondFactor(secondFactor, { maxAgeSeconds: 300 })
          const enter: RequestHandler = (_req, res) => {
            res.sendStatus(204)
          }
          host.post(
            '/become',
            (req, _res, next) => {
              const { name } = req.body as { name: string }
              req.logIn({ id: name }, { session: true, keepSessionInfo: true }, next)
            },
            guard,
            enter,
          )
          host.post(
            '/leave',
            (req, _res, next) => {
              req.logOut({ keepSessionInfo: true }, next)
            },
            guard,
            enter,
          )
          host.post('/step-up', auth.authenticate('totp') as RequestHandler, guard, enter)
          host.post('/other-kind', requireSecondFactor(others.secondFactor), enter)
        },
      })
    })

    const satisfied = async (name: string) => {
      const browser = app.browser()
      return { browser, ...(await enrolThroughRouter(app, browser, name)) }
    }

    it('of somebody who signs in over somebody else within the request', async () => {
      await satisfied('is become')
      const { browser } = await satisfied('becomes')
      const answer = await browser.post('/become').send({ name: 'is become' })
      expect(outcomeOf(answer)).to.equal('403 second_factor_required')
    })

    it('of somebody who signs out within the request', async () => {
      const { browser } = await satisfied('leaves')
      expect(outcomeOf(await browser.post('/leave'))).to.equal('401 not_authenticated')
    })

    it('of somebody who shows the second factor within the request', async () => {
      const { browser, phone } = await satisfied('steps up')
      app.clock.advance(600)
      expect(outcomeOf(await browser.post('/transfer'))).to.equal('403 fresh_second_factor_required')
      await browser
        .post('/step-up')
        .send({ code: phone.codeAt(app.clock.now()) })
        .expect(204)
    })

    it('of somebody who has shown another second factor than it asks for', async () => {
      const { browser } = await satisfied('of another kind')
      await browser.post('/transfer').expect(200)
      expect(outcomeOf(await browser.post('/other-kind'))).to.equal('403 second_factor_required')
      const newcomer = await satisfied('of one kind only')
      expect(outcomeOf(await newcomer.browser.post('/other-kind'))).to.equal('403 enrolment_required')
    })
  })

  const MISUSES: readonly (readonly [what: string, secondFactor: unknown, options: unknown, says: string])[] =
    [
      ['no second factor', undefined, {}, 'createSecondFactor'],
      ['options in place of the second factor', { maxAgeSeconds: 300 }, {}, 'createSecondFactor'],
      ['a misspelt option', 'right', { maxAge: 300 }, 'unknown option "maxAge"'],
      ['options that are none', 'right', 300, 'options'],
      ['a user that is none', 'right', { user: 'req.user' }, 'user'],
      ['a user id that is none', 'right', { userId: 7 }, 'userId'],
      ['an age that is a text', 'right', { maxAgeSeconds: '300' }, 'maxAgeSeconds'],
      ['an age of nought', 'right', { maxAgeSeconds: 0 }, 'maxAgeSeconds'],
      ['an age that is no number', 'right', { maxAgeSeconds: NaN }, 'maxAgeSeconds'],
      ['an age without end', 'right', { maxAgeSeconds: Infinity }, 'maxAgeSeconds'],
      ['an age of null', 'right', { maxAgeSeconds: null }, 'maxAgeSeconds'],
    ]

  for (const [what, given, wrong, says] of MISUSES) {
    it(`refuses to be made with ${what}, saying so`, async () => {
      const { secondFactor } = await start()
      const first = (given === 'right' ? secondFactor : given) as SecondFactor
      expect(() => requireSecondFactor(first, wrong as RequireOptions)).to.throw(TypeError, says)
    })
  }
})
