import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { MemoryStorage } from '../../lib/index.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { wrongCode } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import {
  activeTotp,
  createTotp,
  CREDENTIALS,
  send,
  type StytchTest,
  stytchErrorOf,
  stytchTests,
} from '../support/stytch.js'
import { redisOfSuite } from '../support/suite.js'

/** How often each thing came of calls at the same time: `{ 200: 1, invalid_code: 199 }`. */
async function tallyOf(calls: readonly Promise<{ status_code: number }>[]) {
  const counts: Record<string, number> = {}
  const results = await Promise.allSettled(calls)
  for (const result of results) {
    const what =
      result.status === 'fulfilled'
        ? String(result.value.status_code)
        : (await stytchErrorOf(Promise.reject(result.reason as Error))).error_type
    counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}
const times = <Call>(count: number, call: (index: number) => Call): Call[] =>
  Array.from({ length: count }, (_, index) => call(index))

describe('stytchDialect, on Redis,', () => {
  const { start } = stytchTests()
  const redis = redisOfSuite()
  let test: StytchTest
  before(async () => {
    test = await start({ secondFactor: { storage: new RedisStorage({ client: await redis.client() }) } })
  })

  it('takes a TOTP code once in 200 calls at the same time', async () => {
    const user_id = 'hurries'
    const { phone } = await activeTotp(test, user_id)
    const totp_code = phone.codeAt(test.clock.now())
    const calls = times(200, () => test.client.totps.authenticate({ user_id, totp_code }))
    expect(await tallyOf(calls)).to.deep.equal({ 200: 1, totp_code_already_authenticated: 199 })
  })

  it('takes the first code of a TOTP once in 200 calls at the same time', async () => {
    const user_id = 'begins in a hurry'
    const { phone } = await createTotp(test, user_id)
    const totp_code = phone.codeAt(test.clock.now())
    const calls = times(200, () => test.client.totps.authenticate({ user_id, totp_code }))
    expect(await tallyOf(calls)).to.deep.equal({ 200: 1, totp_code_already_authenticated: 199 })
  })

  it('takes a recovery code once in 200 calls at the same time', async () => {
    const user_id = 'recovers in a hurry'
    const { recovery_code } = await activeTotp(test, user_id)
    const calls = times(200, () => test.client.totps.recover({ user_id, recovery_code }))
    expect(await tallyOf(calls)).to.deep.equal({ 200: 1, unable_to_authenticate_recovery_code: 199 })
    expect((await test.secondFactor.status(user_id)).backupCodes).to.include({ remaining: 9 })
  })

  it('creates one TOTP in 5 calls at the same time, and it is the one that works', async () => {
    const user_id = 'clicks twice'
    const created = times(5, () => createTotp(test, user_id))
    expect(await tallyOf(created)).to.deep.equal({ 200: 1, pending_totp_exists: 4 })
    const { phone } = await Promise.any(created)
    const totp_code = phone.codeAt(test.clock.now())
    expect((await test.client.totps.authenticate({ user_id, totp_code })).status_code).to.equal(200)
  })

  it('looks at 5 of 200 wrong codes at the same time', async () => {
    const user_id = 'is guessed at'
    const { phone } = await activeTotp(test, user_id)
    const totp_code = wrongCode(phone, test.clock.now())
    const calls = times(200, () => test.client.totps.authenticate({ user_id, totp_code }))
    expect(await tallyOf(calls)).to.deep.equal({
      unable_to_authenticate_totp: 5,
      user_lock_limit_reached: 195,
    })
  })
})

describe('stytchDialect, about codes and secrets,', () => {
  const { start } = stytchTests()
  let test: StytchTest
  before(async () => {
    test = await start()
  })

  it('has recovery codes that count from the first authenticate on, and not before', async () => {
    const { client, clock, secondFactor } = test
    const user_id = 'is in two minds'
    const { phone, recovery_codes } = await createTotp(test, user_id)
    for (const recovery_code of recovery_codes) {
      const { error_type } = await stytchErrorOf(client.totps.recover({ user_id, recovery_code }))
      expect(error_type).to.equal('no_active_recovery_code_backed_factor')
    }
    expect((await secondFactor.status(user_id)).backupCodes).to.equal(null)
    await client.totps.authenticate({ user_id, totp_code: phone.codeAt(clock.now()) })
    for (const recovery_code of recovery_codes) await client.totps.recover({ user_id, recovery_code })
  })

  it('has recovery codes that are void once their TOTP is deleted, confirmed or not', async () => {
    const { client, clock } = test
    const user_id = 'starts anew'
    const old = [await createTotp(test, user_id)]
    await client.users.deleteTOTP({ totp_id: old[0]?.totp_id ?? '' })
    old.push(await activeTotp(test, user_id))
    await client.users.deleteTOTP({ totp_id: old[1]?.totp_id ?? '' })
    const { phone } = await createTotp(test, user_id)
    await client.totps.authenticate({ user_id, totp_code: phone.codeAt(clock.now()) })
    for (const { recovery_codes } of old) {
      const recovery_code = recovery_codes[0] ?? ''
      const { error_type } = await stytchErrorOf(client.totps.recover({ user_id, recovery_code }))
      expect(error_type).to.equal('unable_to_authenticate_recovery_code')
    }
  })

  it('never answers a secret or a recovery code again, nor writes one down', async () => {
    const storage = new MemoryStorage()
    const seen: string[] = []
    const kept: string[] = []
    const watched = await start({ secondFactor: { storage } })
    const user_id = 'is watched'
    const { phone, secret, recovery_codes, totp_id, qr_code } = await createTotp(watched, user_id)
    const totp_code = phone.codeAt(watched.clock.now())
    const post = async (path: string, body: object, method = 'POST') => {
      const answer = await send(watched, path, { method, headers: CREDENTIALS, body: JSON.stringify(body) })
      seen.push(JSON.stringify(answer.body), JSON.stringify([...answer.headers]))
      kept.push(JSON.stringify([await storage.read(user_id)]))
    }
    const [recovery_code = ''] = recovery_codes
    for (const path of ['', '/authenticate', '/recover', '/recovery_codes', '/authenticate', '/recover']) {
      await post(`/v1/totps${path}`, { user_id, totp_code, recovery_code })
      await post(`/v1/totps${path}`, { user_id, totp_code: recovery_code, recovery_code: totp_code })
    }
    await post(`/v1/users/totps/${totp_id}`, {}, 'DELETE')
    seen.push(JSON.stringify(watched.events))
    expect(seen.length).to.equal(27)
    expect(new Set(kept).size).to.be.greaterThan(3)
    const hidden = [secret, qr_code.slice(30), ...recovery_codes]
    for (const text of [...seen, ...kept]) for (const one of hidden) expect(text).not.to.contain(one)
  })

  it('fails closed while the storage is away, and spends nothing', async () => {
    const storage = new FailingStorage()
    const failing = await start({ secondFactor: { storage, storageTimeoutSeconds: 0.05 } })
    const user_id = 'meets an outage'
    const { phone, recovery_code, totp_id } = await activeTotp(failing, user_id)
    const totp_code = phone.codeAt(failing.clock.now())
    const { totps, users } = failing.client
    for (const [how, methods] of [
      ['reject', undefined],
      ['hang', undefined],
      ['reject', ['replace']],
    ] as const) {
      storage.fail(how, methods ? { methods } : {})
      const calls = [totps.authenticate({ user_id, totp_code }), totps.recover({ user_id, recovery_code })]
      if (!methods) calls.push(users.deleteTOTP({ totp_id }) as never, totps.create({ user_id }) as never)
      expect(await tallyOf(calls)).to.deep.equal({ server_unavailable: calls.length })
    }
    storage.recover()
    expect((await totps.authenticate({ user_id, totp_code })).status_code).to.equal(200)
    expect((await totps.recover({ user_id, recovery_code })).status_code).to.equal(200)
  })
})
