import type { SecondFactor } from '../../lib/index.js'
import { RedisStorage, type RedisStorageClient } from '../../lib/storage/redis.js'
import { caughtUp, type RedisClient, type RedisServer, startRedis } from '../support/redis.js'
import { enrolUser, newService, type TestService } from '../support/service.js'

/** The one whose codes are used. */
export const OWNER = 'owner'

/** A primary and its replica, and who works on them. */
export interface RedisPair {
  readonly primary: RedisServer
  readonly replica: RedisServer
  /** The application's service, on the primary. */
  readonly service: TestService
  /** The owner enrols, and the replica knows of it; gives the code of the next time step, and of the next. */
  enrolOwner(): Promise<() => string>
  /** The primary dies, and the replica takes over; the service on it. */
  promote(): Promise<SecondFactor>
  /** The replica stands still, and the connection to it is lost: nothing is on its way to it any more. */
  cutOff(): Promise<void>
  stop(): Promise<void>
}

/**
 * @param settings - of the primary
 * @param clientOf - what RedisStorage is given, made of a plain client
 */
export async function startPair(
  settings: Readonly<Record<string, string | number>> = {},
  clientOf: (client: RedisClient) => RedisStorageClient = (client) => client,
): Promise<RedisPair> {
  // Otherwise a primary waits seconds for more replicas before it sends anything to the first.
  const primary = await startRedis({ 'repl-diskless-sync-delay': 0, ...settings })
  const replica = await startRedis({ replicaof: `127.0.0.1 ${primary.port}` })
  const admin = await primary.client()
  const service = newService({ storage: new RedisStorage({ client: clientOf(await primary.client()) }) })
  await caughtUp(admin)
  return {
    primary,
    replica,
    service,
    async enrolOwner() {
      const { clock } = service
      const { phone } = await enrolUser(service, OWNER)
      await caughtUp(admin)
      return () => {
        clock.advance(30)
        return phone.codeAt(clock.now())
      }
    },
    async promote() {
      await primary.kill()
      replica.signal('SIGCONT')
      const client = await replica.client()
      await client.sendCommand(['REPLICAOF', 'NO', 'ONE'])
      return newService({ storage: new RedisStorage({ client }), clock: service.clock }).secondFactor
    },
    async cutOff() {
      replica.signal('SIGSTOP')
      await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'replica'])
    },
    async stop() {
      await primary.stop()
      await replica.stop()
    },
  }
}
