import { expect } from 'chai'
import { describe, it } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import type { RedisClient } from '../support/redis.js'
import { rejection } from '../support/service.js'
import { fuzz, type FuzzSubject } from './fuzz.js'
import { DISABLE_AFTER, MOST_AUTHENTICATORS } from './person.js'

const SEED = 1
const ENOUGH = 10_000

/** Says that every second change was made, and makes every other. */
function forgetfulStorage(client: RedisClient) {
  const storage = new RedisStorage({ client })
  let changes = 0
  return {
    read: storage.read.bind(storage),
    insert: storage.insert.bind(storage),
    remove: storage.remove.bind(storage),
    replace: (...change: Parameters<typeof storage.replace>) =>
      changes++ % 2 === 0 ? storage.replace(...change) : Promise.resolve(true),
  }
}

const BROKEN: readonly (readonly [string, FuzzSubject])[] = [
  ['that holds nobody', { app: { hold: false } }],
  ['whose storage forgets', { storageOn: forgetfulStorage }],
  [
    'that takes codes of five minutes',
    { app: { secondFactor: { totp: { window: 10, maxAuthenticators: MOST_AUTHENTICATORS } } } },
  ],
  [
    'that lets people guess',
    { app: { secondFactor: { throttle: { freeAttempts: DISABLE_AFTER, disableAfter: DISABLE_AFTER } } } },
  ],
  ['that asks for nothing fresh', { app: { router: { managementMaxAgeSeconds: 86_400 } } }],
  ['that hears other sites', { app: { router: { allowedOrigins: ['http://evil.example'] } } }],
]

describe('generated requests find an application', () => {
  for (const [title, subject] of BROKEN) {
    it(title, async function () {
      this.timeout(300_000)
      const error = await rejection(fuzz(SEED, ENOUGH, { ...subject, broken: true }))
      expect(String(error)).to.include('Property failed')
    })
  }
})
