import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const PATIENCE_MS = 20_000

/** How a server is started, once and again. */
export interface ServerCommand {
  readonly program: string
  readonly options: readonly string[]
  /** Run as this user, where the tests run as root. */
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  /** It works in processes of its own making, which a crash ends as well. */
  readonly forks?: boolean
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
      if (server.exitCode === null && server.signalCode === null) {
        const exited = once(server, 'exit')
        if (command.forks) await killChildren(server)
        server.kill('SIGKILL')
        await exited
      }
      running.delete(server)
    },
    async restart() {
      server = await relaunch(command)
    },
    signal(signal) {
      server.kill(signal)
    },
  }
}

/** Launch until it stays: what a killed server held may be held for a moment longer. */
async function relaunch(command: ServerCommand): Promise<ChildProcess> {
  const giveUpAt = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await launch(command)
    } catch (error) {
      if (!(error instanceof EndedAtOnce) || Date.now() > giveUpAt) throw error
      await delay(20)
    }
  }
}

class EndedAtOnce extends Error {}

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
    if (server.exitCode !== null) {
      running.delete(server)
      throw new EndedAtOnce(`${program} ended at once.`)
    }
    try {
      await ping()
      return server
    } catch (error) {
      if (Date.now() > giveUpAt) throw new Error(`${program} did not answer in time.`, { cause: error })
      await delay(20)
    }
  }
}

/** Kill what a server has forked. It stands still meanwhile, so that it makes no others. */
async function killChildren(server: ChildProcess): Promise<void> {
  server.kill('SIGSTOP')
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid='])
  for (const line of stdout.split('\n')) {
    const [child, parent] = line.trim().split(/\s+/).map(Number)
    if (child !== undefined && parent === server.pid) endProcess(child)
  }
}

function endProcess(id: number): void {
  try {
    process.kill(id, 'SIGKILL')
  } catch {
    // It has ended by itself.
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
