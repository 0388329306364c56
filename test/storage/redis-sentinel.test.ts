import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { setTimeout as delay } from 'node:timers/promises'
import { RedisStorage } from '../../lib/storage/redis.js'
import { storageConformance } from '../../lib/testing/index.js'
import { type LossyRoute, startLossyRoute } from '../faults/lossy-route.js'
import { ENTRY } from '../support/entry.js'
import { caughtUp } from '../support/redis.js'
import {
  type RedisSentinelClient,
  type RedisSentinelClientOptions,
  type RedisSentinelServers,
  startRedisSentinel,
} from '../support/redis-sentinel.js'
import { rejection } from '../support/service.js'

describe('RedisStorage behind Sentinel', () => {
  let servers: RedisSentinelServers
  let client: RedisSentinelClient
  let another: RedisSentinelClient
  before(async () => {
    servers = await startRedisSentinel()
    client = await servers.client()
    another = await servers.client()
  })
  after(() => servers.stop())

  storageConformance({ describe, it }, () => {
    return [new RedisStorage({ client }), new RedisStorage({ client: another })]
  })

  it('reads from the primary what the client itself would read from a replica', async () => {
    const storage = new RedisStorage({ client })
    await storage.insert('both', ENTRY)
    const replica = await servers.replica.client()
    await replica.configSet('replica-read-only', 'no')
    await replica.set('second-factor:both', 'what the replica has')
    expect(await client.get('second-factor:both')).to.equal('what the replica has')
    expect(await storage.read('both')).to.deep.equal(ENTRY)
  })

  describe('while the replica stands still', () => {
    before(() => {
      servers.replica.signal('SIGSTOP')
    })
    after(() => {
      servers.replica.signal('SIGCONT')
    })

    it('reads completed writes', async () => {
      const storage = new RedisStorage({ client })
      await storage.insert('ahead', ENTRY)
      let { revision } = ENTRY
      for (let round = 0; round < 50; round++) {
        const next = { ...ENTRY, revision: `round ${round}` }
        expect(await storage.replace('ahead', next, revision)).to.equal(true)
        expect(await storage.read('ahead')).to.deep.equal(next)
        revision = next.revision
      }
    })
  })

  describe('when the answer to a write gets lost', () => {
    let route: LossyRoute
    before(async () => {
      route = await startLossyRoute(servers.primary.port)
    })
    after(() => {
      route.close()
    })

    const insertUnheard = async (userId: string, more: RedisSentinelClientOptions = {}) => {
      const nodeAddressMap = {
        [`127.0.0.1:${servers.primary.port}`]: { host: '127.0.0.1', port: route.port },
      }
      const storage = new RedisStorage({ client: await servers.client({ ...more, nodeAddressMap }) })
      await storage.read(userId)
      await storage.insert('teaches the script', ENTRY)
      route.lose(':1\r\n')
      return storage.insert(userId, ENTRY)
    }

    it('rejects', async () => {
      expect(await rejection(insertUnheard('unheard'))).to.be.instanceOf(Error)
      expect(await new RedisStorage({ client }).read('unheard')).to.deep.equal(ENTRY)
    })

    it('wins with a client that repeats the write, which does not lose against itself', async () => {
      expect(await insertUnheard('repeated', { maxCommandRediscovers: 16 })).to.equal(true)
      expect(await new RedisStorage({ client }).read('repeated')).to.deep.equal(ENTRY)
    }).timeout(60_000)
  })
})

describe('RedisStorage when Sentinel fails over', () => {
  let servers: RedisSentinelServers
  let storage: RedisStorage
  before(async () => {
    servers = await startRedisSentinel()
    storage = new RedisStorage({ client: await servers.client() })
    await storage.insert('moves', ENTRY)
    await caughtUp(await servers.primary.client())
    await servers.primary.kill()
  })
  after(() => servers.stop())

  it('answers nothing wrong meanwhile, and works on the promoted replica by itself', async () => {
    const answers: PromiseSettledResult<boolean>[] = []
    // Each is a newcomer, whom nobody else inserts: false would be wrong.
    while (!answers.some(({ status }) => status === 'fulfilled')) {
      answers.push(...(await Promise.allSettled([storage.insert(`newcomer ${answers.length}`, ENTRY)])))
      await delay(20)
    }
    expect(answers.at(-1)).to.deep.equal({ status: 'fulfilled', value: true })
    expect(answers.length).to.be.greaterThan(1)
    const replica = await servers.replica.client()
    expect(await replica.role()).to.include({ role: 'master' })
    expect(await storage.read('moves')).to.deep.equal(ENTRY)
    expect(await storage.replace('moves', ENTRY, 'another')).to.equal(false)
    expect(await storage.remove('moves', ENTRY.revision)).to.equal(true)
  }).timeout(60_000)
})
