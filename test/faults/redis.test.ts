import { afterEach, describe, it } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import type { TestApp } from '../support/app.js'
import { type RedisClient, type RedisServer, startRedis } from '../support/redis.js'
import { startTellingApp } from './application.js'
import { type Allowed, Load } from './load.js'
import { SEED } from './random.js'
import { expectForgotten, expectUnharmed, killUnderLoad } from './survival.js'

const KILLS = 20

/** Sessions are away as well as records, and express-session, in front of us, passes that on as an error. */
const WITHOUT_SESSIONS = ['500 of express-session', 'no answer']

const WHILE_AWAY: Allowed = {
  login: ['500 of application', 'no answer'],
  'first use': WITHOUT_SESSIONS,
  replay: WITHOUT_SESSIONS,
  'half visit': WITHOUT_SESSIONS,
  'half transfer': WITHOUT_SESSIONS,
  'whole visit': WITHOUT_SESSIONS,
}

const ALLOWED: Allowed = {
  // Passport's login saves the session, and the application's own route passes on that it could not.
  login: ['204', '500 of application', 'no answer'],
  'first use': ['200', '422 invalid_code', '503 unavailable', ...WITHOUT_SESSIONS],
  replay: ['422 invalid_code', '503 unavailable', ...WITHOUT_SESSIONS],
  'half visit': ['401', ...WITHOUT_SESSIONS],
  'half transfer': ['403 second_factor_required', '503 unavailable', ...WITHOUT_SESSIONS],
  // Held while the records are away, and once a backup code has voided what other sessions have shown.
  'whole visit': ['200', '401', ...WITHOUT_SESSIONS],
}

describe(`a Redis that is killed under load (FAULT_SEED=${SEED})`, () => {
  let server: RedisServer
  let client: RedisClient
  let app: TestApp
  const prepare = async (settings: Readonly<Record<string, string>>): Promise<Load> => {
    server = await startRedis(settings)
    client = await server.client()
    app = await startTellingApp({ storage: new RedisStorage({ client }), sessions: client })
    return Load.prepare({ app, allowed: ALLOWED, allowedWhileAway: WHILE_AWAY, seed: SEED })
  }
  afterEach(async () => {
    await app.close()
    await server.stop()
  })

  it(`${KILLS} times lets no code count again, nobody in meanwhile, and works again by itself`, async function () {
    this.timeout(120_000)
    const load = await prepare({ appendonly: 'yes', appendfsync: 'always' })
    await killUnderLoad(load, server, KILLS, SEED)
    await expectUnharmed(load, KILLS)
  })

  it('is caught when it forgets: without appendonly, what was used since the last snapshot counts again', async () => {
    const load = await prepare({ appendonly: 'no' })
    await client.sendCommand(['SAVE'])
    await killUnderLoad(load, server, 2, SEED)
    await expectForgotten(load)
  })
})
