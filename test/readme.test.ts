import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import supertest from 'supertest'
import type pg from 'pg'
import type { StorageAdapter } from '../lib/index.js'
import { storageConformance, TestAuthenticator } from '../lib/testing/index.js'
import { complaintsOf, folderWithin } from './support/compile.js'
import { GIVEN } from './support/given-names.js'
import { type PostgresServer, startPostgres } from './support/postgres.js'
import { type RedisServer, startRedis } from './support/redis.js'
import { freePort } from './support/server-process.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TIME_STEP = 30_000
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const DOCUMENTS = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]

describe('the README', () => {
  const folder = folderWithin('readme')
  const file = (name: string) => join(folder.path, name)
  before(() => {
    writeFileSync(file('quick-start.ts'), firstProgramBelow('## Quick start'))
    writeFileSync(file('my-storage.ts'), firstProgramBelow('### Write your own storage'))
  })
  after(() => {
    folder.remove()
  })

  it('has programs that compile with strict options, and so have the documents', () => {
    const programs = Object.fromEntries(DOCUMENTS.flatMap(programsOf))
    expect(Object.keys(programs).length).to.be.greaterThan(8)
    expect(Object.keys(programs)).to.include.members(['README-1.ts', 'my-storage.ts'])
    expect(complaintsOf(programs, GIVEN)).to.deep.equal([])
  })

  describe('quick start', () => {
    let redis: RedisServer
    let server: ChildProcess | undefined
    before(async () => {
      redis = await startRedis()
    })
    after(async () => {
      server?.kill('SIGKILL')
      await redis.stop()
    })

    it('P5 runs as it stands: enrols, holds, and lets in with a code', async () => {
      const port = await freePort()
      server = spawn(process.execPath, ['--import', 'tsx', file('quick-start.ts')], {
        cwd: ROOT,
        stdio: 'ignore',
        env: {
          ...process.env,
          PORT: String(port),
          REDIS_URL: redis.url,
          SECOND_FACTOR_SECRET: 'x'.repeat(32),
          SESSION_SECRET: 'y'.repeat(32),
        },
      })
      const url = `http://127.0.0.1:${port}`
      await answering(url)

      const browser = supertest.agent(url)
      await browser.post('/login').send({ name: 'alice' }).expect(204)
      await browser.get('/account').expect(200)
      const begun = await browser.post('/2fa/totp').expect(201)
      const { id, uri } = begun.body as { id: string; uri: string }
      const phone = new TestAuthenticator(uri)
      const confirmed = await browser
        .post(`/2fa/totp/${id}/verify`)
        .send({ code: phone.codeAt() })
        .expect(200)
      expect((confirmed.body as { backupCodes: string[] }).backupCodes).to.have.length(10)

      const again = supertest.agent(url)
      await again.post('/login').send({ name: 'alice' }).expect(204)
      await again.get('/account').expect(401)
      await again.post('/transfer').expect(403)
      await again
        .post('/login/2fa')
        .send({ code: phone.codeAt(Date.now() + TIME_STEP) })
        .expect(204)
      await again.get('/account').expect(200, { account: { id: 'alice' } })
      await again.post('/transfer').expect(204)
    })
  })

  describe('storage of your own', () => {
    let postgres: PostgresServer
    let pool: pg.Pool
    before(async () => {
      postgres = await startPostgres()
      pool = await postgres.pool()
    })
    after(() => postgres.stop())

    storageConformance({ describe, it }, async () => {
      const { MyStorage } = (await import(file('my-storage.ts'))) as {
        MyStorage: new (pool: pg.Pool) => StorageAdapter
      }
      return new MyStorage(pool)
    })
  })
})

/** Every `ts` and `js` block of a document, by a file name; the storage is named as the test of it imports it. */
function programsOf(document: string): readonly (readonly [string, string])[] {
  const blocks = read(document).matchAll(/```(ts|js)\n([\s\S]*?)```/g)
  return Array.from(blocks, ([, kind = '', program = ''], index) => [
    program.includes('class MyStorage')
      ? 'my-storage.ts'
      : `${document.replace(/.*\/|\.md$/g, '')}-${index + 1}.${kind}`,
    program,
  ])
}

/** The first program below a heading, to the letter. */
function firstProgramBelow(heading: string): string {
  const program = read('README.md').split(`\n${heading}\n`)[1]?.split('```ts\n')[1]?.split('```')[0]
  if (!program) throw new Error(`There is no program below "${heading}".`)
  return program
}

async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      await fetch(url)
      return
    } catch {
      await delay(50)
    }
  }
  throw new Error('The quick start does not listen.')
}
