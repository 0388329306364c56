import { expect } from 'chai'
import { afterEach, before, describe, it } from 'mocha'
import { RedisStorage } from '../../lib/storage/redis.js'
import type { TestApp } from '../support/app.js'
import { guessesBut, WITH_CODE_PATHS } from '../support/code-paths.js'
import { type Failure, FailingStorage, type StorageMethod } from '../support/failing-storage.js'
import { appsOnRedis, redisOfSuite } from '../support/suite.js'

const WRITES: readonly StorageMethod[] = ['insert', 'replace', 'remove']
const READS: readonly StorageMethod[] = ['read']

const saying = (how: Failure): string =>
  typeof how === 'string' ? `does "${how}"` : `answers ${String(how.answer)}`

/**
 * What a storage does in place of what it must. None of it is a yes, and none of it is a no. More of that, for the
 * service: test/second-factor.test.ts. None at all: test/express/outage.test.ts.
 */
const FAILURES: readonly (readonly [methods: readonly StorageMethod[], how: Failure])[] = [
  [WRITES, 'reject'],
  [WRITES, 'throw'],
  ...[undefined, null, 1].map((answer) => [WRITES, { answer }] as const),
  [READS, 'reject'],
  ...[null, false, {}].map((answer) => [READS, { answer }] as const),
]

describe('a storage that fails', () => {
  const apps = appsOnRedis()
  const redis = redisOfSuite()
  let storage: FailingStorage
  let app: TestApp
  before(async () => {
    storage = new FailingStorage(new RedisStorage({ client: await redis.client() }))
    app = await apps.start({ ...WITH_CODE_PATHS, storage })
  })

  afterEach(() => {
    storage.recover()
  })

  for (const path of guessesBut()) {
    describe(`[${path.title}]`, () => {
      for (const [methods, how] of FAILURES) {
        it(`C18 C28 lets nobody in when a ${methods === READS ? 'read' : 'write'} ${saying(how)}, and spends nothing`, async () => {
          const guest = await path.invite(app)
          const door = await path.open(app, guest)
          storage.fail(how, { methods })
          expect(await door.show(guest.code())).to.equal(503)
          storage.recover()
          expect(await door.isOpen()).to.equal(path.title === 'step-up')
          expect(await door.show(guest.code())).to.equal(200)
        })
      }

      it('C15 forgives no guess that was charged before, and goes on counting from there', async () => {
        const guest = await path.invite(app)
        const door = await path.open(app, guest)
        for (let count = 1; count < 5; count++) expect(await door.show(guest.wrongCode())).to.equal(422)
        for (const how of ['reject', 'throw', { answer: undefined }] as const) {
          storage.fail(how, { methods: WRITES })
          expect(await door.show(guest.code())).to.equal(503)
          storage.recover()
        }
        expect(await door.show(guest.wrongCode())).to.equal(422)
        expect(await door.show(guest.code())).to.equal(429)
      })
    })
  }
})
