import type { RedisScriptCall, RedisScriptClient, RedisStorageClient } from 'express-2fa/storage/redis'

/** What is used of a client of the package "redis": single, a pool, in a cluster or behind Sentinel. */
export interface ReplicatedClient extends RedisScriptClient {
  withTypeMapping(mapping: { readonly 36: typeof Buffer }): ReplicatedClient
  multi(): Pipeline
}

interface Pipeline {
  evalSha(sha1: string, call: RedisScriptCall): Pipeline
  eval(script: string, call: RedisScriptCall): Pipeline
  wait(replicas: number, timeoutMilliseconds: number): Pipeline
  execAsPipeline(): Promise<unknown[]>
}

/** How many replicas have to have a write before anybody is told of it: all that may be promoted. */
export interface Replication {
  readonly replicas: number
  readonly timeoutMilliseconds: number
}

/**
 * A client whose writes count only once replicas have them, so that a promoted one knows every code whose use was
 * told: `new RedisStorage({ client: replicated(redis, { replicas: 1, timeoutMilliseconds: 1000 }) })`.
 *
 * It rejects, and so the answer is 503, when too few replicas acknowledge in time; the primary has written all the
 * same. Give it a connection, or a pool, of its own: WAIT holds up what is behind it on the connection.
 */
export function replicated(
  client: ReplicatedClient,
  replication: Replication,
): RedisStorageClient & RedisScriptClient {
  const { replicas, timeoutMilliseconds } = replication

  /** WAIT speaks of its own connection: a pipeline goes through one, or is rejected as a whole. */
  async function acknowledged(script: Pipeline): Promise<unknown> {
    const [answer, count] = await script.wait(replicas, timeoutMilliseconds).execAsPipeline()
    if (typeof count === 'number' && count >= replicas) return answer
    throw new Error(`Of ${replicas} replicas, ${String(count)} acknowledged the write in time.`)
  }

  return {
    withTypeMapping: (mapping) => replicated(client.withTypeMapping(mapping), replication),
    evalSha: (sha1, call) =>
      writes(call) ? acknowledged(client.multi().evalSha(sha1, call)) : client.evalSha(sha1, call),
    eval: (script, call) =>
      writes(call) ? acknowledged(client.multi().eval(script, call)) : client.eval(script, call),
  }
}

/** RedisStorage gives its script that writes what to write; its script that reads takes nothing but the key. */
const writes = (call: RedisScriptCall): boolean => call.arguments.length > 0
