import { Pool } from 'undici'
import type { TestAuthenticator } from '../../lib/testing/index.js'

/** How many requests are under way at any time. */
const CONNECTIONS = 16

/** One user's browser: an address and a cookie jar. */
export interface Browser {
  readonly id: string
  readonly phone: TestAuthenticator | undefined
  readonly backupCodes: readonly string[]
  readonly cookies: Map<string, string>
}

/** A request that one of them sends. */
export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** A server under load. */
export class Target {
  readonly #pool: Pool
  readonly #origin: string | undefined

  /** @param origin - what browsers say they come from, for a server that wants it said */
  constructor(port: number, origin?: string) {
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 })
    this.#origin = origin
  }

  /** Send one request, and keep the cookies that come back. */
  async send(browser: Browser, { method, path, body }: Call): Promise<Answer> {
    const answer = await this.#pool.request({
      method,
      path,
      headers: {
        cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body && { 'content-type': 'application/json' }),
        ...(this.#origin !== undefined && { origin: this.#origin }),
      },
      body: body ? JSON.stringify(body) : null,
    })
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) keepCookie(browser.cookies, line)
    return { status: answer.statusCode, text: await answer.body.text() }
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? []
  if (value === '') cookies.delete(name)
  else cookies.set(name, value)
}

/** Let every one of them do something, as many at a time as there are connections. */
export async function each<One>(all: readonly One[], task: (one: One) => Promise<unknown>): Promise<void> {
  const left = all.values()
  const worker = async () => {
    for (const one of left) await task(one)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
}
