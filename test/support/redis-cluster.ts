import { setTimeout as delay } from 'node:timers/promises'
import { createCluster } from 'redis'
import { type RedisServer, startRedis } from './redis.js'
import { freePort } from './server-process.js'

const SLOTS = 16_384

/** A Redis Cluster of a test's own, all on loopback. */
export interface RedisClusterServers {
  readonly masters: readonly RedisServer[]
  /** A connected cluster client; closed by `stop`. */
  client(): Promise<RedisClusterClient>
  stop(): Promise<void>
}

export type RedisClusterClient = ReturnType<typeof newClient>

/** Start a Redis Cluster of three masters. */
export async function startRedisCluster(): Promise<RedisClusterServers> {
  const busPorts = [await freePort(), await freePort(), await freePort()]
  const masters = await Promise.all(
    busPorts.map((busPort) => startRedis({ 'cluster-enabled': 'yes', 'cluster-port': busPort })),
  )
  const share = Math.ceil(SLOTS / masters.length)
  for (const [index, master] of masters.entries()) {
    const client = await master.client()
    const range = { start: index * share, end: Math.min((index + 1) * share, SLOTS) - 1 }
    await client.clusterAddSlotsRange(range)
    const [first] = masters
    if (first && master !== first) {
      const busPort = String(busPorts[0])
      await client.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(first.port), busPort])
    }
  }
  for (const master of masters) await formed(master, masters.length)

  const clients: RedisClusterClient[] = []
  return {
    masters,
    async client() {
      const client = newClient(masters)
      client.on('error', () => undefined)
      await client.connect()
      clients.push(client)
      return client
    },
    async stop() {
      for (const client of clients) client.destroy()
      await Promise.all(masters.map((master) => master.stop()))
    },
  }
}

async function formed(master: RedisServer, size: number): Promise<void> {
  const client = await master.client()
  for (let attempt = 0; attempt < 500; attempt++) {
    const info = await client.clusterInfo()
    if (info.includes('cluster_state:ok') && info.includes(`cluster_size:${size}`)) return
    await delay(20)
  }
  throw new Error('The cluster did not form in time.')
}

function newClient(masters: readonly RedisServer[]) {
  return createCluster({
    rootNodes: masters.map(({ url }) => ({ url })),
    defaults: { disableOfflineQueue: true },
  })
}
