import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { replicated } from '../../examples/storage/redis-replicated.js'
import type { SecondFactorError } from '../../lib/index.js'
import type { TestAuthenticator } from '../../lib/testing/index.js'
import { enrolUser, reasonOf, rejection, tally } from '../support/service.js'
import { OWNER, type RedisPair, startPair } from './redis-pair.js'
import { until } from '../support/until.js'

const PEOPLE = 20

describe('a Redis whose replica is promoted', () => {
  let pair: RedisPair
  afterEach(() => pair.stop())

  const verify = (code: string) => pair.service.secondFactor.verify(OWNER, code)

  it('takes a code again whose use it has not heard of: the documented limit of asynchronous replicas', async () => {
    pair = await startPair()
    const nextCode = await pair.enrolOwner()
    const code = nextCode()
    await pair.cutOff()
    expect(reasonOf(await verify(code))).to.equal('ok')
    const promoted = await pair.promote()
    expect(reasonOf(await promoted.verify(OWNER, code))).to.equal('ok')
    expect(reasonOf(await promoted.verify(OWNER, code))).to.equal('invalid_code')
  })

  it('closes that but for some seconds by min-replicas-to-write: it takes no writes when replicas lag', async () => {
    pair = await startPair({ 'min-replicas-to-write': 1, 'min-replicas-max-lag': 1 })
    const nextCode = await pair.enrolOwner()
    pair.replica.signal('SIGSTOP')
    // What stays open: until the lag is noticed, a success is told that the replica does not know.
    expect(reasonOf(await verify(nextCode()))).to.equal('ok')

    const failures: unknown[] = []
    const fails = () =>
      verify(nextCode()).then(
        () => false,
        (error: unknown) => failures.push(error) > 0,
      )
    await until(fails)
    const [failure] = failures as [SecondFactorError]
    expect(failure).to.include({ code: 'storage_unavailable', status: 503 })
    expect(String(failure.cause)).to.include('NOREPLICAS')
    // It may have been left behind, and another one promoted: nothing that it knows is told either.
    const unread = await rejection(pair.service.secondFactor.status(OWNER))
    expect(unread).to.include({ code: 'storage_unavailable', status: 503 })

    pair.replica.signal('SIGCONT')
    await until(async () => !(await fails()))
  })

  it('closes it by WAIT: promoted, it refuses every code whose success was told', async () => {
    pair = await startPair({}, (client) => replicated(client, { replicas: 1, timeoutMilliseconds: 500 }))
    const { clock, secondFactor } = pair.service
    const phones: TestAuthenticator[] = []
    while (phones.length < PEOPLE) phones.push((await enrolUser(pair.service, String(phones.length))).phone)
    const uses = phones.map((phone, number) => ({ userId: String(number), code: phone.codeAt(clock.now()) }))

    const told: (typeof uses)[number][] = []
    const useAll = (some: typeof uses) =>
      Promise.allSettled(
        some.map(async (use) => {
          if ((await secondFactor.verify(use.userId, use.code)).ok) told.push(use)
        }),
      )
    // Some before the replica is cut off, some while it is, some afterwards.
    await useAll(uses.slice(0, 8))
    await Promise.all([useAll(uses.slice(8, 16)), pair.cutOff()])
    await useAll(uses.slice(16))
    const promoted = await pair.promote()

    expect(told).to.have.length.within(8, 16)
    const again = await Promise.all(told.map(({ userId, code }) => promoted.verify(userId, code)))
    expect(tally(again)).to.deep.equal({ invalid_code: told.length })
  })
})
