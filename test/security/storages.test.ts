import { expect } from 'chai'
import Database from 'libsql'
import { after, before, describe, it } from 'mocha'
import { join } from 'node:path'
import { MemoryStorage, type StorageAdapter } from '../../lib/index.js'
import { MysqlStorage } from '../../lib/storage/mysql.js'
import { PostgresStorage } from '../../lib/storage/postgres.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { SqliteStorage, sqliteTable } from '../../lib/storage/sqlite.js'
import { FakeClock } from '../support/clock.js'
import { startMariadb } from '../support/mariadb.js'
import { startPostgres } from '../support/postgres.js'
import { startRedis } from '../support/redis.js'
import { temporaryFolder } from '../support/server-process.js'
import { startSqliteProcess } from '../support/sqlite-process.js'
import { enrolUser, newService, rejection, tally, type TestService } from '../support/service.js'

const RACERS = 50

interface StartedStorage {
  /** As each process of an application makes it: over a connection of its own. */
  readonly processes: readonly [StorageAdapter, StorageAdapter]
  readonly stop: () => Promise<void>
}

const STORAGES: Readonly<Record<string, () => Promise<StartedStorage>>> = {
  MemoryStorage: () => {
    const storage = new MemoryStorage()
    return Promise.resolve({ processes: [storage, storage], stop: () => Promise.resolve() })
  },
  RedisStorage: async () => {
    const server = await startRedis()
    const [one, other] = [await server.client(), await server.client()]
    return {
      processes: [new RedisStorage({ client: one }), new RedisStorage({ client: other })],
      stop: () => server.stop(),
    }
  },
  PostgresStorage: async () => {
    const server = await startPostgres()
    const [one, other] = [await server.pool(), await server.pool()]
    return {
      processes: [new PostgresStorage({ pool: one }), new PostgresStorage({ pool: other })],
      stop: () => server.stop(),
    }
  },
  SqliteStorage: async () => {
    const folder = temporaryFolder()
    const file = join(folder.path, 'records.db')
    const database = new Database(file, { timeout: 5000 })
    database.exec(sqliteTable())
    const other = await startSqliteProcess(file)
    return {
      processes: [new SqliteStorage({ database }), other.storage],
      async stop() {
        await other.stop()
        database.close()
        folder.remove()
      },
    }
  },
  MysqlStorage: async () => {
    const server = await startMariadb()
    const [one, other] = [await server.pool(), await server.pool()]
    return {
      processes: [new MysqlStorage({ pool: one }), new MysqlStorage({ pool: other })],
      stop: () => server.stop(),
    }
  },
}

for (const [title, start] of Object.entries(STORAGES)) {
  describe(`two processes on one ${title}, the [storage]`, () => {
    let started: StartedStorage
    let processes: readonly [TestService, TestService]
    before(async () => {
      started = await start()
      const clock = new FakeClock()
      const [one, other] = started.processes
      processes = [newService({ storage: one, clock }), newService({ storage: other, clock })]
    })
    after(() => started.stop())

    /** All at once, the processes by turns. */
    const race = (userId: string, codes: readonly string[]) =>
      Promise.all(codes.map((code, index) => inTurn(index).secondFactor.verify(userId, code)))
    const inTurn = (index: number): TestService => processes[index % 2 === 0 ? 0 : 1]
    const times = (code = ''): readonly string[] => Array<string>(RACERS).fill(code)

    it(`C4 C20 takes one of ${RACERS} parallel uses of a backup code`, async () => {
      const { backupCodes } = await enrolUser(processes[0], 'backup')
      expect(tally(await race('backup', times(backupCodes[0])))).to.deep.equal({
        ok: 1,
        invalid_code: RACERS - 1,
      })
    })

    it(`C24 takes one of ${RACERS} parallel uses of a TOTP code`, async () => {
      const { phone } = await enrolUser(processes[0], 'totp')
      const code = phone.codeAt(processes[0].clock.now())
      expect(tally(await race('totp', times(code)))).to.deep.equal({ ok: 1, invalid_code: RACERS - 1 })
    })

    it('C43 takes ten different backup codes and a TOTP code at once', async () => {
      const { phone, backupCodes } = await enrolUser(processes[0], 'different')
      const codes = [phone.codeAt(processes[0].clock.now()), ...backupCodes]
      expect(tally(await race('different', codes))).to.deep.equal({ ok: 11 })
    })

    it('C14 does not make one user’s entry another’s, also when it is moved whole', async () => {
      const owner = await enrolUser(processes[0], 'owner')
      await enrolUser(processes[0], 'thief')
      const [storage] = started.processes
      const [own, moved] = [await storage.read('thief'), await storage.read('owner')]
      if (!own || !moved) throw new Error('There is no entry.')
      expect(await storage.replace('thief', { ...moved, revision: 'moved' }, own.revision)).to.equal(true)
      for (const code of [owner.phone.codeAt(processes[0].clock.now()), owner.backupCodes[0] ?? '']) {
        const error = await rejection(processes[1].secondFactor.verify('thief', code))
        expect(error).to.include({ name: 'SecondFactorError', code: 'sealed_value_rejected' })
        expect(await processes[1].secondFactor.verify('owner', code)).to.include({ ok: true })
      }
    })
  })
}
