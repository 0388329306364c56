import { expect } from 'chai'
import Database from 'libsql'
import { after, before, describe, it } from 'mocha'
import { join } from 'node:path'
import { createClient } from 'redis'
import { SqliteStorage, type SqliteStorageDatabase, sqliteTable } from '../../lib/storage/sqlite.js'
import { storageConformance } from '../../lib/testing/index.js'
import { ENTRY } from '../support/entry.js'
import { temporaryFolder } from '../support/server-process.js'
import { type SqliteProcess, startSqliteProcess } from '../support/sqlite-process.js'
import { allReject, shippedStatement } from '../support/storages.js'

describe('SqliteStorage', () => {
  const folder = temporaryFolder()
  const file = join(folder.path, 'records.db')
  const database = new Database(file, { timeout: 5000 })
  database.exec(sqliteTable())
  after(() => {
    database.close()
    folder.remove()
  })

  describe('in two processes on one file', () => {
    let another: SqliteProcess
    before(async () => {
      another = await startSqliteProcess(file)
    })
    after(() => another.stop())
    storageConformance({ describe, it }, () => {
      return [new SqliteStorage({ database }), another.storage]
    })
  })

  it('keeps its records in the table it is given, in another database too', async () => {
    database.exec(`ATTACH '${join(folder.path, 'other.db')}' AS other`)
    for (const table of ['another_table', 'other.select']) {
      database.exec(sqliteTable(table))
      const storage = new SqliteStorage({ database, table })
      expect(await storage.insert('somebody', ENTRY)).to.equal(true)
      expect(await storage.read('somebody')).to.deep.equal(ENTRY)
    }
    expect(await new SqliteStorage({ database }).read('somebody')).to.equal(undefined)
  })

  it('ships the statement that makes its table', () => {
    expect(shippedStatement('sqlite')).to.equal(sqliteTable())
  })

  it('refuses a table name that is no plain identifier', () => {
    for (const table of ['a"b', 'a b', 'a;b', '1a', '', 'a.b.c', '.a', 'a.', 7 as unknown as string]) {
      expect(() => new SqliteStorage({ database, table }), table).to.throw(TypeError, 'table')
      expect(() => sqliteTable(table), table).to.throw(TypeError, 'table')
    }
  })

  it('refuses what is no such database, saying what to pass', () => {
    const others: Readonly<Record<string, unknown>> = {
      nothing: undefined,
      null: null,
      'a file name': file,
      'an object without methods': {},
      'a client of Redis': createClient(),
      'a library that answers by callbacks, as sqlite3 does': {
        prepare: () => ({
          get() {
            return this
          },
        }),
      },
      'one that does not say whether a transaction is open, as early versions of node:sqlite': {
        prepare: () => ({ get: () => undefined }),
      },
      'a library that answers by promises, as sqlite does': { prepare: () => Promise.resolve({}) },
    }
    for (const [what, other] of Object.entries(others)) {
      const create = () => new SqliteStorage({ database: other as SqliteStorageDatabase })
      expect(create, what).to.throw(TypeError, 'better-sqlite3')
    }
  })

  it('C15 refuses everything while the application has a transaction open, which it could roll back', async () => {
    const storage = new SqliteStorage({ database })
    await storage.insert('before', ENTRY)
    database.exec('BEGIN')
    const answers = [
      storage.insert('within', ENTRY),
      storage.replace('before', { ...ENTRY, revision: 'next' }, 'r'),
      storage.remove('before', 'r'),
      storage.read('before'),
    ]
    for (const settled of await Promise.allSettled(answers)) expect(settled.status).to.equal('rejected')
    database.exec('ROLLBACK')
    expect(await storage.read('before')).to.deep.equal(ENTRY)
    expect(await storage.insert('within', ENTRY)).to.equal(true)
  })

  it('rejects, and does not answer false, when the database fails', async () => {
    const failing = new Database(':memory:')
    failing.exec(sqliteTable())
    const storage = new SqliteStorage({ database: failing })
    failing.exec('DROP TABLE second_factor')
    await allReject(storage)
    failing.close()
  })
})
