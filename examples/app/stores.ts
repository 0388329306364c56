import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { StorageAdapter } from 'express-2fa'
import type { Store } from 'express-session'
import type { Accounts } from './accounts.js'

/** Everything that the application keeps. */
export interface Stores {
  readonly accounts: Accounts
  readonly sessions: Store
  readonly secondFactors: StorageAdapter
  /** Said once, at the start. */
  readonly description: string
  /** False while nothing can be read or written. */
  isReachable(): boolean
  close(): Promise<void>
}

/** The Redis at `redisUrl`; else a Redis of our own, when there is a `redis-server` to start; else SQLite. */
export async function openStores(folder: string, redisUrl: string | undefined): Promise<Stores> {
  if (redisUrl) return (await import('./redis-stores.js')).openRedisAt(redisUrl)
  if (isOnPath('redis-server')) return (await import('./redis-stores.js')).openOwnRedis(folder)
  return (await import('./sqlite-stores.js')).openSqlite(folder)
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}
