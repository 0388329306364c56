import { and, eq } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { pgTable, text } from 'drizzle-orm/pg-core'
import type { SecondFactorRecord, StorageAdapter } from 'express-2fa'
import type { Pool } from 'pg'

/** To be part of the application's schema. Text comes back as it was written, and is compared byte by byte. */
export const secondFactor = pgTable('second_factor', {
  userId: text('user_id').primaryKey(),
  revision: text('revision').notNull(),
  record: text('record').notNull(),
})

/** What `drizzle()` gives. A transaction has no `$client`: its rollback would make a used code good again. */
type Database = NodePgDatabase<Record<string, unknown>> & { readonly $client: Pool }

/** Records in a PostgreSQL table by Drizzle: one row per user, each change one guarded statement. */
export function drizzleStorage({ database }: { readonly database: Database }): StorageAdapter {
  return {
    async read(userId) {
      const rows = database.select().from(secondFactor).where(eq(secondFactor.userId, userId))
      // Completed writes have to be seen: past any cache, and not on a replica.
      const [row] = await rows.$withCache(false)
      return row && { revision: row.revision, record: JSON.parse(row.record) as SecondFactorRecord }
    },

    async insert(userId, { revision, record }) {
      const row = { userId, revision, record: JSON.stringify(record) }
      return isOne(await database.insert(secondFactor).values(row).onConflictDoNothing())
    },

    async replace(userId, { revision, record }, expected) {
      const update = database.update(secondFactor).set({ revision, record: JSON.stringify(record) })
      return isOne(await update.where(guard(userId, expected)))
    },

    async remove(userId, revision) {
      return isOne(await database.delete(secondFactor).where(guard(userId, revision)))
    },
  }
}

const guard = (userId: string, revision: string) =>
  and(eq(secondFactor.userId, userId), eq(secondFactor.revision, revision))

function isOne({ rowCount }: { readonly rowCount: number | null }): boolean {
  // False would mean that somebody else was first, and nothing else may look like that.
  if (rowCount === 0 || rowCount === 1) return rowCount === 1
  throw new Error(`drizzleStorage: ${rowCount} rows were changed.`)
}
