import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { StorageAdapter } from '../../lib/index.js'
import { PostgresStorage } from '../../lib/storage/postgres.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { enabledRecord } from '../support/records.js'
import { startPostgres } from '../support/postgres.js'
import { startRedis } from '../support/redis.js'

/** Every call that a storage knows, one after the other. */
async function everyCall(storage: StorageAdapter): Promise<void> {
  const record = enabledRecord()
  await storage.insert('anna', { revision: 'one', record })
  await storage.read('anna')
  await storage.replace('anna', { revision: 'two', record }, 'one')
  await storage.remove('anna', 'two')
}
const CALLS = 4

describe('round trips of a storage', () => {
  it('are one for each call on Redis, once it knows the scripts', async () => {
    const server = await startRedis()
    try {
      const client = await server.client()
      const storage = new RedisStorage({ client })
      await everyCall(storage)
      await client.configResetStat()
      await everyCall(storage)
      const statistics = await client.info('commandstats')
      const counts = [...statistics.matchAll(/^cmdstat_(evalsha|eval|getex):calls=(\d+)/gm)]
      expect(counts.reduce((sum, [, , count]) => sum + Number(count), 0)).to.equal(CALLS)
    } finally {
      await server.stop()
    }
  })

  it('are one for each call on PostgreSQL', async () => {
    const server = await startPostgres()
    try {
      const pool = await server.pool()
      let queries = 0
      const counting = {
        totalCount: pool.totalCount,
        query(sql: string, values: string[]) {
          queries++
          return pool.query(sql, values)
        },
      }
      await everyCall(new PostgresStorage({ pool: counting }))
      expect(queries).to.equal(CALLS)
    } finally {
      await server.stop()
    }
  })
})
