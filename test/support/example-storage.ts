import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import pg from 'pg'
import type { StorageAdapter } from '../../lib/index.js'
import { storageConformance } from '../../lib/testing/index.js'
import { AlternatingStorage } from '../../lib/testing/alternating-storage.js'
import { ENTRY } from './entry.js'
import { type PostgresServer, startPostgres } from './postgres.js'
import { allReject } from './storages.js'

/** An example's storage, and the client that it is on. */
export interface OpenStorage {
  readonly storage: StorageAdapter
  close(): Promise<unknown>
}

/** How an example is used on a database at a URL. */
export interface ExampleStorage {
  /** Make what the example needs, as its own migration would. */
  readonly prepare: (url: string) => Promise<unknown>
  readonly open: (url: string) => OpenStorage
}

/**
 * An example on a PostgreSQL of its own keeps the contract, over two clients in turn, and fails as it should. To be
 * called where the example is described; the URL is known once the tests run.
 */
export function holdsOnPostgres({ prepare, open }: ExampleStorage): { readonly url: () => string } {
  let server: PostgresServer
  let storage: StorageAdapter
  const opened: OpenStorage[] = []
  const openStorage = (url: string): StorageAdapter => {
    const one = open(url)
    opened.push(one)
    return one.storage
  }
  before(async () => {
    server = await startPostgres()
    await prepare(server.url)
    storage = new AlternatingStorage([openStorage(server.url), openStorage(server.url)])
  })
  after(async () => {
    await Promise.all(opened.map((one) => one.close()))
    await server.stop()
  })

  storageConformance({ describe, it }, () => storage)

  it('rejects, and does not answer false, when the table is missing', async () => {
    await queryOnce(server.url, 'CREATE DATABASE empty')
    await allReject(openStorage(server.url.replace(/postgres$/, 'empty')))
  })

  it('rejects while the server is away, and works again when it is back', async () => {
    expect(await storage.insert('somebody', ENTRY)).to.equal(true)
    await server.kill()
    await allReject(storage).finally(() => server.restart())
    expect(await storage.read('somebody')).to.deep.equal(ENTRY)
  })

  return { url: () => server.url }
}

/** One statement, or several, on a connection of its own. */
export async function queryOnce(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

/** A pool, as an application has one: without listeners, a connection that is lost would end the process. */
export function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => undefined)
  // Kysely takes clients out of the pool, where nobody listens to them.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
