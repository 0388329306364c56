import { after, before } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import { startApp, type TestApp, type TestAppOptions } from './app.js'
import { type RedisServer, startRedis } from './redis.js'

/**
 * Applications of one suite, with records and sessions in one Redis of the suite's own; stopped after it. To be called
 * where the suite is described.
 */
export function appsOnRedis(): { start: (more?: Partial<TestAppOptions>) => Promise<TestApp> } {
  let redis: RedisServer
  let options: TestAppOptions
  const apps: TestApp[] = []

  before(async () => {
    redis = await startRedis()
    const client = await redis.client()
    options = { storage: new RedisStorage({ client }), sessions: client }
  })
  after(async () => {
    await Promise.all(apps.map((app) => app.close()))
    await redis.stop()
  })

  return {
    async start(more = {}) {
      const app = await startApp({ ...options, ...more })
      apps.push(app)
      return app
    },
  }
}
