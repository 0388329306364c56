import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { enrol, featureExample, logIn, showCode } from '../support/feature-example.js'
import { visit } from '../support/page-forms.js'
import { type PostgresServer, startPostgres } from '../support/postgres.js'

const MIGRATION = readFileSync(new URL('../../sql/postgres.sql', import.meta.url), 'utf8')

describe('the example on PostgreSQL', () => {
  let postgres: PostgresServer
  let pool: pg.Pool
  before(async () => {
    postgres = await startPostgres()
    pool = new pg.Pool({ connectionString: postgres.url })
    await pool.query(MIGRATION)
  })
  after(async () => {
    await pool.end()
    await postgres.stop()
  })
  const example = featureExample('postgres', () => Promise.resolve({ DATABASE_URL: postgres.url }))

  it('has second factors there, and nothing but sessions in Redis', async () => {
    const { nextCode } = await enrol(await logIn(example.browser(), 'alice'))
    const browser = await logIn(example.browser(), 'alice')
    await visit(browser, '/').expect(303).expect('Location', '/2fa/challenge?returnTo=%2F')
    await showCode(browser, nextCode())
    await visit(browser, '/').expect(200, /Welcome, alice/)

    const { rows } = await pool.query('SELECT user_id FROM second_factor')
    expect(rows).to.deep.equal([{ user_id: '1' }])
    const keys = await (await example.redis()).keys('*')
    expect(keys.filter((key) => !key.startsWith('sess:'))).to.deep.equal([])
  })
})
