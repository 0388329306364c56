import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { RedisStorage } from '../../lib/storage/redis.js'
import { wrongCode } from '../support/app.js'
import {
  backend,
  type ClerkTest,
  clerkTests,
  outcomeOfAnswer,
  outcomeOfCall,
  SECRET_KEY,
  WRONG_KEY,
} from '../support/clerk.js'
import { CountingStorage } from '../support/counting-storage.js'
import { enrolUser } from '../support/service.js'
import { redisOfSuite } from '../support/suite.js'

const RACERS = 200

function tallyOf(outcomes: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

const NOTHING_ASKED = { read: 0, insert: 0, replace: 0, remove: 0 }

describe("clerkDialect, asked by Clerk's own client many times over,", () => {
  const redis = redisOfSuite()
  const { start } = clerkTests()
  let test: ClerkTest
  before(async () => {
    test = await start({ secondFactor: { storage: new RedisStorage({ client: await redis.client() }) } })
  })

  const race = async (times: number, userId: string, code: string) =>
    tallyOf(
      await Promise.all(
        Array.from({ length: times }, () => outcomeOfCall(test.users.verifyTOTP({ userId, code }))),
      ),
    )

  it(`takes a TOTP code once of ${RACERS} parallel calls`, async () => {
    const { phone } = await enrolUser(test, 'races by phone')
    const tally = await race(RACERS, 'races%20by%20phone', phone.codeAt(test.clock.now()))
    expect(tally).to.deep.equal({ ok: 1, '422 totp_incorrect_code': RACERS - 1 })
  })

  it(`takes a backup code once of ${RACERS} parallel calls`, async () => {
    const { backupCodes } = await enrolUser(test, 'races on paper')
    const tally = await race(RACERS, 'races%20on%20paper', String(backupCodes[0]))
    expect(tally).to.deep.equal({ ok: 1, '422 totp_incorrect_code': RACERS - 1 })
    const { backupCodes: left } = await test.secondFactor.status('races on paper')
    expect(left).to.include({ remaining: 9 })
  })

  it('looks at five wrong codes of fifty parallel ones, and then at no right one', async () => {
    const { phone } = await enrolUser(test, 'guessed')
    const now = test.clock.now()
    const tally = await race(50, 'guessed', wrongCode(phone, now))
    expect(tally).to.deep.equal({ '422 totp_incorrect_code': 5, '403 user_locked': 45 })
    expect(await race(1, 'guessed', phone.codeAt(now))).to.deep.equal({ '403 user_locked': 1 })
    test.clock.advance(30)
    expect(await race(1, 'guessed', phone.codeAt(test.clock.now()))).to.deep.equal({ ok: 1 })
  })
})

describe('clerkDialect, without a right key,', () => {
  const { start } = clerkTests()
  const storage = new CountingStorage()
  const asked: string[] = []
  let test: ClerkTest
  before(async () => {
    const user = (userId: string) => {
      asked.push(userId)
      return {}
    }
    test = await start({ secondFactor: { storage }, dialect: { user } })
    await enrolUser(test, 'ann')
    storage.reset()
  })

  for (const [method, path] of [
    ['POST', 'verify_totp'],
    ['DELETE', 'totp'],
    ['DELETE', 'backup_code'],
    ['DELETE', 'mfa'],
  ] as const) {
    for (const header of [undefined, `Bearer ${WRONG_KEY}`, `Basic ${SECRET_KEY}`]) {
      it(`asks neither the storage nor the application: ${method} ${path}, ${header ?? 'nothing'}`, async () => {
        const headers = { Authorization: header }
        const body = method === 'POST' ? { body: '{"code":"123456"}' } : {}
        const answer = await backend(test, `/v1/users/ann/${path}`, { method, headers, ...body })
        expect(answer.status).to.equal(401)
        expect(storage.counts).to.deep.equal(NOTHING_ASKED)
        expect(asked).to.deep.equal([])
      })
    }
  }

  it('reads no body: it answers before the body is there', async () => {
    const held = request(`${test.url}/v1/users/ann/verify_totp`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': 1000 },
    })
    held.on('error', () => undefined)
    held.write('{')
    const [answer] = (await once(held, 'response')) as [IncomingMessage]
    expect(answer.statusCode).to.equal(401)
    held.destroy()
  })

  it('finds no fault with a body that is broken', async () => {
    const headers = { Authorization: `Bearer ${WRONG_KEY}` }
    const answer = await backend(test, '/v1/users/ann/verify_totp', { headers, body: '{' })
    expect(outcomeOfAnswer(answer)).to.equal('401 clerk_key_invalid')
  })

  it('answers with neither the key nor the code that it was sent', async () => {
    const headers = { Authorization: `Bearer ${WRONG_KEY}` }
    const answer = await backend(test, '/v1/users/ann/verify_totp', { headers, body: '{"code":"271828"}' })
    expect(JSON.stringify(answer.body)).to.not.include(WRONG_KEY).and.not.include('271828')
  })
})
