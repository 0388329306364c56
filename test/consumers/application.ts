import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Project, Style } from './project.js'

const PATIENCE_MS = 30_000

/** An application in a process of its own. */
export interface RunningApplication {
  readonly url: string
  stop(): Promise<void>
}

const running = new Set<ReturnType<typeof fork>>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Start an application of a project by a Node of its own, and wait until it listens.
 *
 * @throws what it complained of, when it does not
 */
export async function startApplication(
  { folder }: Project,
  { file, entryPoints }: Style,
  node: string,
  redis: string,
): Promise<RunningApplication> {
  const child = fork(file, {
    cwd: folder,
    execPath: node,
    execArgv: [...entryPoints],
    env: { REDIS_URL: redis, SESSION_SECRET: 'y'.repeat(32), SECOND_FACTOR_SECRET: 'x'.repeat(32) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  running.add(child)
  const complaints: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk.toString()))
  const ended = once(child, 'exit').then(() => running.delete(child))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  const listening = once(child, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) })
  const first = await Promise.race([listening, ended]).catch(() => false)
  if (Array.isArray(first)) return { url: String(first[0]), stop }
  await stop()
  throw new Error(`It does not listen. ${complaints.join('')}`)
}
