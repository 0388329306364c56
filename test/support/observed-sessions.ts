import type { SessionData } from 'express-session'
import type { RedisClient } from './redis.js'

/** What changes a stored session. */
export type SessionWrite = 'set' | 'del'

/** A session as Redis has it. */
export type StoredSession = Partial<SessionData> & {
  readonly passport?: { readonly user?: string }
  readonly basket?: string
  readonly returnTo?: string
  readonly messages?: readonly string[]
}

/** A real Redis client for a session store, which tells what was written through it, and fails when it is told to. */
export interface ObservedSessions {
  /** For the session store. */
  readonly client: RedisClient
  /** Every write that has succeeded, in order. */
  readonly writes: { readonly command: SessionWrite; readonly sessionId: string }[]
  /** From now on these writes reject: all of them, or so many. */
  fail(command: SessionWrite, times?: number): void
  /** From now on everything works. */
  recover(): void
  /** A session as Redis has it now. */
  read(sessionId: string): Promise<StoredSession | undefined>
  /** The same without the cookie, whose times change with every request. It must be there. */
  readContent(sessionId: string): Promise<Omit<StoredSession, 'cookie'>>
  /** Every session that Redis has now. */
  readAll(): Promise<StoredSession[]>
}

/** What connect-redis puts before a session id. */
const PREFIX = 'sess:'

export function observeSessions(client: RedisClient): ObservedSessions {
  const writes: ObservedSessions['writes'] = []
  const failures = new Map<SessionWrite, number>()

  async function write(command: SessionWrite, given: unknown[], act: () => Promise<unknown>) {
    const left = failures.get(command) ?? 0
    if (left > 0) {
      failures.set(command, left - 1)
      throw new Error('the session store is away')
    }
    const answer = await act()
    for (const key of [given[0]].flat()) writes.push({ command, sessionId: String(key).slice(PREFIX.length) })
    return answer
  }

  const read = async (key: string) => {
    const json = await client.get(key)
    return json === null ? undefined : (JSON.parse(json) as StoredSession)
  }

  return {
    client: new Proxy(client, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        // A client's private members are its own, not its proxy's.
        const act = (member as (...given: unknown[]) => Promise<unknown>).bind(target)
        if (name !== 'set' && name !== 'del') return act
        return (...given: unknown[]) => write(name, given, () => act(...given))
      },
    }),
    writes,
    fail: (command, times = Infinity) => failures.set(command, times),
    recover: () => {
      failures.clear()
    },
    read: (sessionId) => read(PREFIX + sessionId),
    async readContent(sessionId) {
      const session = await read(PREFIX + sessionId)
      if (!session) throw new Error('There is no such session.')
      const { cookie, ...content } = session
      return content
    },
    async readAll() {
      const sessions = await Promise.all((await client.keys(`${PREFIX}*`)).map(read))
      return sessions.filter((session) => session !== undefined)
    },
  }
}
