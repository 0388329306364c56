import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import { storageConformance } from '../../lib/testing/index.js'
import { ENTRY } from '../support/entry.js'
import {
  type RedisClusterClient,
  type RedisClusterServers,
  startRedisCluster,
} from '../support/redis-cluster.js'

describe('RedisStorage on a Redis Cluster of three masters', () => {
  let cluster: RedisClusterServers
  let client: RedisClusterClient
  let another: RedisClusterClient
  before(async () => {
    cluster = await startRedisCluster()
    client = await cluster.client()
    another = await cluster.client()
  })
  after(() => cluster.stop())

  storageConformance({ describe, it }, () => {
    return [new RedisStorage({ client }), new RedisStorage({ client: another })]
  })

  it('spreads the users over the masters', async () => {
    const storage = new RedisStorage({ client, prefix: 'spread:' })
    const users = Array.from({ length: 90 }, (_, index) => `user ${index}`)
    for (const user of users) expect(await storage.insert(user, ENTRY)).to.equal(true)
    for (const master of cluster.masters) {
      expect(await (await master.client()).keys('spread:*')).to.have.length.within(10, 60)
    }
  })
})
