import { createHash } from 'node:crypto'
import type { StorageAdapter, StoredEntry } from './adapter.js'

/** What is used of a node-redis client (`createClient`, version 5 or newer). */
export interface RedisStorageClient {
  get(key: string): Promise<unknown>
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** Options of {@link RedisStorage}. */
export interface RedisStorageOptions {
  /** A connected node-redis client; it stays the application's own. */
  readonly client: RedisStorageClient
  /** What every key starts with. Default `second-factor:`. */
  readonly prefix?: string
}

/**
 * The only writer. KEYS[1]: the user's key. ARGV[1]: how the present value must begin, '' when there must be none.
 * ARGV[2]: the value to store, '' to remove it. A key of another type raises an error, which rejects.
 */
const COMPARE_AND_SET = `
if ARGV[1] == '' then
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
elseif redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 1`
const COMPARE_AND_SET_SHA1 = createHash('sha1').update(COMPARE_AND_SET).digest('hex')

/**
 * Records in Redis or Valkey: one string per user, `["revision",{record}]`, changed by one script.
 *
 * Give the client `disableOfflineQueue: true`, so that a lost server is an error at once instead of a queue.
 *
 * @throws TypeError when `client` is not a node-redis client
 */
export class RedisStorage implements StorageAdapter {
  readonly #client: RedisStorageClient
  readonly #prefix: string

  constructor(options: RedisStorageOptions) {
    const { client, prefix = 'second-factor:' } = options
    for (const method of ['get', 'evalSha', 'eval'] as const) {
      if (typeof (client as Partial<RedisStorageClient> | undefined)?.[method] !== 'function') {
        throw new TypeError(`RedisStorage: client must be a node-redis client (it has no ${method}()).`)
      }
    }
    if (typeof prefix !== 'string') throw new TypeError('RedisStorage: prefix must be a string.')
    this.#client = client
    this.#prefix = prefix
  }

  async read(userId: string): Promise<StoredEntry | undefined> {
    const value = await this.#client.get(this.#prefix + userId)
    if (value === null) return undefined
    if (typeof value !== 'string')
      throw new TypeError('RedisStorage: the client did not answer with a string.')
    const [revision, record] = JSON.parse(value) as [string, StoredEntry['record']]
    return { revision, record }
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.#compareAndSet(userId, '', encode(entry))
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    return this.#compareAndSet(userId, beginning(revision), encode(entry))
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    return this.#compareAndSet(userId, beginning(revision), '')
  }

  async #compareAndSet(userId: string, expected: string, next: string): Promise<boolean> {
    const call = { keys: [this.#prefix + userId], arguments: [expected, next] }
    const answer = await this.#client.evalSha(COMPARE_AND_SET_SHA1, call).catch((error: unknown) => {
      // The server does not know the script yet, so it has not run it: teaching it is no second attempt.
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) {
        return this.#client.eval(COMPARE_AND_SET, call)
      }
      throw error
    })
    if (answer !== 0 && answer !== 1)
      throw new TypeError('RedisStorage: the script gave an unexpected answer.')
    return answer === 1
  }
}

/** Revision and record as one JSON array, so that every value of a revision begins alike and no other does. */
const encode = (entry: StoredEntry) => JSON.stringify([entry.revision, entry.record])
const beginning = (revision: string) => `[${JSON.stringify(revision)},`
