import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from 'redis'
import { freePort, startProcess, temporaryFolder } from './server-process.js'

/** A Redis server of a test's own: on loopback, on a free port, its data in a temporary folder. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** As `redisClient`; closed by `stop`. */
  client(): Promise<RedisClient>
  /** Kill the server without a word, as a crash would. */
  kill(): Promise<void>
  /** Start it again on the same port and data. */
  restart(): Promise<void>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  stop(): Promise<void>
}

export type RedisClient = ReturnType<typeof newClient>

/**
 * Start a real Redis. Every write is on disk before it is answered, so that a crash loses nothing.
 *
 * @param more - settings beside these, by name
 */
export async function startRedis(more: Readonly<Record<string, string | number>> = {}): Promise<RedisServer> {
  const port = await freePort()
  const folder = temporaryFolder()
  const url = `redis://127.0.0.1:${port}`
  const clients: RedisClient[] = []
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: folder.path,
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
    ...more,
  }
  const server = await startProcess({
    program: 'redis-server',
    options: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, ...String(value).split(' ')]),
    ping: () => ping(port),
  })
  return {
    url,
    port,
    ...server,
    async client() {
      const client = await redisClient(url)
      clients.push(client)
      return client
    },
    async stop() {
      for (const client of clients) client.destroy()
      await server.kill()
      folder.remove()
    },
  }
}

/** Rejects unless a Redis answers on this port. */
export async function ping(port: number): Promise<void> {
  const probe = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } })
  probe.on('error', () => undefined)
  try {
    await probe.connect()
    await probe.ping()
  } finally {
    if (probe.isOpen) probe.destroy()
  }
}

/** Resolves when a replica has everything that the primary has, to which this client is connected. */
export async function caughtUp(client: RedisClient): Promise<void> {
  const deadline = performance.now() + 10_000
  for (;;) {
    // WAIT speaks of what its own connection has written; which may be refused until there is a replica.
    const written = await client.set('caught up', 'not yet').catch(() => undefined)
    if (written !== undefined && (await client.wait(1, 1000)) >= 1) return
    if (performance.now() > deadline) throw new Error('No replica has caught up in time.')
    await delay(20)
  }
}

/** A connected client, which fails at once while the server is away. */
export async function redisClient(url: string): Promise<RedisClient> {
  const client = newClient(url)
  await client.connect()
  return client
}

function newClient(url: string) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: 50, connectTimeout: 2000 },
  })
  // Without a listener a lost connection would end the process; what it means shows in the commands' answers.
  client.on('error', () => undefined)
  return client
}
