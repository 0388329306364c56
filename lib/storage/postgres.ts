import { checkNames } from '../check.js'
import type { StorageAdapter, StoredEntry } from './adapter.js'
import { quoteTable } from './table-name.js'

/** What is used of a Pool of the package `pg`. */
export interface PostgresStoragePool {
  /** A statement with parameters. */
  query(
    sql: string,
    values: string[],
  ): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>
  /** Tells a Pool from a Client. */
  readonly totalCount: number
}

/** Options of {@link PostgresStorage}. */
export interface PostgresStorageOptions {
  /** A Pool of the package `pg` on the primary; it stays the application's own. */
  readonly pool: PostgresStoragePool
  /** The table's name, a plain SQL identifier or `schema.table`. Default `second_factor`. */
  readonly table?: string
}

/**
 * The statement that makes the table, for the application's own migrations; also in `sql/postgres.sql`.
 *
 * @throws TypeError when the name is not a plain identifier
 */
export function postgresTable(table = 'second_factor'): string {
  // Compared byte by byte. As json, not jsonb, a record stays as it was written.
  return `CREATE TABLE IF NOT EXISTS ${quoteTable('postgresTable', table, '"')} (
  user_id text COLLATE "C" NOT NULL PRIMARY KEY,
  revision text COLLATE "C" NOT NULL,
  record json NOT NULL
)`
}

/**
 * Records in a PostgreSQL table: one row per user, each change one guarded statement of its own.
 *
 * A Client is refused: in a transaction of the application's, a rollback would make a used code good again.
 *
 * @throws TypeError when `pool` or `table` is not usable
 */
export class PostgresStorage implements StorageAdapter {
  readonly #pool: PostgresStoragePool
  readonly #table: string

  constructor(options: PostgresStorageOptions) {
    checkNames('PostgresStorage', options, ['pool', 'table'])
    const { pool, table = 'second_factor' } = options
    const given = pool as Partial<PostgresStoragePool> | undefined
    if (typeof given?.query !== 'function' || typeof given.totalCount !== 'number') {
      throw new TypeError('PostgresStorage: pool must be a Pool of the package "pg": new Pool({ … }).')
    }
    this.#pool = pool
    this.#table = quoteTable('PostgresStorage', table, '"')
  }

  async read(userId: string): Promise<StoredEntry | undefined> {
    const sql = `SELECT revision, record::text AS record FROM ${this.#table} WHERE user_id = $1`
    const [row] = (await this.#query(sql, [userId])).rows as { revision: string; record: string }[]
    return row && { revision: row.revision, record: JSON.parse(row.record) as StoredEntry['record'] }
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    const sql = `INSERT INTO ${this.#table} (user_id, revision, record) VALUES ($1, $2, $3) ON CONFLICT (user_id) DO NOTHING`
    return this.#change(sql, userId, entry.revision, JSON.stringify(entry.record))
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    const sql = `UPDATE ${this.#table} SET revision = $1, record = $2 WHERE user_id = $3 AND revision = $4`
    return this.#change(sql, entry.revision, JSON.stringify(entry.record), userId, revision)
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    return this.#change(`DELETE FROM ${this.#table} WHERE user_id = $1 AND revision = $2`, userId, revision)
  }

  async #change(sql: string, ...values: string[]): Promise<boolean> {
    const { rowCount } = await this.#query(sql, values)
    if (rowCount === 0 || rowCount === 1) return rowCount === 1
    throw new TypeError('PostgresStorage: the pool gave an unexpected answer.')
  }

  /** Where the database's default isolation is strict, 40001 says: nothing was done, try again. */
  async #query(sql: string, values: string[], attempts = 64): ReturnType<PostgresStoragePool['query']> {
    try {
      return await this.#pool.query(sql, values)
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== '40001' || attempts === 1) throw error
      return this.#query(sql, values, attempts - 1)
    }
  }
}
