import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import pg from 'pg'
import { createClient, createClientPool } from 'redis'
import { RedisStorage, type RedisStorageClient } from '../../lib/storage/redis.js'
import { storageConformance } from '../../lib/testing/index.js'
import { ENTRY } from '../support/entry.js'
import { type RedisClient, type RedisServer, startRedis } from '../support/redis.js'
import { enrolUser, newService, succeeded } from '../support/service.js'
import { allReject } from '../support/storages.js'

describe('RedisStorage', () => {
  let server: RedisServer
  let client: RedisClient
  let another: RedisClient
  before(async () => {
    server = await startRedis()
    client = await server.client()
    another = await server.client()
  })
  after(() => server.stop())

  storageConformance({ describe, it }, () => {
    return [new RedisStorage({ client }), new RedisStorage({ client: another })]
  })

  describe('on a pool of clients that speak the older protocol', () => {
    let pool: ReturnType<typeof createClientPool>
    before(async () => {
      pool = createClientPool({ url: server.url, RESP: 2 }, { minimum: 3 })
      pool.on('error', () => undefined)
      await pool.connect()
    })
    after(() => {
      pool.destroy()
    })
    storageConformance({ describe, it }, () => new RedisStorage({ client: pool }))
  })

  it('C18 reads nothing from a primary that has become a replica', async () => {
    const former = await startRedis()
    const storage = new RedisStorage({ client: await former.client() })
    await storage.insert('somebody', ENTRY)
    await (await former.client()).replicaOf('127.0.0.1', server.port)
    expect(await storage.read('somebody').catch((error: unknown) => error)).to.be.instanceOf(Error)
    await former.stop()
  })

  it('reads what another client has just written, past the cache of a client that has one', async () => {
    const caching = createClient({ url: server.url, RESP: 3, clientSideCache: { ttl: 0, maxEntries: 0 } })
    caching.on('error', () => undefined)
    await caching.connect()
    const cached = new RedisStorage({ client: caching })
    const storage = new RedisStorage({ client })
    await storage.insert('cached', ENTRY)
    let { revision } = ENTRY
    for (let round = 0; round < 200; round++) {
      await cached.read('cached')
      const next = { ...ENTRY, revision: `round ${round}` }
      await storage.replace('cached', next, revision)
      revision = next.revision
      expect(await cached.read('cached')).to.deep.equal(next)
    }
    caching.destroy()
  })

  it('has one key per user, beginning with the prefix', async () => {
    await new RedisStorage({ client, prefix: 'mfa:' }).insert('somebody', ENTRY)
    expect(await client.keys('mfa:*')).to.deep.equal(['mfa:somebody'])
    expect(await new RedisStorage({ client }).read('somebody')).to.equal(undefined)
  })

  it('teaches its scripts to a server that has forgotten them', async () => {
    const storage = new RedisStorage({ client })
    await client.scriptFlush()
    expect(await storage.insert('after a flush', ENTRY)).to.equal(true)
    await client.scriptFlush()
    expect(await storage.read('after a flush')).to.deep.equal(ENTRY)
    expect(await storage.remove('after a flush', 'r')).to.equal(true)
  })

  it('keeps a user with ten backup codes in 700 bytes, the key included', async () => {
    const service = newService({ storage: new RedisStorage({ client }) })
    const userId = '01890a5d-ac96-774b-bcce-b302099a8057'
    const { phone } = await enrolUser(service, userId)
    succeeded(await service.secondFactor.verify(userId, phone.codeAt(service.clock.now())))
    expect(await client.memoryUsage(`second-factor:${userId}`)).to.be.at.most(700)
  })

  it('rejects, and changes nothing, when the key holds something else', async () => {
    const storage = new RedisStorage({ client })
    await client.hSet('second-factor:somebody', 'field', 'value')
    await allReject(storage)
    expect(await client.hGetAll('second-factor:somebody')).to.deep.equal({ field: 'value' })
    await client.del('second-factor:somebody')
  })

  for (const [what, value] of Object.entries({
    'an empty text': '',
    JSON: JSON.stringify(['r', ENTRY.record]),
    'a revision without a record': '1:1:r',
    'a revision and nothing but the random part': '1:1:r123456',
    'text that is no JSON': '1:1:r123456{"schema":1',
    'a run that is cut off': '1:1:r123456{"schema":"\x01\x7fcut',
    'a number that is cut off': '1:1:r123456{"schema":\x02cut',
    'a byte that stands for nothing': '1:1:r123456{"schema":1\x00}',
    'a length beyond the end': '1:99:r',
  })) {
    it(`C28 [storage] rejects a value that is ${what}`, async () => {
      await client.set('second-factor:odd', value)
      const answer: unknown = await new RedisStorage({ client }).read('odd').catch((error: unknown) => error)
      expect(answer).to.be.instanceOf(Error)
    })
  }

  it('rejects while the server is away, and works again when it is back', async () => {
    const storage = new RedisStorage({ client })
    await storage.insert('patient', ENTRY)
    await server.kill()
    await allReject(storage)
    await server.restart()
    while (!client.isReady) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await storage.read('patient')).to.deep.equal(ENTRY)
  })

  it('P5 refuses what is no client of node-redis, saying what to pass', () => {
    const others: readonly unknown[] = [undefined, null, 'redis://127.0.0.1/', {}, new pg.Pool()]
    for (const other of others) {
      const create = () => new RedisStorage({ client: other as RedisStorageClient })
      expect(create).to.throw(TypeError, 'createClient(')
    }
    expect(() => new RedisStorage({ client, prefix: 7 as unknown as string })).to.throw(TypeError, 'prefix')
  })
})
