import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import supertest from 'supertest'
import type { Browser } from './app.js'

/** An example, running in a process of its own. */
export interface Example {
  readonly url: string
  /** What it has printed. */
  output(): string
  /** A browser of its own, cookies included. */
  browser(): Browser
  /** End it as its owner would, and wait for its end. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Where the build has put an example, such as `app/main`. */
export const builtExample = (name: string): string => join(ROOT, 'build/examples', `${name}.js`)

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const example of running) example.kill()
})

/** Start a built example on a free port; by default the one of `npm start`. */
export async function startExample(
  environment: Readonly<Record<string, string>>,
  name = 'app/main',
): Promise<Example> {
  const program = builtExample(name)
  if (!existsSync(program)) throw new Error('The example is not built: run `npm run build` first.')
  return startProgram(program, ROOT, { PORT: '0', ...environment })
}

/**
 * Start a program of Node that says where it listens. Nothing of the test's own environment reaches it but the PATH.
 */
export async function startProgram(
  program: string,
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<Example> {
  const { PATH = '' } = process.env
  const example = spawn(process.execPath, [program], {
    cwd,
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(example)
  const ended = once(example, 'close').finally(() => running.delete(example))
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [example.stdout, example.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? []
        if (address) resolve(address)
      })
    }
    ended.then(() => {
      reject(new Error(`The example has ended: ${output}`))
    }, reject)
  })
  return {
    url,
    output: () => output,
    browser: () => supertest.agent(url),
    async stop(signal = 'SIGTERM') {
      example.kill(signal)
      await ended
    },
  }
}
