import { checkNames } from '../check.js'
import type { StorageAdapter, StoredEntry } from './adapter.js'
import { quoteTable } from './table-name.js'

/** What is used of a pool of the package `mysql2`, its promise flavour. */
export interface MysqlStoragePool {
  /** A prepared statement. */
  execute(sql: string, values: (string | Buffer)[]): Promise<[unknown, unknown]>
  /** Tells a pool from a connection. */
  getConnection(): Promise<unknown>
  /** Tells it from pools of others: the pool of callbacks beneath it. */
  readonly pool: object
}

/** Options of {@link MysqlStorage}. */
export interface MysqlStorageOptions {
  /** A pool of `mysql2/promise` on the primary; it stays the application's own. */
  readonly pool: MysqlStoragePool
  /** The table's name, a plain SQL identifier or `database.table`. Default `second_factor`. */
  readonly table?: string
}

/**
 * The statement that makes the table, for the application's own migrations; also in `sql/mysql.sql`.
 *
 * @throws TypeError when the name is not a plain identifier
 */
export function mysqlTable(table = 'second_factor'): string {
  // Bytes throughout: text is compared without its case or its trailing spaces, and changed between character sets.
  return `CREATE TABLE IF NOT EXISTS ${quoteTable('mysqlTable', table, '`')} (
  user_id VARBINARY(765) NOT NULL PRIMARY KEY,
  revision VARBINARY(255) NOT NULL,
  record MEDIUMBLOB NOT NULL
) ENGINE = InnoDB`
}

/**
 * Records in a MySQL or MariaDB table: one row per user, each change one guarded statement of its own.
 *
 * A connection is refused: in a transaction of the application's, a rollback would make a used code good again.
 *
 * @throws TypeError when `pool` or `table` is not usable
 */
export class MysqlStorage implements StorageAdapter {
  readonly #pool: MysqlStoragePool
  readonly #table: string

  constructor(options: MysqlStorageOptions) {
    checkNames('MysqlStorage', options, ['pool', 'table'])
    const { pool, table = 'second_factor' } = options
    // The pool of callbacks has the same methods, and a way to the one of promises, which has it as `pool`.
    if (!hasMethods(pool, 'execute', 'getConnection') || typeof pool.pool !== 'object') {
      throw new TypeError(
        'MysqlStorage: pool must be a pool of "mysql2/promise": createPool({ … }), or createPool({ … }).promise() of "mysql2".',
      )
    }
    this.#pool = pool
    this.#table = quoteTable('MysqlStorage', table, '`')
  }

  async read(userId: string): Promise<StoredEntry | undefined> {
    const sql = `SELECT revision, record FROM ${this.#table} WHERE user_id = ?`
    const [[row]] = (await this.#pool.execute(sql, [Buffer.from(userId)])) as [
      { revision?: unknown; record?: unknown }[],
      unknown,
    ]
    if (!row) return undefined
    const { revision, record } = row
    if (!Buffer.isBuffer(revision) || !Buffer.isBuffer(record)) {
      throw new TypeError(
        'MysqlStorage: the pool must leave rows alone: no typeCast, rowsAsArray or nestTables.',
      )
    }
    return {
      revision: revision.toString(),
      record: JSON.parse(record.toString()) as StoredEntry['record'],
    }
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    const sql = `INSERT INTO ${this.#table} (user_id, revision, record) VALUES (?, ?, ?)`
    try {
      return await this.#change(sql, userId, entry.revision, JSON.stringify(entry.record))
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === 'ER_DUP_ENTRY') return false
      throw error
    }
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    const sql = `UPDATE ${this.#table} SET revision = ?, record = ? WHERE user_id = ? AND revision = ?`
    return this.#change(sql, entry.revision, JSON.stringify(entry.record), userId, revision)
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    return this.#change(`DELETE FROM ${this.#table} WHERE user_id = ? AND revision = ?`, userId, revision)
  }

  async #change(sql: string, ...values: string[]): Promise<boolean> {
    try {
      const bytes = values.map((value) => Buffer.from(value))
      const [result] = await this.#pool.execute(sql, bytes)
      const { affectedRows, serverStatus } = result as { affectedRows?: unknown; serverStatus?: unknown }
      // The server says so with every answer: autocommit is off, or somebody gave back a connection too early.
      if (Number(serverStatus) & IN_TRANSACTION) {
        throw new Error('MysqlStorage: a connection has an open transaction, which could be rolled back.')
      }
      if (affectedRows === 0 || affectedRows === 1) return affectedRows === 1
    } catch (error) {
      if (RACE_LOST.includes((error as { code?: string } | null)?.code ?? '')) return false
      throw error
    }
    throw new TypeError('MysqlStorage: the pool gave an unexpected answer.')
  }
}

/** SERVER_STATUS_IN_TRANS of the protocol. */
const IN_TRANSACTION = 1
/** InnoDB, or Galera, took back the statement, as somebody else was first. */
const RACE_LOST = ['ER_LOCK_DEADLOCK', 'ER_CHECKREAD']

const hasMethods = (object: unknown, ...names: string[]): boolean =>
  names.every((name) => typeof (object as Record<string, unknown> | undefined | null)?.[name] === 'function')
