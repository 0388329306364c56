import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { requireSecondFactor, type TotpStrategyOptions } from '../../lib/index.js'
import { type Browser, whoAmI } from '../support/app.js'
import {
  BASKET,
  METHODS,
  type PassportApp,
  type Somebody,
  startPassportApp,
  WANTED,
} from '../support/passport-app.js'
import { answer, PASSPORT_PATHS } from '../support/passport-paths.js'
import { redisOfSuite } from '../support/suite.js'

/** A first factor of the application's own, which Passport knows nothing of. */
const account = (req: { session: object }): Express.User | undefined => {
  const { accountId } = req.session as { accountId?: string }
  return accountId === undefined ? undefined : { id: accountId }
}

const VARIANTS: readonly (readonly [title: string, held: boolean, user: TotpStrategyOptions['user']])[] = [
  ['without holdForSecondFactor', false, account],
  [
    'behind holdForSecondFactor',
    true,
    (req) => (req.secondFactor?.state === 'pending' ? undefined : account(req)),
  ],
]

for (const [title, held, user = account] of VARIANTS) {
  describe(`login when the first factor is not Passport's, ${title}`, () => {
    const redis = redisOfSuite()
    let app: PassportApp

    before(async () => {
      app = await startPassportApp({
        sessions: await redis.client(),
        strategy: { user },
        hold: held && { user },
        routes(express, _auth, secondFactor) {
          express.post('/account', (req, res, next) => {
            const { name } = req.body as { name: string }
            req.session.regenerate((error) => {
              Object.assign(req.session, { accountId: name, basket: BASKET, returnTo: WANTED })
              if (error) next(error)
              else res.sendStatus(204)
            })
          })
          express.get('/account', (req, res) => {
            res.json({ user: user(req) })
          })
          express.get('/account/guarded', requireSecondFactor(secondFactor, { user }), answer)
        },
      })
    })
    after(() => app.close())

    const signIn = async ({ name }: Somebody): Promise<Browser> => {
      const browser = app.browser()
      await browser.post('/account').send({ name }).expect(204)
      await browser.get('/account').expect(200, held ? {} : { user: { id: name } })
      await browser.get('/account/guarded').expect(403)
      return browser
    }

    for (const path of PASSPORT_PATHS) {
      it(`lets a TOTP code in by ${path.title}, ${path.logsIn ? "with Passport's login" : 'and no more'}`, async () => {
        const somebody = await app.enrol()
        const browser = await signIn(somebody)
        const { sessionId: oldId } = await whoAmI(browser)
        const code = somebody.code('totp')
        app.forget()
        await browser.post(path.url).send({ code }).expect(path.success.status)
        expect(app.told().action).to.equal('success')
        const { stored, sessionId, authenticated, state } = app.seen()
        expect({ authenticated, state }).to.deep.equal({ authenticated: path.logsIn, state: 'satisfied' })
        const userId = somebody.name
        expect(stored).to.deep.include({ accountId: userId, basket: BASKET, returnTo: WANTED })
        expect(stored?.secondFactor).to.include({ userId, method: 'totp', at: app.clock.now() })
        expect(stored?.passport).to.deep.equal(path.logsIn ? { user: userId } : undefined)

        expect(await app.sessions.read(oldId)).to.equal(undefined)
        expect((await whoAmI(browser)).sessionId).to.equal(sessionId)
        const sessions = (await app.sessions.readAll()) as { accountId?: string }[]
        expect(sessions.filter(({ accountId }) => accountId === userId)).to.have.length(1)
        await browser.get('/account').expect(200, { user: { id: userId } })
        await browser.get('/account/guarded').expect(200)
        await browser.get('/private').expect(path.logsIn ? 200 : 401)
      })
    }

    for (const { method, title: code } of METHODS) {
      it(`refuses ${code} that is wrong, and changes nothing`, async () => {
        const somebody = await app.enrol()
        const browser = await signIn(somebody)
        const { sessionId } = await whoAmI(browser)
        const content = await app.sessions.readContent(sessionId)
        app.forget()
        const typed = { code: somebody.wrongCode(method) }
        await browser.post('/paths/a-handler-behind-it').send(typed).expect(422)
        expect(app.told().action).to.equal('fail')
        expect((await whoAmI(browser)).sessionId).to.equal(sessionId)
        expect(await app.sessions.readContent(sessionId)).to.deep.equal(content)
        await browser.get('/account').expect(200, held ? {} : { user: { id: somebody.name } })
        await browser.get('/account/guarded').expect(403)
        await browser.get('/private').expect(401)
      })
    }
  })
}
