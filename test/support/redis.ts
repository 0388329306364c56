import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from 'redis'

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
  stop(): Promise<void>
}

export type RedisClient = ReturnType<typeof newClient>

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const server of running) server.kill('SIGKILL')
})

/** Start a real Redis. Every write is on disk before it is answered, so that a crash loses nothing. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'express-2fa-redis-'))
  const url = `redis://127.0.0.1:${port}`
  const clients: RedisClient[] = []
  let server = await launch(port, folder)

  const kill = async () => {
    running.delete(server)
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill('SIGKILL')
    await exited
  }
  return {
    url,
    port,
    async client() {
      const client = await redisClient(url)
      clients.push(client)
      return client
    },
    kill,
    async restart() {
      server = await launch(port, folder)
    },
    async stop() {
      for (const client of clients) client.destroy()
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
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

async function launch(port: number, folder: string): Promise<ChildProcess> {
  const options = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes', appendfsync: 'always' }
  const server = spawn(
    'redis-server',
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: 'ignore' },
  )
  running.add(server)
  for (let attempt = 0; attempt < 200; attempt++) {
    if (server.exitCode !== null) throw new Error('redis-server ended at once.')
    const probe = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } })
    probe.on('error', () => undefined)
    try {
      await probe.connect()
      await probe.ping()
      return server
    } catch {
      await delay(25)
    } finally {
      if (probe.isOpen) probe.destroy()
    }
  }
  throw new Error('redis-server did not answer in time.')
}
