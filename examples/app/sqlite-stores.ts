import { join } from 'node:path'
import { SqliteStorage, sqliteTable } from 'express-2fa/storage/sqlite'
import { MemoryStore } from 'express-session'
import Database from 'libsql'
import type { Accounts, StoredAccount } from './accounts.js'
import type { Stores } from './stores.js'

const ACCOUNTS_TABLE = `CREATE TABLE IF NOT EXISTS accounts (
  id TEXT NOT NULL PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  passwordHash TEXT NOT NULL
)`

/** Accounts and second factors in one SQLite file, sessions in this process. */
export function openSqlite(folder: string): Stores {
  const database = new Database(join(folder, 'app.db'))
  database.exec(sqliteTable())
  database.exec(ACCOUNTS_TABLE)
  return {
    accounts: sqliteAccounts(database),
    sessions: new MemoryStore(),
    secondFactors: new SqliteStorage({ database }),
    description:
      'Embedded storage, as there is no Redis: accounts and second factors are kept, sessions end with this process.',
    isReachable: () => database.open,
    close() {
      database.close()
      return Promise.resolve()
    },
  }
}

/* eslint-disable @typescript-eslint/require-await -- in an async method, what the database throws is a rejection */

function sqliteAccounts(database: Database.Database): Accounts {
  const insert = database.prepare('INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT (username) DO NOTHING')
  const byId = database.prepare('SELECT id, username, passwordHash FROM accounts WHERE id = ?')
  const byUsername = database.prepare('SELECT id, username, passwordHash FROM accounts WHERE username = ?')
  return {
    async insert({ id, username, passwordHash }) {
      return insert.run(id, username, passwordHash).changes === 1
    },
    async byId(id) {
      return byId.get(id) as StoredAccount | undefined
    },
    async byUsername(username) {
      return byUsername.get(username) as StoredAccount | undefined
    },
  }
}
