import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSentinel } from 'redis'
import { caughtUp, ping, type RedisServer, startRedis } from './redis.js'
import { until } from './until.js'
import { freePort, startProcess, temporaryFolder } from './server-process.js'

const NAME = 'second-factors'

/** A primary, its replica and a Sentinel that watches them, all on loopback. */
export interface RedisSentinelServers {
  readonly primary: RedisServer
  readonly replica: RedisServer
  /** A Sentinel client, connected to both, which fails at once while the primary is away; closed by `stop`. */
  client(more?: RedisSentinelClientOptions): Promise<RedisSentinelClient>
  stop(): Promise<void>
}

/** What tests change about the client. */
export type RedisSentinelClientOptions = Pick<
  Parameters<typeof createSentinel>[0],
  'maxCommandRediscovers' | 'nodeAddressMap'
>

export type RedisSentinelClient = ReturnType<typeof newClient>

/** Start a Redis with one replica, and a Sentinel that promotes it once the primary has been away for half a second. */
export async function startRedisSentinel(): Promise<RedisSentinelServers> {
  // Otherwise it waits seconds for more replicas before it sends anything to the first.
  const primary = await startRedis({ 'repl-diskless-sync-delay': 0 })
  const replica = await startRedis({ replicaof: `127.0.0.1 ${primary.port}` })
  await caughtUp(await primary.client())

  const port = await freePort()
  const folder = temporaryFolder()
  // A Sentinel keeps what it knows in its configuration file.
  const configuration = join(folder.path, 'sentinel.conf')
  writeFileSync(
    configuration,
    `port ${port}
bind 127.0.0.1
dir ${folder.path}
sentinel monitor ${NAME} 127.0.0.1 ${primary.port} 1
sentinel down-after-milliseconds ${NAME} 500
sentinel failover-timeout ${NAME} 2000
`,
  )
  const sentinel = await startProcess({
    program: 'redis-server',
    options: [configuration, '--sentinel'],
    ping: () => ping(port),
  })

  const clients: RedisSentinelClient[] = []
  return {
    primary,
    replica,
    async client(more = {}) {
      const client = newClient(port, more)
      client.on('error', () => undefined)
      clients.push(client)
      await client.connect()
      // Sentinel may not have told it of the replica yet. It waits for whatever it connects to, with all its commands.
      await until(() => client.getReplicaNodes().size === 1)
      return client
    },
    async stop() {
      // The servers first: a client that waits for one of them to answer is not destroyed before the server is gone.
      await Promise.all([sentinel.kill(), primary.stop(), replica.stop()])
      await Promise.all(clients.map((client) => client.destroy()))
      folder.remove()
    },
  }
}

function newClient(port: number, more: RedisSentinelClientOptions) {
  return createSentinel({
    name: NAME,
    sentinelRootNodes: [{ host: '127.0.0.1', port }],
    nodeClientOptions: { disableOfflineQueue: true },
    // It would repeat a command whose answer was lost: a write that won would seem to have lost against another.
    maxCommandRediscovers: 0,
    // It would read from the replica.
    replicaPoolSize: 1,
    scanInterval: 200,
    ...more,
  })
}
