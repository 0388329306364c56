// Bytes per user, and the time of a verification, with more and more enrolled users: `npm run bench:growth`.
// All sizes stand side by side and take turns, so that a busy machine slows them alike.
import { cpus } from 'node:os'
import type { Pool } from 'pg'
import { PostgresStorage, postgresTable } from '../../lib/storage/postgres.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import type { StorageAdapter, StoredEntry } from '../../lib/index.js'
import { FakeClock } from '../support/clock.js'
import { startPostgres } from '../support/postgres.js'
import { startRedis } from '../support/redis.js'
import { newService, succeeded, type TestService } from '../support/service.js'
import { enrolOwners, entryOf, otherUsers, type Owner } from './population.js'
import { summarise } from './statistics.js'

const SIZES = (process.env['BENCH_SIZES'] ?? '1000,100000,1000000').split(',').map(Number)
const OWNERS = 500
const ROUNDS = 6
const BATCH = 1_000

/** Somewhere to keep users, and how many bytes it takes. */
interface Ground {
  readonly storage: StorageAdapter
  fill(entries: readonly (readonly [string, StoredEntry])[]): Promise<unknown>
  bytes(): Promise<number>
}

/** One size on one database. */
interface Population {
  readonly database: string
  readonly users: number
  readonly bytesPerUser: number
  readonly service: TestService
  readonly owners: readonly Owner[]
  readonly milliseconds: number[]
}

async function settle(
  database: string,
  users: number,
  ground: Ground,
  clock: FakeClock,
): Promise<Population> {
  const before = await ground.bytes()
  const service = newService({ storage: ground.storage, clock })
  const owners = await enrolOwners(service, OWNERS)
  const [example] = owners
  if (!example) throw new Error('Nobody enrolled.')
  let batch: (readonly [string, StoredEntry])[] = []
  for (const user of otherUsers(await entryOf(ground.storage, example), users - OWNERS)) {
    batch.push(user)
    if (batch.length === BATCH) await ground.fill(batch.splice(0))
  }
  await ground.fill(batch)
  batch = []
  const bytesPerUser = ((await ground.bytes()) - before) / users
  return { database, users, bytesPerUser, service, owners, milliseconds: [] }
}

async function redisGround(): Promise<Ground & { stop(): Promise<void> }> {
  const server = await startRedis({ appendfsync: 'everysec' })
  const client = await server.client()
  const storage = new RedisStorage({ client })
  return {
    storage,
    fill: (entries) => Promise.all(entries.map(([userId, entry]) => storage.insert(userId, entry))),
    async bytes() {
      const memory = await client.info('memory')
      const of = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(memory)?.[1])
      // All that the users take, the table of keys included; not what passes through.
      return of('used_memory') - of('mem_clients_normal') - of('mem_aof_buffer')
    },
    stop: () => server.stop(),
  }
}

function postgresGround(pool: Pool, table: string): Ground {
  const insert = `INSERT INTO ${table} SELECT * FROM unnest($1::text[], $2::text[], $3::json[])`
  return {
    storage: new PostgresStorage({ pool, table }),
    fill: (entries) =>
      pool.query(insert, [
        entries.map(([userId]) => userId),
        entries.map(([, { revision }]) => revision),
        entries.map(([, { record }]) => JSON.stringify(record)),
      ]),
    async bytes() {
      const { rows } = await pool.query<{ size: string }>(`SELECT pg_total_relation_size('${table}') AS size`)
      return Number(rows[0]?.size)
    },
  }
}

/** Everybody shows a fresh code, in each population in turn; another one begins each time. */
async function round(populations: readonly Population[], clock: FakeClock): Promise<void> {
  for (let index = 0; index < OWNERS; index++) {
    const first = index % populations.length
    for (const population of [...populations.slice(first), ...populations.slice(0, first)]) {
      const { service, owners, milliseconds } = population
      const owner = owners[index]
      if (!owner) continue
      const code = owner.phone.codeAt(clock.now())
      const start = performance.now()
      succeeded(await service.secondFactor.verify(owner.userId, code))
      milliseconds.push(performance.now() - start)
    }
  }
}

function report(populations: readonly Population[]): void {
  console.log('| storage | users | bytes per user | verification, median | against the smallest |')
  console.log('| --- | --: | --: | --: | --: |')
  for (const { database, users, bytesPerUser, milliseconds } of populations) {
    const smallest = populations.find((other) => other.database === database)
    const time = summarise(milliseconds).median
    const ratio = time / summarise(smallest?.milliseconds ?? []).median
    const cells = [
      database,
      users.toLocaleString('en'),
      bytesPerUser.toFixed(0),
      `${time.toFixed(2)} ms`,
      ratio.toFixed(2),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
  console.log(
    `\n${OWNERS * ROUNDS} verifications each, one at a time; ${cpus()[0]?.model ?? ''}, ${cpus().length} cores.`,
  )
}

const clock = new FakeClock()
const postgres = await startPostgres()
const grounds: { stop(): Promise<void> }[] = [postgres]
try {
  const populations: Population[] = []
  for (const users of SIZES) {
    const ground = await redisGround()
    grounds.push(ground)
    populations.push(await settle('Redis', users, ground, clock))
  }
  const pool = await postgres.pool()
  for (const users of SIZES) {
    const table = `second_factor_${users}`
    await pool.query(postgresTable(table))
    populations.push(await settle('PostgreSQL', users, postgresGround(pool, table), clock))
  }
  await pool.query('VACUUM ANALYZE')
  await pool.query('CHECKPOINT')
  for (let count = 0; count < ROUNDS; count++) {
    clock.advance(30)
    // Each database by itself: after one that waits for its disk, the other would find a cold processor.
    for (const database of ['Redis', 'PostgreSQL']) {
      await round(
        populations.filter((population) => population.database === database),
        clock,
      )
    }
  }
  report(populations)
} finally {
  for (const ground of grounds) await ground.stop()
}
