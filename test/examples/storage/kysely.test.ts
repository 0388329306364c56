import { expect } from 'chai'
import { Kysely, PostgresDialect } from 'kysely'
import { describe, it } from 'mocha'
import {
  createSecondFactorTable,
  kyselyStorage,
  type SecondFactorTables,
} from '../../../examples/storage/kysely.js'
import { holdsOnPostgres, openPool } from '../../support/example-storage.js'

/** An application has tables of its own, too. */
interface Tables extends SecondFactorTables {
  readonly users: { readonly id: string }
}

describe('the example kyselyStorage', () => {
  const connect = (url: string) =>
    new Kysely<Tables>({ dialect: new PostgresDialect({ pool: openPool(url) }) })

  const { url } = holdsOnPostgres({
    async prepare(url) {
      const kysely = connect(url)
      await createSecondFactorTable(kysely)
      await kysely.destroy()
    },
    open(url) {
      const kysely = connect(url)
      return { storage: kyselyStorage({ kysely }), close: () => kysely.destroy() }
    },
  })

  it('refuses a transaction', async () => {
    const kysely: Kysely<SecondFactorTables> = connect(url())
    await kysely.transaction().execute((transaction) => {
      expect(() => kyselyStorage({ kysely: transaction })).to.throw(TypeError, 'transaction')
      return Promise.resolve()
    })
    await kysely.destroy()
  })
})
