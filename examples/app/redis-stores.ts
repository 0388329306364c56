import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, relative } from 'node:path'
import { RedisStore } from 'connect-redis'
import { RedisStorage } from 'express-2fa/storage/redis'
import { createClient } from 'redis'
import type { Accounts, StoredAccount } from './accounts.js'
import type { Stores } from './stores.js'

/** Everything in the Redis at this URL. */
export async function openRedisAt(url: string): Promise<Stores> {
  const client = await connect({ url }, 5)
  return redisStores(client, 'Sessions, accounts and second factors are in the Redis at REDIS_URL.')
}

/** Everything in a Redis of this application's own, which lives and ends with this process. */
export async function openOwnRedis(folder: string): Promise<Stores> {
  // A socket in a folder of our own, and no port: nobody else on this machine gets in. Relative, as its length is limited.
  const path = relative(process.cwd(), join(folder, 'redis.sock'))
  // A server that outlived a killed process still writes to these files: two of them would spoil them.
  const left = await connect({ path }, 0).catch(() => undefined)
  if (left) return redisStores(left, `Everything is in the Redis that was left running in ${folder}.`)

  const server = startServer(folder)
  const client = await Promise.race([connect({ path }, 10), server.failed])
  const stores = redisStores(client, `Everything is in a private Redis, whose data is in ${folder}.`)
  return {
    ...stores,
    async close() {
      await stores.close()
      await server.stop()
    },
  }
}

function startServer(folder: string) {
  const options = '--port 0 --unixsocket redis.sock --unixsocketperm 700 --logfile redis.log --appendonly yes'
  // What has been answered is on disk: a code that was used stays used, whatever happens.
  const server = spawn('redis-server', [...options.split(' '), '--appendfsync', 'always', '--save', ''], {
    cwd: folder,
    stdio: 'ignore',
  })
  const ended = once(server, 'exit')
  const stop = () => server.kill()
  process.once('exit', stop)
  return {
    failed: ended.then((): never => {
      throw new Error(`redis-server ended at once; ${join(folder, 'redis.log')} may say why.`)
    }),
    async stop() {
      process.removeListener('exit', stop)
      if (stop()) await ended
    },
  }
}

type RedisClient = Awaited<ReturnType<typeof connect>>

/** A connected client. A server that is lost later is an error at once, and is found again when it is back. */
async function connect(where: { readonly url: string } | { readonly path: string }, patienceSeconds: number) {
  const giveUpAt = Date.now() + patienceSeconds * 1000
  let connected = false
  const reconnectStrategy = () => (connected || Date.now() < giveUpAt ? 50 : false)
  const client = createClient({
    ...('url' in where && { url: where.url }),
    disableOfflineQueue: true,
    socket: { ...('path' in where && { path: where.path }), reconnectStrategy },
  })
  let last = ''
  client.on('error', ({ message }: Error) => {
    // Every attempt to reconnect fails alike: once is enough.
    if (connected && message !== last) console.error(`Redis: ${message}`)
    last = message
  })
  client.on('ready', () => (last = ''))
  await client.connect().catch((cause: unknown) => {
    throw new Error(`Redis does not answer: ${last}`, { cause })
  })
  connected = true
  return client
}

function redisStores(client: RedisClient, description: string): Stores {
  return {
    accounts: redisAccounts(client),
    sessions: new RedisStore({ client, prefix: 'session:' }),
    secondFactors: new RedisStorage({ client }),
    description,
    isReachable: () => client.isReady,
    close() {
      client.destroy()
      return Promise.resolve()
    },
  }
}

function redisAccounts(client: RedisClient): Accounts {
  const byId = async (id: string) => {
    const account = await client.get(`account:${id}`)
    return account === null ? undefined : (JSON.parse(account) as StoredAccount)
  }
  return {
    byId,
    async byUsername(username) {
      const id = await client.get(`username:${username}`)
      return id === null ? undefined : byId(id)
    },
    async insert(account) {
      await client.set(`account:${account.id}`, JSON.stringify(account))
      // Whoever takes the name has the account; without a name nobody finds it.
      const taken = await client.set(`username:${account.username}`, account.id, { condition: 'NX' })
      if (taken === null) await client.del(`account:${account.id}`)
      return taken !== null
    },
  }
}
