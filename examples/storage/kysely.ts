import type { SecondFactorRecord, StorageAdapter } from 'express-2fa'
import type { Kysely } from 'kysely'

/** To be part of the interface of the application's tables. */
export type SecondFactorTables = Record<'second_factor', Record<'user_id' | 'revision' | 'record', string>>

/** Makes the table, in a migration. Text comes back as it was written, and is compared byte by byte (not by MySQL). */
export const createSecondFactorTable = ({ schema }: Kysely<SecondFactorTables>): Promise<void> =>
  schema
    .createTable('second_factor')
    .addColumn('user_id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('revision', 'text', (column) => column.notNull())
    .addColumn('record', 'text', (column) => column.notNull())
    .execute()

/** Records in a table of PostgreSQL or SQLite by Kysely: one row per user, each change one guarded statement. */
export function kyselyStorage({ kysely }: { readonly kysely: Kysely<SecondFactorTables> }): StorageAdapter {
  // A rollback would make a used code good again.
  if (kysely.isTransaction) throw new TypeError('kyselyStorage: kysely must not be a transaction.')
  return {
    async read(userId) {
      const rows = kysely.selectFrom('second_factor').where('user_id', '=', userId)
      const row = await rows.select(['revision', 'record']).executeTakeFirst()
      return row && { revision: row.revision, record: JSON.parse(row.record) as SecondFactorRecord }
    },

    async insert(userId, { revision, record }) {
      const row = { user_id: userId, revision, record: JSON.stringify(record) }
      const insert = kysely.insertInto('second_factor').values(row)
      const once = insert.onConflict((conflict) => conflict.column('user_id').doNothing())
      return isOne((await once.executeTakeFirst()).numInsertedOrUpdatedRows)
    },

    async replace(userId, { revision, record }, expected) {
      const rows = kysely.updateTable('second_factor').where('user_id', '=', userId)
      const update = rows.where('revision', '=', expected).set({ revision, record: JSON.stringify(record) })
      return isOne((await update.executeTakeFirst()).numUpdatedRows)
    },

    async remove(userId, revision) {
      const rows = kysely.deleteFrom('second_factor').where('user_id', '=', userId)
      return isOne((await rows.where('revision', '=', revision).executeTakeFirst()).numDeletedRows)
    },
  }
}

function isOne(changed: bigint | undefined): boolean {
  if (changed === 0n || changed === 1n) return changed === 1n
  throw new Error(`kyselyStorage: ${String(changed)} rows were changed.`)
}
