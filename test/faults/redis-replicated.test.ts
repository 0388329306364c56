import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { replicated } from '../../examples/storage/redis-replicated.js'
import { SecondFactorError } from '../../lib/index.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { storageConformance } from '../../lib/testing/index.js'
import { ENTRY } from '../support/entry.js'
import type { RedisClient } from '../support/redis.js'
import { startRedisSentinel } from '../support/redis-sentinel.js'
import { reasonOf, rejection } from '../support/service.js'
import { OWNER, type RedisPair, startPair } from './redis-pair.js'
import { until } from '../support/until.js'

describe('the example of a client that waits for replicas', () => {
  describe('while everybody is there', () => {
    let pair: RedisPair
    let client: RedisClient
    before(async () => {
      pair = await startPair()
      client = await pair.primary.client()
    })
    after(() => pair.stop())
    storageConformance({ describe, it }, () => {
      return new RedisStorage({ client: replicated(client, { replicas: 1, timeoutMilliseconds: 1000 }) })
    })
  })

  it('works behind Sentinel', async () => {
    const servers = await startRedisSentinel()
    try {
      const client = replicated(await servers.client(), { replicas: 1, timeoutMilliseconds: 1000 })
      const storage = new RedisStorage({ client })
      expect(await storage.insert('somebody', ENTRY)).to.equal(true)
      expect(await storage.read('somebody')).to.deep.equal(ENTRY)
      const demanding = replicated(await servers.client(), { replicas: 2, timeoutMilliseconds: 100 })
      const attempt = new RedisStorage({ client: demanding }).remove('somebody', ENTRY.revision)
      expect(String(await rejection(attempt))).to.include('Of 2 replicas, 1 acknowledged')
    } finally {
      await servers.stop()
    }
  })

  describe('without its replica', () => {
    let pair: RedisPair
    afterEach(() => pair.stop())

    const start = async (timeoutMilliseconds: number) => {
      pair = await startPair({}, (client) => replicated(client, { replicas: 1, timeoutMilliseconds }))
      return pair.enrolOwner()
    }
    const verify = (code: string) => pair.service.secondFactor.verify(OWNER, code)
    /** What the verification failed with inside, when it failed as it has to. */
    const causeOf = async (verification: Promise<unknown>): Promise<string> => {
      const error = (await rejection(verification)) as SecondFactorError
      expect(error).to.include({ code: 'storage_unavailable', status: 503 })
      return String(error.cause)
    }

    it('tells no success while the replica stands still; the code is spent all the same', async () => {
      const nextCode = await start(200)
      const code = nextCode()
      pair.replica.signal('SIGSTOP')
      expect(await causeOf(verify(code))).to.include('Of 1 replicas, 0 acknowledged')
      // A read waits for nobody.
      expect(await pair.service.secondFactor.status(OWNER)).to.include({ enabled: true })

      pair.replica.signal('SIGCONT')
      expect(reasonOf(await verify(code))).to.equal('invalid_code')
      expect(reasonOf(await verify(nextCode()))).to.equal('ok')
    })

    it('tells no success when the connection is lost between the script and its WAIT', async () => {
      const nextCode = await start(60_000)
      const admin = await pair.primary.client()
      pair.replica.signal('SIGSTOP')
      const cause = causeOf(verify(nextCode()))
      await until(async () => (await admin.clientList()).some(({ cmd }) => cmd === 'wait'))
      await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
      expect(await cause).to.match(/Socket closed unexpectedly|ECONNRESET/)

      pair.replica.signal('SIGCONT')
      await until(() =>
        verify(nextCode()).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
    })
  })
})
