import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StorageAdapter, StoredEntry } from '../../lib/index.js'

/** A SqliteStorage in another process, on the same file. */
export interface SqliteProcess {
  readonly storage: StorageAdapter
  stop(): Promise<void>
}

/** What is asked of the other process, and what it answers. */
export interface StorageCall {
  readonly id: number
  readonly method: keyof StorageAdapter
  readonly values: readonly unknown[]
}
export interface StorageAnswer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

export async function startSqliteProcess(file: string): Promise<SqliteProcess> {
  const program = fileURLToPath(new URL('sqlite-server.ts', import.meta.url))
  const child: ChildProcess = fork(program, [file], {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
  })
  const stop = () => child.kill('SIGKILL')
  process.once('exit', stop)
  await once(child, 'message')

  const waiting = new Map<number, (answer: StorageAnswer) => void>()
  child.on('message', (answer: StorageAnswer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  let calls = 0
  async function call(method: keyof StorageAdapter, ...values: unknown[]): Promise<unknown> {
    const id = ++calls
    const answered = new Promise<StorageAnswer>((resolve) => waiting.set(id, resolve))
    child.send({ id, method, values } satisfies StorageCall)
    const { error, result } = await answered
    if (error !== undefined) throw new Error(error)
    return result
  }
  return {
    storage: {
      read: (userId) => call('read', userId) as Promise<StoredEntry | undefined>,
      insert: (userId, entry) => call('insert', userId, entry) as Promise<boolean>,
      replace: (userId, entry, revision) => call('replace', userId, entry, revision) as Promise<boolean>,
      remove: (userId, revision) => call('remove', userId, revision) as Promise<boolean>,
    },
    async stop() {
      process.removeListener('exit', stop)
      const ended = once(child, 'exit')
      if (stop()) await ended
    },
  }
}
