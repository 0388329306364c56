import { expect } from 'chai'
import Database from 'libsql'
import { after, describe, it } from 'mocha'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteStorage, type SqliteStorageDatabase, sqliteTable } from '../../lib/storage/sqlite.js'
import { storageConformance } from '../../lib/testing/index.js'

describe('SqliteStorage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'express-2fa-sqlite-'))
  const database = new Database(join(folder, 'records.db'))
  database.exec(sqliteTable())
  database.exec(sqliteTable('another_table'))
  after(() => {
    database.close()
    rmSync(folder, { recursive: true, force: true })
  })

  storageConformance({ describe, it }, () => new SqliteStorage({ database }))

  it('keeps its records in the table it is given', async () => {
    const entry = { revision: 'r', record: { schema: 1, epoch: 'e', authenticators: [] } } as const
    await new SqliteStorage({ database, table: 'another_table' }).insert('somebody', entry)
    expect(await new SqliteStorage({ database }).read('somebody')).to.equal(undefined)
  })

  it('refuses a table name that is no plain identifier', () => {
    for (const table of ['a"b', 'a b', 'a;b', '1a', '', 'a.b']) {
      expect(() => new SqliteStorage({ database, table }), table).to.throw(TypeError, 'table')
      expect(() => sqliteTable(table), table).to.throw(TypeError, 'table')
    }
  })

  it('refuses what is no database, saying what to pass', () => {
    const nothing = undefined as unknown as SqliteStorageDatabase
    expect(() => new SqliteStorage({ database: nothing })).to.throw(TypeError, 'database')
  })

  it('rejects, and does not answer false, when the database fails', async () => {
    const closed = new Database(':memory:')
    closed.exec(sqliteTable())
    const storage = new SqliteStorage({ database: closed })
    closed.exec('DROP TABLE second_factor')
    const entry = { revision: 'r', record: { schema: 1, epoch: 'e', authenticators: [] } } as const
    const attempts = [
      () => storage.read('a'),
      () => storage.insert('a', entry),
      () => storage.replace('a', entry, 'r'),
      () => storage.remove('a', 'r'),
    ]
    for (const attempt of attempts) {
      const answer: unknown = await attempt().catch((error: unknown) => error)
      expect(answer).to.be.instanceOf(Error)
    }
    closed.close()
  })
})
