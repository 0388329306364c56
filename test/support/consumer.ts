import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './server-process.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A small project that has installed the packed package, as somebody who uses it has. */
export interface Consumer {
  write(file: string, text: string): void
  /** The exit status of a command, and everything it said. */
  run(command: string, ...words: string[]): { readonly status: number | null; readonly output: string }
  /** The Node of the package `node`, when it was among the packages. */
  readonly otherNode: string
  remove(): void
}

/** Pack the package, and install it and others, from the npm registry, into a folder of its own. */
export function installConsumer(...packages: string[]): Consumer {
  const folder = temporaryFolder()
  const npm = (...words: string[]) =>
    execFileSync('npm', words, { cwd: folder.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const tarball = npm('pack', '--ignore-scripts', '--silent', ROOT).trim()
  writeFileSync(join(folder.path, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  npm('install', '--no-audit', '--no-fund', `./${tarball}`, 'express', 'passport', ...packages)
  return {
    write(file, text) {
      writeFileSync(join(folder.path, file), text)
    },
    run(command, ...words) {
      const { status, stdout, stderr } = spawnSync(command, words, { cwd: folder.path, encoding: 'utf8' })
      return { status, output: stdout + stderr }
    },
    otherNode: join(folder.path, 'node_modules/node/bin/node'),
    remove() {
      folder.remove()
    },
  }
}
