import { afterEach, describe, it } from 'mocha'
import type { PoolConfig } from 'pg'
import { PostgresStorage } from '../../lib/storage/postgres.js'
import type { TestApp } from '../support/app.js'
import { type PostgresServer, startPostgres } from '../support/postgres.js'
import { redisOfSuite } from '../support/suite.js'
import { startTellingApp } from './application.js'
import { type Allowed, Load } from './load.js'
import { SEED } from './random.js'
import { expectForgotten, expectUnharmed, killUnderLoad } from './survival.js'

const KILLS = 20

/** The records are away; sessions, in a Redis, are there. */
const WHILE_AWAY: Allowed = {
  login: ['204'],
  'first use': ['503 unavailable'],
  replay: ['503 unavailable'],
  'half visit': ['401'],
  'half transfer': ['503 unavailable'],
  'whole visit': ['401'],
}

const ALLOWED: Allowed = {
  login: ['204'],
  'first use': ['200', '422 invalid_code', '503 unavailable'],
  replay: ['422 invalid_code', '503 unavailable'],
  'half visit': ['401'],
  'half transfer': ['403 second_factor_required', '503 unavailable'],
  // Held while the records are away, and once a backup code has voided what other sessions have shown.
  'whole visit': ['200', '401'],
}

describe(`a PostgreSQL that is killed under load (FAULT_SEED=${SEED})`, () => {
  const redis = redisOfSuite()
  let server: PostgresServer
  let app: TestApp
  const prepare = async (settings: PoolConfig = {}): Promise<Load> => {
    server = await startPostgres()
    const storage = new PostgresStorage({ pool: await server.pool(settings) })
    app = await startTellingApp({ storage, sessions: await redis.client() })
    return Load.prepare({ app, allowed: ALLOWED, allowedWhileAway: WHILE_AWAY, seed: SEED })
  }
  afterEach(async () => {
    await app.close()
    await server.stop()
  })

  it(`${KILLS} times lets no code count again, nobody in meanwhile, and works again by itself`, async function () {
    this.timeout(120_000)
    const load = await prepare()
    await killUnderLoad(load, server, KILLS, SEED)
    await expectUnharmed(load, KILLS)
  })

  it('is caught when it forgets: without synchronous_commit, what was used just before counts again', async () => {
    const load = await prepare({ options: '-c synchronous_commit=off' })
    await killUnderLoad(load, server, 4, SEED)
    await expectForgotten(load)
  })
})
