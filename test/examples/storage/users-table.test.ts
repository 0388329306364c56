import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Pool } from 'pg'
import { ADD_SECOND_FACTOR, usersTableStorage } from '../../../examples/storage/users-table.js'
import type { StorageAdapter } from '../../../lib/index.js'
import { ENTRY } from '../../support/entry.js'
import { holdsOnPostgres, openPool, queryOnce } from '../../support/example-storage.js'

const USERS = 'CREATE TABLE users (id text PRIMARY KEY, name text)'
const ADD_USER = `INSERT INTO users (id, name) VALUES ($1, 'Alice') ON CONFLICT (id) DO NOTHING`

/** The contract's tests know nothing of users: each is there as soon as it is given a second factor. */
function withUsers(pool: Pool): StorageAdapter {
  const storage = usersTableStorage({ pool })
  return {
    read: (userId) => storage.read(userId),
    async insert(userId, entry) {
      await pool.query(ADD_USER, [userId])
      return storage.insert(userId, entry)
    },
    replace: (userId, entry, revision) => storage.replace(userId, entry, revision),
    remove: (userId, revision) => storage.remove(userId, revision),
  }
}

describe('the example usersTableStorage', () => {
  const { url } = holdsOnPostgres({
    prepare: (url) => queryOnce(url, `${USERS}; ${ADD_SECOND_FACTOR}`),
    open(url) {
      const pool = openPool(url)
      return { storage: withUsers(pool), close: () => pool.end() }
    },
  })

  const onPool = async (use: (storage: StorageAdapter, pool: Pool) => Promise<void>) => {
    const pool = openPool(url())
    await use(usersTableStorage({ pool }), pool).finally(() => pool.end())
  }

  it('rejects a first entry for a user who does not exist, and makes no such user', () =>
    onPool(async (storage, pool) => {
      const answer: unknown = await storage.insert('nobody', ENTRY).catch((error: unknown) => error)
      expect(answer).to.be.instanceOf(Error).with.property('message').that.contains('no such user')
      const { rowCount } = await pool.query(`SELECT FROM users WHERE id = 'nobody'`)
      expect(rowCount).to.equal(0)
    }))

  it('has no entry for a user who does not exist', () =>
    onPool(async (storage) => {
      expect(await storage.read('nobody')).to.equal(undefined)
      expect(await storage.replace('nobody', ENTRY, 'r')).to.equal(false)
      expect(await storage.remove('nobody', 'r')).to.equal(false)
    }))

  it('leaves the user, and all other columns, alone', () =>
    onPool(async (storage, pool) => {
      await pool.query(ADD_USER, ['alice'])
      const others = async () => (await pool.query<object>(`SELECT * FROM users WHERE id = 'alice'`)).rows
      const before = await others()
      await storage.insert('alice', ENTRY)
      await storage.replace('alice', { ...ENTRY, revision: 'next' }, 'r')
      await storage.remove('alice', 'next')
      expect(await others()).to.deep.equal(before)
    }))
})
