// The other process of `startSqliteProcess`: answers for the SQLite file that it is given.
import Database from 'libsql'
import type { StorageAdapter } from '../../lib/index.js'
import { SqliteStorage } from '../../lib/storage/sqlite.js'
import type { StorageAnswer, StorageCall } from './sqlite-process.js'

const database = new Database(process.argv[2] ?? '', { timeout: 5000 })
const storage: StorageAdapter = new SqliteStorage({ database })
const operations = storage as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>

const answer = (message: StorageAnswer) => process.send?.(message)

process.on('message', ({ id, method, values }: StorageCall) => {
  operations[method]?.call(storage, ...values).then(
    (result) => answer({ id, result }),
    (error: unknown) => answer({ id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
answer({ id: 0 })
