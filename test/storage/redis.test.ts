import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { RedisStorage, type RedisStorageClient } from '../../lib/storage/redis.js'
import { storageConformance } from '../../lib/testing/index.js'
import { type RedisClient, type RedisServer, startRedis } from '../support/redis.js'

const ENTRY = { revision: 'r', record: { schema: 1, epoch: 'e', authenticators: [] } } as const

describe('RedisStorage', () => {
  let server: RedisServer
  let client: RedisClient
  before(async () => {
    server = await startRedis()
    client = await server.client()
  })
  after(() => server.stop())

  storageConformance({ describe, it }, () => new RedisStorage({ client }))

  it('has one key per user, beginning with the prefix', async () => {
    await new RedisStorage({ client, prefix: 'mfa:' }).insert('somebody', ENTRY)
    expect(await client.keys('mfa:*')).to.deep.equal(['mfa:somebody'])
    expect(await new RedisStorage({ client }).read('somebody')).to.equal(undefined)
  })

  it('teaches its script to a server that has forgotten it', async () => {
    const storage = new RedisStorage({ client })
    await client.scriptFlush()
    expect(await storage.insert('after a flush', ENTRY)).to.equal(true)
    await client.scriptFlush()
    expect(await storage.remove('after a flush', 'r')).to.equal(true)
  })

  it('rejects, and changes nothing, when the key holds something else', async () => {
    const storage = new RedisStorage({ client })
    await client.hSet('second-factor:taken', 'field', 'value')
    for (const attempt of [
      () => storage.read('taken'),
      () => storage.replace('taken', ENTRY, 'r'),
      () => storage.remove('taken', 'r'),
    ]) {
      expect(await attempt().catch((error: unknown) => error)).to.be.instanceOf(Error)
    }
    expect(await storage.insert('taken', ENTRY)).to.equal(false)
    expect(await client.hGet('second-factor:taken', 'field')).to.equal('value')
  })

  it('rejects while the server is away, and works again when it is back', async () => {
    const storage = new RedisStorage({ client })
    await storage.insert('patient', ENTRY)
    await server.kill()
    for (const attempt of [
      () => storage.read('patient'),
      () => storage.insert('patient', ENTRY),
      () => storage.replace('patient', ENTRY, 'r'),
      () => storage.remove('patient', 'r'),
    ]) {
      expect(await attempt().catch((error: unknown) => error)).to.be.instanceOf(Error)
    }
    await server.restart()
    while (!client.isReady) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await storage.read('patient')).to.deep.equal(ENTRY)
  })

  it('refuses what is no client, saying what to pass', () => {
    expect(() => new RedisStorage({ client: {} as RedisStorageClient })).to.throw(TypeError, 'node-redis')
    expect(() => new RedisStorage({ client, prefix: 7 as unknown as string })).to.throw(TypeError, 'prefix')
  })
})
