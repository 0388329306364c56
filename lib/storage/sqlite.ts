import { checkNames } from '../check.js'
import type { StorageAdapter, StoredEntry } from './adapter.js'
import { quoteTable } from './table-name.js'

/** What is used of a database object with better-sqlite3's interface: better-sqlite3, libsql, node:sqlite. */
export interface SqliteStorageDatabase {
  /** A statement, prepared. */
  prepare(sql: string): SqliteStorageStatement
  /** Whether a transaction is open, as better-sqlite3 and libsql say it. */
  readonly inTransaction?: boolean
  /** The same, as node:sqlite says it. */
  readonly isTransaction?: boolean
}

/** What is used of its prepared statements. */
export interface SqliteStorageStatement {
  /** A change. */
  run(...parameters: string[]): { readonly changes: number | bigint }
  /** The first row. */
  get(...parameters: string[]): unknown
}

/** Options of {@link SqliteStorage}. */
export interface SqliteStorageOptions {
  /** An open database that has the table of {@link sqliteTable}; it stays the application's own. */
  readonly database: SqliteStorageDatabase
  /** The table's name, a plain SQL identifier or `schema.table`. Default `second_factor`. */
  readonly table?: string
}

/**
 * The statement that makes the table, for the application's own migrations; also in `sql/sqlite.sql`.
 *
 * @throws TypeError when the name is not a plain identifier
 */
export function sqliteTable(table = 'second_factor'): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteTable('sqliteTable', table, '"')} (
  user_id TEXT NOT NULL PRIMARY KEY,
  revision TEXT NOT NULL,
  record TEXT NOT NULL
) WITHOUT ROWID`
}

/* eslint-disable @typescript-eslint/require-await --
   The database object works synchronously; in an async method what it throws is a rejection, as the contract asks. */

/**
 * Records in a SQLite table: one row per user, each change one guarded statement.
 *
 * While the application has a transaction open, everything is refused: it reads what was, and a rollback would make a
 * used code good again.
 *
 * @throws TypeError when `database` or `table` is not usable
 */
export class SqliteStorage implements StorageAdapter {
  readonly #database: SqliteStorageDatabase
  readonly #read: SqliteStorageStatement
  readonly #insert: SqliteStorageStatement
  readonly #replace: SqliteStorageStatement
  readonly #remove: SqliteStorageStatement

  constructor(options: SqliteStorageOptions) {
    checkNames('SqliteStorage', options, ['database', 'table'])
    const { database } = options
    const table = quoteTable('SqliteStorage', options.table ?? 'second_factor', '"')
    if (typeof (database as Partial<SqliteStorageDatabase> | undefined)?.prepare !== 'function')
      throw notSqlite()
    this.#database = database
    this.#read = database.prepare(`SELECT revision, record FROM ${table} WHERE user_id = ?`)
    this.#insert = database.prepare(
      `INSERT INTO ${table} (user_id, revision, record) VALUES (?, ?, ?) ON CONFLICT (user_id) DO NOTHING`,
    )
    this.#replace = database.prepare(
      `UPDATE ${table} SET revision = ?, record = ? WHERE user_id = ? AND revision = ?`,
    )
    this.#remove = database.prepare(`DELETE FROM ${table} WHERE user_id = ? AND revision = ?`)
    // Nobody has this id. Libraries that answer later answer something else now.
    if (typeof this.#read.get !== 'function' || this.#read.get('') !== undefined) throw notSqlite()
    // Without that, nobody would notice a transaction.
    if (typeof inTransaction(database) !== 'boolean') throw notSqlite()
  }

  async read(userId: string): Promise<StoredEntry | undefined> {
    this.#refuseTransaction()
    const row = this.#read.get(userId) as { revision: string; record: string } | undefined
    return row && { revision: row.revision, record: JSON.parse(row.record) as StoredEntry['record'] }
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.#change(this.#insert, userId, entry.revision, JSON.stringify(entry.record))
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    return this.#change(this.#replace, entry.revision, JSON.stringify(entry.record), userId, revision)
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    return this.#change(this.#remove, userId, revision)
  }

  #change(statement: SqliteStorageStatement, ...parameters: string[]): boolean {
    this.#refuseTransaction()
    const changes = Number(statement.run(...parameters).changes)
    if (changes !== 0 && changes !== 1)
      throw new TypeError('SqliteStorage: the database gave an unexpected answer.')
    return changes === 1
  }

  #refuseTransaction(): void {
    if (inTransaction(this.#database) === true) {
      throw new Error('SqliteStorage: the database has an open transaction, which could be rolled back.')
    }
  }
}

const inTransaction = (database: SqliteStorageDatabase): unknown =>
  database.inTransaction ?? database.isTransaction

const notSqlite = () =>
  new TypeError(
    'SqliteStorage: database must be an open database of "better-sqlite3", "libsql" or "node:sqlite" (of Node 24).',
  )
