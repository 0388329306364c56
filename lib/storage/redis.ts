import { createHash } from 'node:crypto'
import { checkNames } from '../check.js'
import type { StorageAdapter, StoredEntry } from './adapter.js'
import { beginning, compact, expand } from './compact.js'

/** What is used of a node-redis client: `createClient`, `createClientPool`, `createCluster`, `createSentinel`. */
export interface RedisStorageClient {
  /** The same client, answering with bytes. */
  withTypeMapping(mapping: { readonly 36: typeof Buffer }): RedisScriptClient
}

/** What is used of that client once it answers with bytes. */
export interface RedisScriptClient {
  /** `EVALSHA`. */
  evalSha(sha1: string, call: RedisScriptCall): Promise<unknown>
  /** `EVAL`, once for a script. */
  eval(script: string, call: RedisScriptCall): Promise<unknown>
}

/** One key, so that every call has one node of a cluster to go to. */
export interface RedisScriptCall {
  /** `KEYS`. */
  keys: [string]
  /** `ARGV`. */
  arguments: (string | Buffer)[]
}

/** Options of {@link RedisStorage}. */
export interface RedisStorageOptions {
  /** A connected node-redis client, version 5 or newer; it stays the application's own. */
  readonly client: RedisStorageClient
  /** What every key starts with. Default `second-factor:`. */
  readonly prefix?: string
}

/**
 * The only writer. KEYS[1]: the user's key. ARGV[1]: how the present value must begin, '' when there must be none.
 * ARGV[2]: the value to store, '' to remove it. A key of another type raises an error, which rejects.
 *
 * No two calls have the same value to store. If it is there already, then the answer to this very call got lost, and
 * the client, as one behind Sentinel does, has sent it again.
 */
const COMPARE_AND_SET = script(`
local present = redis.call('GET', KEYS[1])
if ARGV[2] ~= '' and present == ARGV[2] then return 1 end
if ARGV[1] == '' then
  if present then return 0 end
elseif not present or string.sub(present, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 1`)

/**
 * A GET may be answered by a replica or from a cache in the client, and both lag. PERSIST changes nothing, as no key of
 * ours expires; but it is a write, which a replica, or a primary that has become one, refuses. It is a script and not
 * GETEX, because clients before 6.2 send that to replicas.
 */
const READ = script(`redis.call('PERSIST', KEYS[1]) return redis.call('GET', KEYS[1])`)

/** The type of Redis' strings in its protocol: `$`. */
const STRING_TYPE = 36

/**
 * Records in Redis or Valkey, single, behind Sentinel or in a cluster: one string per user, changed by one script.
 *
 * Give the client `disableOfflineQueue: true`, so that a lost server is an error at once instead of a queue; and one
 * behind Sentinel `maxCommandRediscovers: 0`: else it repeats a removal whose answer got lost, which then finds nothing.
 *
 * @throws TypeError when `client` is not a node-redis client
 */
export class RedisStorage implements StorageAdapter {
  readonly #client: RedisScriptClient
  readonly #prefix: string

  constructor(options: RedisStorageOptions) {
    checkNames('RedisStorage', options, ['client', 'prefix'])
    const { client, prefix = 'second-factor:' } = options
    for (const method of ['withTypeMapping', 'evalSha', 'eval'] as const) {
      if (
        typeof (client as Partial<RedisStorageClient & RedisScriptClient> | undefined)?.[method] !==
        'function'
      ) {
        throw new TypeError(
          `RedisStorage: client must be a client of the package "redis", version 5 or newer: createClient(), createCluster() or createSentinel() (it has no ${method}()).`,
        )
      }
    }
    if (typeof prefix !== 'string') throw new TypeError('RedisStorage: prefix must be a string.')
    this.#client = client.withTypeMapping({ [STRING_TYPE]: Buffer })
    this.#prefix = prefix
  }

  async read(userId: string): Promise<StoredEntry | undefined> {
    const value = await this.#run(READ, userId)
    if (value === null) return undefined
    if (!Buffer.isBuffer(value)) throw new TypeError('RedisStorage: the client did not answer with bytes.')
    return expand(value)
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.#compareAndSet(userId, '', compact(entry))
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    return this.#compareAndSet(userId, beginning(revision), compact(entry))
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    return this.#compareAndSet(userId, beginning(revision), '')
  }

  async #compareAndSet(userId: string, expected: Buffer | '', next: Buffer | ''): Promise<boolean> {
    const answer = await this.#run(COMPARE_AND_SET, userId, expected, next)
    if (answer !== 0 && answer !== 1)
      throw new TypeError('RedisStorage: the script gave an unexpected answer.')
    return answer === 1
  }

  async #run({ text, sha1 }: Script, userId: string, ...values: (string | Buffer)[]): Promise<unknown> {
    const call: RedisScriptCall = { keys: [this.#prefix + userId], arguments: values }
    try {
      return await this.#client.evalSha(sha1, call)
    } catch (error) {
      // The server does not know the script yet, so it has not run it: teaching it is no second attempt.
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return this.#client.eval(text, call)
      throw error
    }
  }
}

interface Script {
  readonly text: string
  readonly sha1: string
}

function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}
