import { drizzle } from 'drizzle-orm/node-postgres'
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core'
import { describe } from 'mocha'
import { drizzleStorage, secondFactor } from '../../../examples/storage/drizzle.js'
import { holdsOnPostgres, openPool, queryOnce } from '../../support/example-storage.js'

/** The statement for a table of plain columns, as Drizzle's own migrations have it. */
function createTable(table: PgTable): string {
  const { name, columns } = getTableConfig(table)
  const definitions = columns.map((column) => {
    return `"${column.name}" ${column.getSQLType()}${column.primary ? ' PRIMARY KEY' : ''}${column.notNull ? ' NOT NULL' : ''}`
  })
  return `CREATE TABLE "${name}" (${definitions.join(', ')})`
}

describe('the example drizzleStorage', () => {
  holdsOnPostgres({
    prepare: (url) => queryOnce(url, createTable(secondFactor)),
    open(url) {
      const database = drizzle(openPool(url), { schema: { secondFactor } })
      return { storage: drizzleStorage({ database }), close: () => database.$client.end() }
    },
  })
})
