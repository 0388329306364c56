import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packInto } from '../support/consumer.js'
import { type Example, startProgram } from '../support/example.js'
import { temporaryFolder } from '../support/server-process.js'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const PLAIN_APP = join(ROOT, 'examples/convert/plain-app')
const LIST_ROUTES = fileURLToPath(new URL('list-routes.cjs', import.meta.url))
export const PATCH = join(ROOT, 'examples/convert/add-second-factor.patch')

/** How many lines the patch adds and takes away, blank ones and package.json included. */
export function changedLines(): number {
  const lines = readFileSync(PATCH, 'utf8').split('\n')
  return lines.filter((line) => /^[+-]/.test(line) && !/^(?:---|\+\+\+) [ab]\//.test(line)).length
}

/** A route of the application: a method, and a path as Express has it. */
export interface Route {
  readonly method: string
  readonly path: string
}

/** The plain application, in a git repository of its own. */
export interface Repository {
  /** Install what its package.json asks for. */
  install(): void
  /** Apply the patch, and install this package, packed, beside the others. */
  convert(): void
  /** What has changed since the first commit: files, and lines added and removed. */
  changes(): string
  /** Its routes, as the running application has them. */
  routes(environment: Readonly<Record<string, string>>): readonly Route[]
  start(environment: Readonly<Record<string, string>>): Promise<Example>
  remove(): void
}

/** Copy the plain application to a temporary folder, and commit it there. */
export function newRepository(): Repository {
  const { path: cwd, remove } = temporaryFolder()
  cpSync(PLAIN_APP, cwd, { recursive: true })
  const run = (program: string, words: readonly string[], env = process.env) =>
    execFileSync(program, words, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  const git = (...words: string[]) => run('git', words)
  const npm = (...words: string[]) => run('npm', words)
  git('init', '--quiet')
  git('add', '--all')
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false']
  git(...author, 'commit', '--quiet', '--message', 'The plain application')
  return {
    install() {
      npm('install', '--no-audit', '--no-fund', '--no-package-lock')
    },
    convert() {
      git('apply', PATCH)
      npm('install', '--no-audit', '--no-fund', '--no-package-lock', '--no-save', packInto(cwd))
    },
    changes: () => git('diff', '--shortstat', 'HEAD').trim(),
    routes(environment) {
      const { PATH } = process.env
      return JSON.parse(run(process.execPath, [LIST_ROUTES], { PATH, ...environment })) as readonly Route[]
    },
    start: (environment) => startProgram(join(cwd, 'server.js'), cwd, { PORT: '0', ...environment }),
    remove,
  }
}

/** How many routes the source of the plain application has, counted by its words. */
export function routesInSource(): number {
  const sources = ['app.js', 'routes/notes.js', 'routes/admin.js', 'routes/api.js']
  const text = sources.map((file) => readFileSync(join(PLAIN_APP, file), 'utf8')).join('\n')
  return text.match(/(?:^| |\b(?:app|router))\.(?:get|post|put|patch|delete)\(/gm)?.length ?? 0
}
