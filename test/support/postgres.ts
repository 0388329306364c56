import { execFileSync } from 'node:child_process'
import { chownSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { postgresTable } from '../../lib/storage/postgres.js'
import { programAt } from './programs.js'
import { freePort, startProcess, temporaryFolder } from './server-process.js'

/** A PostgreSQL server of a test's own: on loopback, on a free port, its data in a temporary folder. */
export interface PostgresServer {
  readonly url: string
  /** A pool on it, which has the default table; ended by `stop`. */
  pool(more?: pg.PoolConfig): Promise<pg.Pool>
  /** Kill every process of the server without a word, as a crash would. */
  kill(): Promise<void>
  /** Start it again on the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Start a real PostgreSQL with its default settings: what is answered is on disk. */
export async function startPostgres(): Promise<PostgresServer> {
  const port = await freePort()
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const owner = ownerOfServers()
  if (owner) chownSync(folder.path, owner.uid, owner.gid)
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']
  execFileSync(programAt('initdb'), initdb, {
    ...owner,
    cwd: folder.path,
    stdio: ['ignore', 'ignore', 'pipe'],
  })

  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const pools: pg.Pool[] = []
  const server = await startProcess({
    program: programAt('postgres'),
    options: [
      '-D',
      data,
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-k',
      folder.path,
      '-c',
      'max_connections=200',
    ],
    ...owner,
    forks: true,
    ping: () => withClient(url, (client) => client.query('SELECT 1')),
  })
  return {
    url,
    ...server,
    async pool(more = {}) {
      const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 2000, ...more })
      // Without a listener a lost connection would end the process; what it means shows in the queries' answers.
      pool.on('error', () => undefined)
      pools.push(pool)
      await pool.query(postgresTable())
      return pool
    },
    async stop() {
      await Promise.all(pools.map((pool) => pool.end()))
      await server.kill()
      folder.remove()
    },
  }
}

async function withClient<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** PostgreSQL refuses to run as root; its package brings a user for it. */
function ownerOfServers(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}
