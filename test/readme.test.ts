import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import supertest from 'supertest'
import type pg from 'pg'
import type { StorageAdapter } from '../lib/index.js'
import { storageConformance, TestAuthenticator } from '../lib/testing/index.js'
import { type PostgresServer, startPostgres } from './support/postgres.js'
import { type RedisServer, startRedis } from './support/redis.js'
import { freePort } from './support/server-process.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TIME_STEP = 30_000

describe('the README', () => {
  let folder: string
  const file = (name: string) => join(folder, name)
  before(() => {
    // Within the project, where the package and its peers are found by their names.
    mkdirSync(join(ROOT, 'build'), { recursive: true })
    folder = mkdtempSync(join(ROOT, 'build', 'readme-'))
    writeFileSync(file('quick-start.ts'), firstProgramBelow('## Quick start'))
    writeFileSync(file('my-storage.ts'), firstProgramBelow('### Write your own storage'))
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('has programs that compile with strict options', async () => {
    const config = join(folder, 'tsconfig.json')
    writeFileSync(
      config,
      JSON.stringify({
        compilerOptions: {
          strict: true,
          module: 'NodeNext',
          target: 'ES2023',
          noEmit: true,
          skipLibCheck: true,
          types: ['node'],
          typeRoots: [join(ROOT, 'node_modules/@types')],
        },
        files: [file('quick-start.ts'), file('my-storage.ts')],
      }),
    )
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
    const result = await promisify(execFile)(process.execPath, [compiler, '-p', config]).catch(
      (error: unknown) => error as { stdout: string },
    )
    expect(result.stdout).to.equal('')
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

/** The first program below a heading, to the letter. */
function firstProgramBelow(heading: string): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const program = readme.split(`\n${heading}\n`)[1]?.split('```ts\n')[1]?.split('```')[0]
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
