import { RedisStorage } from '../../lib/storage/redis.js'
import { startApp } from './app.js'
import { reportViolationsTo } from './openapi-check.js'
import { redisClient } from './redis.js'

/** One process of an application that runs in several: real time, everything in the Redis whose URL is the argument. */
const [url = ''] = process.argv.slice(2)
// Nobody would ask this process for them: the requests of the tests fail with it.
reportViolationsTo((violation) => {
  console.error(violation)
  process.exit(1)
})
const client = await redisClient(url)
const { url: address } = await startApp({
  storage: new RedisStorage({ client }),
  sessions: client,
  secondFactor: { now: Date.now },
})
process.send?.(address)
// Without its parent there is nobody to stop it.
process.on('disconnect', () => process.exit())
