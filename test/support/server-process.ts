import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const PATIENCE_MS = 20_000

/** How a server is started, once and again. */
export interface ServerCommand {
  readonly program: string
  readonly options: readonly string[]
  /** Run as this user, where the tests run as root. */
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  /** Rejects while the server does not answer. */
  readonly ping: () => Promise<unknown>
}

/** A server of the tests' own, which ends with them, also when they fail. */
export interface ServerProcess {
  /** Kill the server without a word, as a crash would. */
  kill(): Promise<void>
  /** Start it again on the same port and data. */
  restart(): Promise<void>
  /** Stop the world for it, as a paused machine would; `SIGCONT` lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const server of running) server.kill('SIGKILL')
})

/** Start a server, and wait until it answers. */
export async function startProcess(command: ServerCommand): Promise<ServerProcess> {
  let server = await launch(command)
  return {
    async kill() {
      running.delete(server)
      if (server.exitCode !== null || server.signalCode !== null) return
      const exited = once(server, 'exit')
      server.kill('SIGKILL')
      await exited
    },
    async restart() {
      server = await launch(command)
    },
    signal(signal) {
      server.kill(signal)
    },
  }
}

async function launch({ program, options, uid, gid, ping }: ServerCommand): Promise<ChildProcess> {
  const server = spawn(program, options, {
    stdio: 'ignore',
    cwd: tmpdir(),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  })
  running.add(server)
  const giveUpAt = Date.now() + PATIENCE_MS
  for (;;) {
    if (server.exitCode !== null) throw new Error(`${program} ended at once.`)
    try {
      await ping()
      return server
    } catch (error) {
      if (Date.now() > giveUpAt) throw new Error(`${program} did not answer in time.`, { cause: error })
      await delay(20)
    }
  }
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}

/** A folder for a server's data. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'express-2fa-'))
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true })
    },
  }
}
