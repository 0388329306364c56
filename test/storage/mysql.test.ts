import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import mysql from 'mysql2'
import { createConnection, type Pool } from 'mysql2/promise'
import pg from 'pg'
import { MysqlStorage, type MysqlStoragePool, mysqlTable } from '../../lib/storage/mysql.js'
import { storageConformance } from '../../lib/testing/index.js'
import { ENTRY } from '../support/entry.js'
import { type MariadbServer, startMariadb } from '../support/mariadb.js'
import { allReject, shippedStatement } from '../support/storages.js'

describe('MysqlStorage', () => {
  let server: MariadbServer
  let pool: Pool
  let foreign: Pool
  before(async () => {
    server = await startMariadb()
    pool = await server.pool()
    // Another character set, and affected rows counted the other way.
    foreign = await server.pool({ charset: 'latin1_swedish_ci', flags: ['-FOUND_ROWS'] })
  })
  after(() => server.stop())

  storageConformance({ describe, it }, () => {
    return [new MysqlStorage({ pool }), new MysqlStorage({ pool: foreign })]
  })

  it('takes a deadlock of racing inserts and removals for a lost race, and rejects nothing', async () => {
    const storage = new MysqlStorage({ pool })
    const workers = Array.from({ length: 8 }, async (_, worker) => {
      for (let round = 0; round < 400; round++) {
        const user = `storm ${Math.floor(round / 8)}`
        const present = await storage.read(user)
        const revision = `${worker} ${round}`
        if (!present) await storage.insert(user, { ...ENTRY, revision })
        else if (round % 2 === 0) await storage.remove(user, present.revision)
        else await storage.replace(user, { ...ENTRY, revision }, present.revision)
      }
    })
    await Promise.all(workers)
  })

  it('C15 changes nothing that could be rolled back: autocommit off, or a transaction left open', async () => {
    for (const [how, sql] of [
      ['autocommit off', 'SET autocommit = 0'],
      ['left open', 'BEGIN'],
    ] as const) {
      const careless = await server.pool({ connectionLimit: 1 })
      await new MysqlStorage({ pool: careless }).insert(how, ENTRY)
      await careless.query(sql)
      const storage = new MysqlStorage({ pool: careless })
      for (const attempt of [
        () => storage.insert(`${how} anew`, ENTRY),
        () => storage.replace(how, { ...ENTRY, revision: 'next' }, 'r'),
        () => storage.remove(how, 'r'),
      ]) {
        expect(String(await attempt().catch((error: unknown) => error)), how).to.include('transaction')
      }
    }
  })

  it('rejects rows that the pool has changed', async () => {
    const storage = new MysqlStorage({ pool: await server.pool({ rowsAsArray: true }) })
    await storage.insert('as a list', ENTRY)
    expect(String(await storage.read('as a list').catch((error: unknown) => error))).to.include('rowsAsArray')
  })

  it('takes the pool of promises that a pool of callbacks has', async () => {
    const callbacks = mysql.createPool({ ...server.where, database: 'test' })
    const storage = new MysqlStorage({ pool: callbacks.promise() })
    expect(await storage.insert('by callbacks', ENTRY)).to.equal(true)
    await callbacks.promise().end()
  })

  it('keeps its records in the table it is given, in another database too', async () => {
    await pool.query('CREATE DATABASE auth')
    for (const table of ['another_table', 'auth.select']) {
      await pool.query(mysqlTable(table))
      const storage = new MysqlStorage({ pool, table })
      expect(await storage.insert('somebody', ENTRY)).to.equal(true)
      expect(await storage.read('somebody')).to.deep.equal(ENTRY)
    }
    expect(await new MysqlStorage({ pool }).read('somebody')).to.equal(undefined)
  })

  it('ships the statement that makes its table', () => {
    expect(shippedStatement('mysql')).to.equal(mysqlTable())
  })

  it('refuses a table name that is no plain identifier', () => {
    for (const table of ['a`b', 'a b', 'a;b', '1a', '', 'a.b.c', '.a', 'a.', 7 as unknown as string]) {
      expect(() => new MysqlStorage({ pool, table }), table).to.throw(TypeError, 'table')
      expect(() => mysqlTable(table), table).to.throw(TypeError, 'table')
    }
  })

  it('refuses what is no pool of mysql2/promise, saying what to pass', async () => {
    const connection = await createConnection(server.where)
    const callbacks = mysql.createPool(server.where)
    const others: readonly unknown[] = [
      undefined,
      null,
      'mysql://127.0.0.1/',
      {},
      connection,
      callbacks,
      new pg.Pool(),
    ]
    for (const other of others) {
      expect(() => new MysqlStorage({ pool: other as MysqlStoragePool })).to.throw(TypeError, 'createPool(')
    }
    await connection.end()
    await callbacks.promise().end()
  })

  it('rejects, and does not answer false, when the table is missing', async () => {
    await allReject(new MysqlStorage({ pool, table: 'missing' }))
  })

  it('rejects while the server is away, and works again when it is back', async () => {
    const storage = new MysqlStorage({ pool })
    await storage.insert('patient', ENTRY)
    await server.kill()
    await allReject(storage)
    await server.restart()
    expect(await storage.read('patient')).to.deep.equal(ENTRY)
  })

  it('takes a duplicate key and a deadlock for a lost race, and nothing else', async () => {
    for (const [code, expected] of [
      ['ER_DUP_ENTRY', false],
      ['ER_LOCK_DEADLOCK', false],
      ['ER_LOCK_WAIT_TIMEOUT', 'rejected'],
      [undefined, 'rejected'],
    ] as const) {
      const losing = {
        pool: {},
        getConnection: () => undefined,
        execute: () => Promise.reject(Object.assign(new Error('Lost.'), { code })),
      }
      const storage = new MysqlStorage({ pool: losing as unknown as MysqlStoragePool })
      expect(await storage.insert('a', ENTRY).catch(() => 'rejected'), code).to.equal(expected)
    }
  })

  it('C28 [storage] rejects when the pool answers with something else', async () => {
    for (const answer of [undefined, {}, [], [{}], [{ affectedRows: 2 }], [{ affectedRows: '1' }]]) {
      const odd = { pool: {}, getConnection: () => undefined, execute: () => Promise.resolve(answer) }
      const storage = new MysqlStorage({ pool: odd as unknown as MysqlStoragePool })
      const answers = [storage.insert('a', ENTRY), storage.replace('a', ENTRY, 'r'), storage.remove('a', 'r')]
      for (const settled of await Promise.allSettled(answers)) expect(settled.status).to.equal('rejected')
    }
  })
})
