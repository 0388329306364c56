import { expect } from 'chai'
import Database from 'libsql'
import { after, before, describe, it } from 'mocha'
import { join } from 'node:path'
import { MemoryStorage } from '../../lib/index.js'
import { MysqlStorage } from '../../lib/storage/mysql.js'
import { PostgresStorage } from '../../lib/storage/postgres.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { SqliteStorage, sqliteTable } from '../../lib/storage/sqlite.js'
import { startMariadb } from '../support/mariadb.js'
import { startPostgres } from '../support/postgres.js'
import { startRedisCluster } from '../support/redis-cluster.js'
import { startRedis } from '../support/redis.js'
import { temporaryFolder } from '../support/server-process.js'
import { startSqliteProcess } from '../support/sqlite-process.js'
import { checkPrograms } from './check.js'
import type { Clients } from './run.js'

/** `npm run test:long` takes 10,000. */
const OPERATIONS = Number(process.env['MODEL_OPERATIONS'] ?? 1_500)
/** Programs at the same time: while one waits for the database, another one goes on. */
const LANES = 8
const MOST_MS_PER_OPERATION = 12

/** A storage, as two processes of an application would reach it. */
interface Subject {
  readonly clients: Clients
  stop(): Promise<void>
}

const SUBJECTS: Readonly<Record<string, () => Promise<Subject>>> = {
  memory: () => Promise.resolve({ clients: [new MemoryStorage()], stop: () => Promise.resolve() }),

  async Redis() {
    const server = await startRedis()
    const [client, another] = [await server.client(), await server.client()]
    const clients: Clients = [new RedisStorage({ client }), new RedisStorage({ client: another })]
    return { clients, stop: () => server.stop() }
  },

  async 'Redis Cluster'() {
    const servers = await startRedisCluster()
    const [client, another] = [await servers.client(), await servers.client()]
    const clients: Clients = [new RedisStorage({ client }), new RedisStorage({ client: another })]
    return { clients, stop: () => servers.stop() }
  },

  async PostgreSQL() {
    const server = await startPostgres()
    const [pool, another] = [await server.pool(), await server.pool()]
    const clients: Clients = [new PostgresStorage({ pool }), new PostgresStorage({ pool: another })]
    return { clients, stop: () => server.stop() }
  },

  async MariaDB() {
    const server = await startMariadb()
    const [pool, another] = [await server.pool(), await server.pool({ flags: ['-FOUND_ROWS'] })]
    const clients: Clients = [new MysqlStorage({ pool }), new MysqlStorage({ pool: another })]
    return { clients, stop: () => server.stop() }
  },

  async 'SQLite in two processes'() {
    const folder = temporaryFolder()
    const file = join(folder.path, 'records.db')
    const database = new Database(file, { timeout: 5000 })
    // As applications set it: without it the two processes mostly wait for the disk.
    database.exec('PRAGMA journal_mode = WAL')
    database.exec(sqliteTable())
    const another = await startSqliteProcess(file)
    return {
      clients: [new SqliteStorage({ database }), another.storage],
      async stop() {
        await another.stop()
        database.close()
        folder.remove()
      },
    }
  },
}

describe('random programs of eight workers against the model', () => {
  for (const [name, start] of Object.entries(SUBJECTS)) {
    describe(name, () => {
      let subject: Subject
      before(async () => {
        subject = await start()
      })
      after(() => subject.stop())

      it(`explains every history of ${OPERATIONS} operations or more`, async () => {
        const seed = Number(process.env['MODEL_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
        const found = await checkPrograms(subject.clients, { seed, operations: OPERATIONS, lanes: LANES })
        const { operations, programs, troubles, counterexample } = found
        console.log(`        ${name}: ${operations} operations in ${programs} programs, MODEL_SEED=${seed}`)
        expect(counterexample, messageOf(counterexample)).to.equal(undefined)
        expect(troubles).to.deep.equal([])
        expect(operations).to.be.at.least(OPERATIONS)
      }).timeout(30_000 + OPERATIONS * MOST_MS_PER_OPERATION)
    })
  }
})

const messageOf = (found: { readonly seed: number; readonly complaint: string } | undefined): string =>
  found ? `MODEL_SEED=${found.seed}\n${found.complaint}\n` : ''
