import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { userInfo } from 'node:os'
import { createConnection, createPool, type Pool, type PoolOptions } from 'mysql2/promise'
import { mysqlTable } from '../../lib/storage/mysql.js'
import { programAt } from './programs.js'
import { freePort, startProcess, temporaryFolder } from './server-process.js'

/** A MariaDB server of a test's own: on loopback, on a free port, its data in a temporary folder. */
export interface MariadbServer {
  /** A pool on it, which has the default table; ended by `stop`. */
  pool(more?: PoolOptions): Promise<Pool>
  /** Where it is, and who may come in. */
  readonly where: { readonly host: string; readonly port: number; readonly user: string }
  /** Kill the server without a word, as a crash would. */
  kill(): Promise<void>
  /** Start it again on the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Start a real MariaDB with its default settings. */
export async function startMariadb(): Promise<MariadbServer> {
  const port = await freePort()
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const user = userInfo().username
  execFileSync(
    programAt('mariadb-install-db'),
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--user=${user}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    { cwd: folder.path, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const where = { host: '127.0.0.1', port, user: 'root' }
  const pools: Pool[] = []
  const server = await startProcess({
    program: programAt('mariadbd'),
    options: [
      '--no-defaults',
      `--datadir=${data}`,
      `--user=${user}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder.path, 'mariadb.sock')}`,
      '--skip-name-resolve',
    ],
    ping: async () => {
      await (await createConnection(where)).end()
    },
  })
  const pool = async (more: PoolOptions = {}) => {
    const created = createPool({ ...where, database: 'test', ...more })
    pools.push(created)
    await created.query(mysqlTable())
    return created
  }
  const first = await createConnection(where)
  await first.query('CREATE DATABASE test')
  await first.end()
  return {
    pool,
    where,
    ...server,
    async stop() {
      await Promise.all(pools.map((one) => one.end()))
      await server.kill()
      folder.remove()
    },
  }
}
