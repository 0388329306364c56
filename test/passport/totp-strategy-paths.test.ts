import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { SecondFactorMethod } from '../../lib/index.js'
import { whoAmI } from '../support/app.js'
import { BASKET, METHODS, type PassportApp, startPassportApp, WANTED } from '../support/passport-app.js'
import { PASSPORT_PATHS, type PassportPath } from '../support/passport-paths.js'
import { redisOfSuite } from '../support/suite.js'

for (const held of [true, false]) {
  describe(`TotpStrategy, the [strategy], on every path, ${held ? 'behind' : 'without'} holdForSecondFactor`, () => {
    const redis = redisOfSuite()
    let app: PassportApp

    before(async () => {
      app = await startPassportApp({ sessions: await redis.client(), ...(!held && { hold: false }) })
    })
    after(() => app.close())

    for (const path of PASSPORT_PATHS) {
      for (const { method, title } of METHODS) {
        it(`C29 P3 lets ${title} in by ${path.title}`, async () => {
          const { browser, oldId, content } = await show(path, method)
          const { sessionId, authenticated, state, stored } = app.seen()
          expect({ authenticated, state }).to.deep.equal({ authenticated: true, state: 'satisfied' })
          expect({ ...stored, cookie: undefined }, 'before the answer').to.deep.equal(content)
          expectOneRenewal(oldId, sessionId)
          expect(await app.sessions.read(oldId), 'the old session').to.equal(undefined)

          const me = await whoAmI(browser)
          expect(me).to.deep.include({ sessionId, basket: BASKET, authenticated: true })
          expect(me.state).to.equal(held ? 'satisfied' : undefined)
          const { returnTo, ...rest } = content
          const left = path.success.location === returnTo ? rest : content
          expect({ ...(await app.storedSession(browser)), cookie: undefined }).to.deep.equal(left)
          await browser.get('/private').expect(200)
          await browser.post('/transfer').expect(200)
        })
      }
    }

    /** Show a right code on a path; what the session should have in it from then on. */
    async function show(path: PassportPath, method: SecondFactorMethod) {
      const somebody = await app.enrol()
      const browser = await app.signIn(somebody.name)
      const { sessionId: oldId } = await whoAmI(browser)
      app.forget()
      const answer = await browser.post(path.url).send({ code: somebody.code(method) })
      expect(answer.status).to.equal(path.success.status)
      expect(answer.headers['location']).to.equal(path.success.location)
      expect(app.told().action).to.equal('success')

      const { name: userId, authenticatorId } = somebody
      const { epoch } = await app.secondFactor.status(userId)
      const shown = { userId, method, ...(method === 'totp' && { authenticatorId }) }
      const content = {
        cookie: undefined,
        passport: { user: userId },
        basket: BASKET,
        returnTo: WANTED,
        secondFactor: { ...shown, at: app.clock.now(), epoch },
      }
      return { browser, oldId, content }
    }

    /** One session died, and what was stored since then is one other session. */
    function expectOneRenewal(oldId: string, newId: string): void {
      const idsOf = (wanted: string) =>
        app.sessions.writes.filter(({ command }) => command === wanted).map(({ sessionId }) => sessionId)
      expect(idsOf('del')).to.deep.equal([oldId])
      expect(new Set(idsOf('set'))).to.deep.equal(new Set([newId]))
      expect(newId).not.to.equal(oldId)
    }
  })
}
