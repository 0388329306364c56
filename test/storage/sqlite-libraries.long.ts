import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type Consumer, installConsumer, nodePackage } from '../support/consumer.js'

/** The kit on a file of its own, opened twice by one of the libraries. */
const program = (open: string) => `
import { SqliteStorage, sqliteTable } from 'express-2fa/storage/sqlite'
import { storageConformance } from 'express-2fa/testing'
import { describe, it } from 'node:test'
${open}
const databases = [open(), open()]
databases[0].exec(sqliteTable())
const storages = databases.map((database) => new SqliteStorage({ database }))
storageConformance({ describe, it }, () => storages)

it('changes nothing within a transaction', async () => {
  databases[0].exec('BEGIN')
  const entry = { revision: 'r', record: { schema: 1, epoch: 'e', authenticators: [] } }
  await assert.rejects(storages[0].insert('somebody', entry), /transaction/)
})
`
const LIBRARIES = {
  'better-sqlite3': `import assert from 'node:assert'
import Database from 'better-sqlite3'
const open = () => new Database('better-sqlite3.db')`,
  'node:sqlite': `import assert from 'node:assert'
import { DatabaseSync } from 'node:sqlite'
const open = () => new DatabaseSync('node-sqlite.db')`,
}

describe('SqliteStorage, by the other libraries that it names', function () {
  this.timeout(600_000)
  let consumer: Consumer
  before(() => {
    // The newest better-sqlite3 that also runs on the oldest Node that the package runs on.
    consumer = installConsumer('better-sqlite3@12', nodePackage('24'))
  })
  after(() => {
    consumer.remove()
  })

  for (const [library, open] of Object.entries(LIBRARIES)) {
    it(`passes the kit by ${library}`, () => {
      const file = `${library.replace(':', '-')}.test.mjs`
      consumer.write(file, program(open))
      const node = library === 'node:sqlite' ? consumer.node('24') : process.execPath
      const { status, output } = consumer.run(node, '--test', file)
      expect(status, output).to.equal(0)
      expect(Number(/pass (\d+)/.exec(output)?.[1]), output).to.equal(45)
    })
  }
})
