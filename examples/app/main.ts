import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createApp } from './app.js'
import { readSecrets } from './secrets.js'
import { openStores, type Stores } from './stores.js'

/** Where the sources are, seen from where they are built to. */
const SOURCES = new URL('../../../examples/app/', import.meta.url)
const { PORT = '3000', REDIS_URL, DATA_FOLDER } = process.env

let stores: Stores | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    void Promise.resolve(stores?.close()).finally(() => process.exit())
  })
}

try {
  const folder = DATA_FOLDER ?? fileURLToPath(new URL('data', SOURCES))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  stores = await openStores(folder, REDIS_URL)
  const app = createApp(stores, readSecrets(folder), fileURLToPath(new URL('public', SOURCES)))
  const server = createServer(app).listen(Number(PORT), '127.0.0.1')
  await once(server, 'listening')
  console.log(stores.description)
  console.log(`Open http://127.0.0.1:${(server.address() as AddressInfo).port}`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  await stores?.close()
  process.exit(1)
}
