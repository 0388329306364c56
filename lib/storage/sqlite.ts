import type { StorageAdapter, StoredEntry } from './adapter.js'

/** What is used of a database object with better-sqlite3's interface: better-sqlite3, libsql, node:sqlite. */
export interface SqliteStorageDatabase {
  prepare(sql: string): SqliteStorageStatement
}

/** What is used of its prepared statements. */
export interface SqliteStorageStatement {
  run(...parameters: string[]): { readonly changes: number | bigint }
  get(...parameters: string[]): unknown
}

/** Options of {@link SqliteStorage}. */
export interface SqliteStorageOptions {
  /** An open database that has the table of {@link sqliteTable}; it stays the application's own. */
  readonly database: SqliteStorageDatabase
  /** The table's name, a plain SQL identifier. Default `second_factor`. */
  readonly table?: string
}

/**
 * The statement that makes the table, for the application's own migrations.
 *
 * @throws TypeError when the name is not a plain identifier
 */
export function sqliteTable(table = 'second_factor'): string {
  return `CREATE TABLE IF NOT EXISTS ${identifier(table)} (
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
 * @throws TypeError when `database` or `table` is not usable
 */
export class SqliteStorage implements StorageAdapter {
  readonly #read: SqliteStorageStatement
  readonly #insert: SqliteStorageStatement
  readonly #replace: SqliteStorageStatement
  readonly #remove: SqliteStorageStatement

  constructor(options: SqliteStorageOptions) {
    const { database } = options
    const table = identifier(options.table ?? 'second_factor')
    if (typeof (database as Partial<SqliteStorageDatabase> | undefined)?.prepare !== 'function') {
      throw new TypeError(
        'SqliteStorage: database must have the interface of better-sqlite3 (it has no prepare()).',
      )
    }
    this.#read = database.prepare(`SELECT revision, record FROM ${table} WHERE user_id = ?`)
    this.#insert = database.prepare(
      `INSERT INTO ${table} (user_id, revision, record) VALUES (?, ?, ?) ON CONFLICT (user_id) DO NOTHING`,
    )
    this.#replace = database.prepare(
      `UPDATE ${table} SET revision = ?, record = ? WHERE user_id = ? AND revision = ?`,
    )
    this.#remove = database.prepare(`DELETE FROM ${table} WHERE user_id = ? AND revision = ?`)
  }

  async read(userId: string): Promise<StoredEntry | undefined> {
    const row = this.#read.get(userId) as { revision: string; record: string } | undefined
    return row && { revision: row.revision, record: JSON.parse(row.record) as StoredEntry['record'] }
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return changedOne(this.#insert, userId, entry.revision, JSON.stringify(entry.record))
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    return changedOne(this.#replace, entry.revision, JSON.stringify(entry.record), userId, revision)
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    return changedOne(this.#remove, userId, revision)
  }
}

const changedOne = (statement: SqliteStorageStatement, ...parameters: string[]): boolean =>
  Number(statement.run(...parameters).changes) === 1

function identifier(table: string): string {
  if (typeof table !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(table)) {
    throw new TypeError('SqliteStorage: table must be a plain SQL identifier (letters, digits, underscore).')
  }
  return `"${table}"`
}
