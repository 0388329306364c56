import { inspect } from 'node:util'
import type { ErrorRequestHandler } from 'express'
import type { Response, Test } from 'supertest'
import { RESP_TYPES } from 'redis'
import type { SecondFactorEvent, StorageAdapter } from '../../lib/index.js'
import type { Browser } from './app.js'
import type { Trace } from './leak-search.js'
import type { RedisClient } from './redis.js'

const RECORDS = 'second-factor:'

/** Everything that is kept, told or sent while it looks. */
export class Traces {
  readonly all: Trace[] = []
  #answers = 0

  /** A browser each of whose answers is kept, with its headers. */
  watch(browser: Browser): Browser {
    return browser.use((request: Test) => {
      request.on('response', (answer: Response) => {
        const { method, url } = request as unknown as { readonly method: string; readonly url: string }
        const path = new URL(url).pathname.replace(/[\w-]{16}/, ':id')
        const where = `${++this.#answers}. ${method} ${path} ${answer.status}`
        this.add('answers', where, answer.text)
        this.add('headers', where, inspect(answer.headers, { depth: null }))
      })
    })
  }

  /** For `onEvent`. */
  readonly onEvent = (event: SecondFactorEvent): void => {
    this.add('events', event.type, JSON.stringify(event))
  }

  /** For the end of an application. */
  readonly onError: ErrorRequestHandler = (error, _req, _res, next) => {
    this.error(error, 'passed to next')
    next(error)
  }

  /** With its stack, all of its causes, and everything else that it carries. */
  error(error: unknown, where: string): void {
    this.add('errors', where, inspect(error, { depth: null, showHidden: true, maxStringLength: null }))
    if (error instanceof Error) this.add('errors', where, `${error.message} ${error.stack ?? ''}`)
  }

  /** Everything that a Redis has: keys, raw values, and records as the storage reads them. */
  async scan(client: RedisClient, storage: StorageAdapter, when: string): Promise<void> {
    const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
    for (const key of (await client.keys('*')).sort()) {
      const value = await raw.get(key)
      const isRecord = key.startsWith(RECORDS)
      this.add(isRecord ? 'raw records' : 'sessions', when, key)
      this.add(isRecord ? 'raw records' : 'sessions', when, value ?? '')
      if (isRecord) {
        this.add('records', when, JSON.stringify(await storage.read(key.slice(RECORDS.length))))
      }
    }
  }

  /** What is written to the process's output while `work` runs; it is kept, and not written. */
  async output<Result>(work: () => Promise<Result>): Promise<Result> {
    const restore = (['stdout', 'stderr'] as const).map((name) => {
      const stream = process[name]
      const write = stream.write.bind(stream)
      stream.write = (chunk: string | Uint8Array): boolean => {
        this.add('output', name, Buffer.from(chunk))
        return true
      }
      return () => {
        stream.write = write
      }
    })
    try {
      return await work()
    } finally {
      for (const one of restore) one()
    }
  }

  add(place: string, where: string, content: string | Buffer): void {
    this.all.push({ place, where, content })
  }
}
