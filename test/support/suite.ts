import { after, before } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import { startApp, type TestApp, type TestAppOptions } from './app.js'
import { type RedisClient, type RedisServer, startRedis } from './redis.js'

/** A Redis of one suite's own, stopped after it. To be called where the suite is described. */
export function redisOfSuite(): { client: () => Promise<RedisClient> } {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())
  return { client: () => redis.client() }
}

/**
 * Applications of one suite, with records and sessions in one Redis of the suite's own; stopped after it. To be called
 * where the suite is described.
 */
export function appsOnRedis(): { start: (more?: Partial<TestAppOptions>) => Promise<TestApp> } {
  const apps: TestApp[] = []
  after(() => Promise.all(apps.map((app) => app.close())))
  const redis = redisOfSuite()
  let options: TestAppOptions
  before(async () => {
    const client = await redis.client()
    options = { storage: new RedisStorage({ client }), sessions: client }
  })
  return {
    async start(more = {}) {
      const app = await startApp({ ...options, ...more })
      apps.push(app)
      return app
    },
  }
}
