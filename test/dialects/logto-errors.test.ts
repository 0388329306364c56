import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import { type TestApp, wrongCode } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import { appsOnRedis, redisOfSuite } from '../support/suite.js'
import { dataOf, enrolPerson, signIn, withLogto } from './logto.js'
import { ERROR_CASES, guessInVain, type Scene } from './logto-error-cases.js'

describe('logtoDialect refuses, as @logto/api reads it', () => {
  const { start } = appsOnRedis()
  const records = redisOfSuite()
  let storage: FailingStorage
  let app: TestApp
  before(async () => {
    storage = new FailingStorage(new RedisStorage({ client: await records.client() }))
    app = await start({ ...withLogto(), storage, secondFactor: { throttle: { disableAfter: 10 } } })
  })

  const setScene = async (title: string, where = app): Promise<Scene> => {
    const person = await enrolPerson(where, title)
    const newcomerName = `new: ${title}`
    const [pending, newcomer] = [await signIn(where, title), await signIn(where, newcomerName)]
    return { app: where, storage, person, pending, newcomerName, newcomer }
  }

  for (const [code, [status, ...cases]] of Object.entries(ERROR_CASES)) {
    for (const { when, confirmed, ask, error: expected, retryAfter = null } of cases) {
      it(`with ${status} ${code} (${confirmed ? 'confirmed' : 'chosen'}) when ${when}`, async () => {
        const scene = await setScene(`${code}: ${when}`)
        const { error, data, response } = await ask(scene).finally(() => {
          storage.recover()
        })
        expect(data).to.equal(undefined)
        expect(response.status).to.equal(status)
        expect(error).to.deep.equal({ code, message: error?.message, ...expected })
        expect(error?.message).to.match(/^\w.+\.$/)
        expect(response.headers.get('Content-Type')).to.match(/^application\/json(;|$)/)
        expect(response.headers.get('Cache-Control')).to.equal('no-store')
        expect(response.headers.get('X-Request-Id')).to.match(/^[\w-]{36}$/)
        expect(response.headers.get('Retry-After')).to.equal(retryAfter)
      })
    }
  }

  /** The budget of a week frees one guess in more than a day. */
  const WAITS = {
    '1 second': { firstWaitSeconds: 1 },
    '59 seconds': { firstWaitSeconds: 59 },
    '1 minute': { firstWaitSeconds: 60 },
    '2 minutes': { firstWaitSeconds: 61 },
    '1 hour': { firstWaitSeconds: 3600 },
    '2 days': { weeklyBudget: 5 },
  }
  for (const [words, throttle] of Object.entries(WAITS)) {
    it(`with words for how long to wait: ${words}`, async () => {
      const patient = await start({ ...withLogto(), secondFactor: { throttle } })
      const { error } = await guessInVain(5)(await setScene(`waits ${words}`, patient))
      expect(error?.message).to.equal(`Too many wrong codes. Try again in ${words}.`)
    })
  }

  it('alike whether a TOTP code is wrong, was used, is none, or could count for nobody', async () => {
    const { person, pending, newcomer } = await setScene('alike')
    const code = person.phone.codeAt(app.clock.now())
    dataOf(await pending.verifyTotp(code))
    const [first, ...others] = [
      await pending.verifyTotp(wrongCode(person.phone, app.clock.now())),
      await pending.verifyTotp(code),
      await pending.verifyTotp('none'),
      await newcomer.verifyTotp('123456'),
    ]
    for (const { error, response } of others) {
      expect(error).to.deep.equal(first.error)
      expect(response.status).to.equal(first.response.status)
    }
  })
})
