import { expect } from 'chai'
import knex from 'knex'
import { describe, it } from 'mocha'
import { createSecondFactorTable, knexStorage } from '../../../examples/storage/knex.js'
import { holdsOnPostgres } from '../../support/example-storage.js'

describe('the example knexStorage', () => {
  const connect = (url: string) => knex({ client: 'pg', connection: url })

  const { url } = holdsOnPostgres({
    async prepare(url) {
      const root = connect(url)
      await createSecondFactorTable(root)
      await root.destroy()
    },
    open(url) {
      const root = connect(url)
      return { storage: knexStorage({ knex: root }), close: () => root.destroy() }
    },
  })

  it('refuses a transaction', async () => {
    const root = connect(url())
    await root.transaction((transaction) => {
      expect(() => knexStorage({ knex: transaction })).to.throw(TypeError, 'transaction')
      return Promise.resolve()
    })
    await root.destroy()
  })
})
