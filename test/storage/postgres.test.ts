import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import { createClient } from 'redis'
import { PostgresStorage, type PostgresStoragePool, postgresTable } from '../../lib/storage/postgres.js'
import { storageConformance } from '../../lib/testing/index.js'
import { ENTRY } from '../support/entry.js'
import { type PostgresServer, startPostgres } from '../support/postgres.js'
import { allReject, shippedStatement } from '../support/storages.js'

describe('PostgresStorage', () => {
  let server: PostgresServer
  let pool: pg.Pool
  let strict: pg.Pool
  before(async () => {
    server = await startPostgres()
    pool = await server.pool()
    strict = await server.pool({ options: '-c default_transaction_isolation=serializable' })
  })
  after(() => server.stop())

  storageConformance({ describe, it }, async () => {
    const another = new PostgresStorage({ pool: await anotherPool() })
    return [new PostgresStorage({ pool }), another]
  })
  let second: Promise<pg.Pool> | undefined
  const anotherPool = () => (second ??= server.pool())

  describe('where transactions are serializable', () => {
    storageConformance({ describe, it }, () => new PostgresStorage({ pool: strict }))
  })

  it('loses no race that nobody runs, where transactions are serializable', async () => {
    const storage = new PostgresStorage({ pool: strict })
    const answers = Array.from({ length: 20 }, async (_, user) => {
      await storage.insert(`alone ${user}`, ENTRY)
      let { revision } = ENTRY
      const won: boolean[] = []
      for (let round = 0; round < 20; round++) {
        const next = { ...ENTRY, revision: `${user} ${round}` }
        won.push(await storage.replace(`alone ${user}`, next, revision))
        revision = next.revision
      }
      return won.filter(Boolean).length
    })
    expect(new Set(await Promise.all(answers))).to.deep.equal(new Set([20]))
  })

  it('keeps its records in the table it is given, in a schema too', async () => {
    await pool.query('CREATE SCHEMA "Auth"')
    for (const table of ['"another_table', 'Auth.select']) {
      const name = table.replace('"', '')
      await pool.query(postgresTable(name))
      const storage = new PostgresStorage({ pool, table: name })
      expect(await storage.insert('somebody', ENTRY)).to.equal(true)
      expect(await storage.read('somebody')).to.deep.equal(ENTRY)
    }
    expect(await new PostgresStorage({ pool }).read('somebody')).to.equal(undefined)
  })

  it('ships the statement that makes its table', () => {
    expect(shippedStatement('postgres')).to.equal(postgresTable())
  })

  it('refuses a table name that is no plain identifier', () => {
    for (const table of ['a"b', 'a b', 'a;b', '1a', '', 'a.b.c', '.a', 'a.', 7 as unknown as string]) {
      expect(() => new PostgresStorage({ pool, table }), table).to.throw(TypeError, 'table')
      expect(() => postgresTable(table), table).to.throw(TypeError, 'table')
    }
  })

  it('refuses what is no pool of pg, saying what to pass', () => {
    const others: readonly unknown[] = [
      undefined,
      null,
      'postgres://127.0.0.1/',
      {},
      pg,
      new pg.Client(),
      createPool({ host: '127.0.0.1' }),
      createClient(),
    ]
    for (const other of others) {
      expect(() => new PostgresStorage({ pool: other as PostgresStoragePool })).to.throw(
        TypeError,
        'new Pool(',
      )
    }
  })

  it('rejects, and does not answer false, when the table is missing', async () => {
    await allReject(new PostgresStorage({ pool, table: 'missing' }))
  })

  it('rejects while the server is away, and works again when it is back', async () => {
    const storage = new PostgresStorage({ pool })
    await storage.insert('patient', ENTRY)
    await server.kill()
    await allReject(storage)
    await server.restart()
    expect(await storage.read('patient')).to.deep.equal(ENTRY)
  })

  it('C28 [storage] rejects when the pool answers with something else', async () => {
    for (const answer of [undefined, {}, { rows: [], rowCount: null }, { rows: [], rowCount: 2 }]) {
      const odd = { totalCount: 0, query: () => Promise.resolve(answer) } as unknown as PostgresStoragePool
      const storage = new PostgresStorage({ pool: odd })
      const answers = [storage.insert('a', ENTRY), storage.replace('a', ENTRY, 'r'), storage.remove('a', 'r')]
      for (const settled of await Promise.allSettled(answers)) expect(settled.status).to.equal('rejected')
    }
  })
})
