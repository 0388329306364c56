import type { SecondFactorRecord, StorageAdapter } from 'express-2fa'
import type { Knex } from 'knex'

/** Makes the table, in a migration. Text comes back as it was written, and is compared byte by byte (not by MySQL). */
export const createSecondFactorTable = (knex: Knex): Knex.SchemaBuilder =>
  knex.schema.createTable('second_factor', (table) => {
    table.text('user_id').notNullable().primary()
    table.text('revision').notNullable()
    table.text('record').notNullable()
  })

/** Records in a table of PostgreSQL or SQLite by Knex: one row per user, each change one guarded statement. */
export function knexStorage({ knex }: { readonly knex: Knex }): StorageAdapter {
  // A rollback would make a used code good again.
  if (knex.isTransaction) throw new TypeError('knexStorage: knex must not be a transaction.')
  const rows = () => knex<Record<'user_id' | 'revision' | 'record', string>>('second_factor')

  return {
    async read(userId) {
      const row = await rows().where({ user_id: userId }).first('revision', 'record')
      return row && { revision: row.revision, record: JSON.parse(row.record) as SecondFactorRecord }
    },

    async insert(userId, { revision, record }) {
      const row = { user_id: userId, revision, record: JSON.stringify(record) }
      const inserted = await rows().insert(row, ['user_id']).onConflict('user_id').ignore()
      return isOne(inserted.filter((one) => one.user_id === userId).length)
    },

    async replace(userId, { revision, record }, expected) {
      const guarded = rows().where({ user_id: userId, revision: expected })
      return isOne(await guarded.update({ revision, record: JSON.stringify(record) }))
    },

    async remove(userId, revision) {
      return isOne(await rows().where({ user_id: userId, revision }).delete())
    },
  }
}

/** False would mean that somebody else was first, and nothing else may look like that. */
function isOne(changed: number): boolean {
  if (changed === 0 || changed === 1) return changed === 1
  throw new Error(`knexStorage: ${changed} rows were changed.`)
}
