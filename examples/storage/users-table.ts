import type { SecondFactorRecord, StorageAdapter } from 'express-2fa'
import type { Pool } from 'pg'

/** Adds the columns, in a migration: text, compared byte by byte; both NULL for a user without a second factor. */
export const ADD_SECOND_FACTOR = `ALTER TABLE users
  ADD second_factor_revision text,
  ADD second_factor_record text,
  ADD CHECK ((second_factor_revision IS NULL) = (second_factor_record IS NULL))`

/**
 * Records in two columns of the application's own table `users`. Nothing else may write them: an ORM that saves whole
 * users would bring back an old record. So would the rollback of a transaction: it takes the pool, and no client.
 */
export function usersTableStorage({ pool }: { readonly pool: Pool }): StorageAdapter {
  const set = async (guard: 'IS NULL' | '= $4', ...values: (string | null)[]): Promise<boolean> => {
    const sql = `UPDATE users SET second_factor_revision = $2, second_factor_record = $3
      WHERE id = $1 AND second_factor_revision ${guard}`
    const { rowCount } = await pool.query(sql, values)
    if (rowCount === 0 || rowCount === 1) return rowCount === 1
    throw new Error(`usersTableStorage: ${rowCount} rows were changed.`)
  }

  return {
    async read(userId) {
      const columns = 'second_factor_revision AS revision, second_factor_record AS record'
      const sql = `SELECT ${columns} FROM users WHERE id = $1 AND second_factor_revision IS NOT NULL`
      const [row] = (await pool.query<{ revision: string; record: string }>(sql, [userId])).rows
      return row && { revision: row.revision, record: JSON.parse(row.record) as SecondFactorRecord }
    },

    async insert(userId, { revision, record }) {
      if (await set('IS NULL', userId, revision, JSON.stringify(record))) return true
      // Lost, or no such user? Nothing is written any more: a user who comes or goes meanwhile does no harm.
      const { rowCount } = await pool.query('SELECT FROM users WHERE id = $1', [userId])
      if (rowCount !== 1) throw new Error('usersTableStorage: there is no such user.')
      return false
    },

    async replace(userId, { revision, record }, expected) {
      return set('= $4', userId, revision, JSON.stringify(record), expected)
    },

    async remove(userId, revision) {
      return set('= $4', userId, null, null, revision)
    },
  }
}
