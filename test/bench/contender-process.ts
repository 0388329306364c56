import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Enrolled, Order, Usage } from './contenders/contender.js'

/** A contender in a process of its own. */
export interface ContenderProcess {
  readonly port: number
  enrol(ids: readonly string[]): Promise<readonly Enrolled[]>
  usage(): Promise<Usage>
  stop(): void
}

/** Start one; it ends with this process at the latest. */
export async function startContender(
  file: string,
  variant: string,
  environment: Readonly<Record<string, string>>,
): Promise<ContenderProcess> {
  const child = fork(new URL(`contenders/${file}.ts`, import.meta.url), [variant], {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, NODE_ENV: 'production', ...environment },
  })
  const port = (await message(child)) as number
  async function ask(order: Order): Promise<unknown> {
    const answer = message(child)
    child.send(order)
    return answer
  }
  return {
    port,
    enrol: async (ids) => (await ask({ order: 'enrol', ids })) as readonly Enrolled[],
    usage: async () => (await ask({ order: 'usage' })) as Usage,
    stop() {
      child.disconnect()
    },
  }
}

/** The next thing that it says. */
async function message(child: ChildProcess): Promise<unknown> {
  const waiting = new AbortController()
  try {
    const ended = once(child, 'exit', { signal: waiting.signal }).then(() => {
      throw new Error('A contender has ended.')
    })
    const [answer] = (await Promise.race([once(child, 'message', { signal: waiting.signal }), ended])) as [
      unknown,
    ]
    return answer
  } finally {
    waiting.abort()
  }
}
