import { expect } from 'chai'
import express from 'express'
import { after, before, beforeEach, describe, it } from 'mocha'
import passport from 'passport'
import supertest from 'supertest'
import { problemOf, sendProblem } from '../../lib/express/problem.js'
import type { InvalidCode, SecondFactorMethod } from '../../lib/index.js'
import { wrongCode } from '../support/app.js'
import { authenticate } from '../support/passport-paths.js'
import { challengeOf, RecordingStrategy } from '../support/recording-strategy.js'
import { serve, type Served } from '../support/serve.js'
import { type CompletedEnrolment, enrolUser, newService, type TestService } from '../support/service.js'

const WRONG: InvalidCode = { ok: false, reason: 'invalid_code' }
const REPLAYED: InvalidCode = { ...WRONG, replayed: true }

describe('that a code did count once', () => {
  let service: TestService
  let strategy: RecordingStrategy
  let person: CompletedEnrolment
  let server: Served
  before(async () => {
    const app = express()
    const auth = new passport.Authenticator()
    app.use(express.json(), (req, _res, next) => {
      req.user = { id: 'u' }
      next()
    })
    app.post('/strategy', (req, res, next) => {
      auth.use(strategy)
      const handler: express.RequestHandler = authenticate(auth, { session: false })
      void handler(req, res, next)
    })
    app.get('/problem/wrong', (_req, res) => {
      sendProblem(res, problemOf(WRONG))
    })
    app.get('/problem/replayed', (_req, res) => {
      sendProblem(res, problemOf(REPLAYED))
    })
    server = await serve(app)
  })
  after(() => server.close())

  beforeEach(async () => {
    service = newService()
    strategy = new RecordingStrategy(service.secondFactor)
    person = await enrolUser(service, 'u')
  })

  it('C6 C8 is in no problem document', async () => {
    const [wrong, replayed] = [
      await supertest(server.url).get('/problem/wrong'),
      await supertest(server.url).get('/problem/replayed'),
    ]
    expect(wrong.status).to.equal(422)
    expect(replayed.status).to.equal(422)
    expect(wrong.body).to.have.all.keys('type', 'title', 'status', 'code', 'detail')
    expect(replayed.text).to.equal(wrong.text)
    expect(Object.keys(replayed.headers)).to.deep.equal(Object.keys(wrong.headers))
  })

  const rightCode = (method: SecondFactorMethod): string =>
    method === 'totp' ? person.phone.codeAt(service.clock.now()) : (person.backupCodes[0] ?? '')
  const guess = (method: SecondFactorMethod): string =>
    method === 'totp' ? wrongCode(person.phone, service.clock.now()) : 'AAAAA-AAAAA-AAAAA-AAAAA-AAAAA'

  /** What the strategy tells Passport about a code that does not count. */
  async function refused(code: string) {
    strategy.told.length = 0
    const answer = await supertest(server.url).post('/strategy').send({ code })
    const [told] = strategy.told
    if (!told) throw new Error('Passport was told nothing.')
    return { answer: [answer.status, answer.text], challenge: challengeOf(told), status: told.given[1] }
  }

  for (const method of ['totp', 'backup_code'] as const) {
    it(`C6 C8 is in no challenge of the strategy: a ${method}`, async () => {
      const code = rightCode(method)
      const { secondFactor } = service
      expect(await secondFactor.verify('u', code)).to.include({ ok: true, method })
      // Else there would be nothing to keep.
      expect(await secondFactor.verify('u', code)).to.deep.equal(REPLAYED)
      expect(await secondFactor.verify('u', guess(method))).to.deep.equal(WRONG)

      const [wrong, replayed] = [await refused(guess(method)), await refused(code)]
      expect(wrong.challenge).to.have.all.keys('message', 'code')
      expect(wrong.status).to.equal(422)
      expect(replayed).to.deep.equal(wrong)
    })
  }
})
