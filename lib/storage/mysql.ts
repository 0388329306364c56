import type { StorageAdapter, StoredEntry } from './adapter.js'
import { quoteTable } from './table-name.js'

/** What is used of a pool of the package `mysql2`, its promise flavour. */
export interface MysqlStoragePool {
  execute(sql: string, values: (string | Buffer)[]): Promise<[unknown, unknown]>
  /** Tells a pool from a connection. */
  getConnection(): Promise<unknown>
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
    const { pool, table = 'second_factor' } = options
    // The pool of callbacks has the same methods, and a way to the one of promises.
    if (!hasMethods(pool, 'execute', 'getConnection') || hasMethods(pool, 'promise')) {
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
      { revision: Buffer; record: Buffer }[],
      unknown,
    ]
    return (
      row && {
        revision: row.revision.toString(),
        record: JSON.parse(row.record.toString()) as StoredEntry['record'],
      }
    )
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    const sql = `INSERT INTO ${this.#table} (user_id, revision, record) VALUES (?, ?, ?)`
    return this.#change(sql, userId, entry.revision, JSON.stringify(entry.record))
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
      const { affectedRows } = result as { affectedRows?: unknown }
      if (affectedRows === 0 || affectedRows === 1) return affectedRows === 1
    } catch (error) {
      // There is an entry already; or InnoDB, and Galera, took back the statement of a race's loser.
      const { code } = (error ?? {}) as { code?: unknown }
      if (code === 'ER_DUP_ENTRY' || code === 'ER_LOCK_DEADLOCK') return false
      throw error
    }
    throw new TypeError('MysqlStorage: the pool gave an unexpected answer.')
  }
}

const hasMethods = (object: unknown, ...names: string[]): boolean =>
  names.every((name) => typeof (object as Record<string, unknown> | undefined | null)?.[name] === 'function')
