import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './server-process.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A small project that has installed the packed package, as somebody who uses it has. */
export interface Consumer {
  write(file: string, text: string): void
  /** The exit status of a command, and everything it said. */
  run(command: string, ...words: string[]): { readonly status: number | null; readonly output: string }
  /** The Node of that version, when it was among the packages as `nodePackage` says. */
  node(version: string): string
  remove(): void
}

/** Pack the package as it was built; the tarball's path. */
export function packInto(folder: string): string {
  const words = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]
  return join(folder, execFileSync('npm', words, { cwd: ROOT, encoding: 'utf8' }).trim())
}

/** What to install for a Node of another version, where `nodeAt` finds it: the program itself, which needs no script. */
export function nodePackage(version: string): string {
  const system = `${process.platform}-${process.arch}`
  return `node-${version}@npm:node-${system === 'darwin-arm64' ? 'bin-' : ''}${system}@${version}`
}

/** Where that Node is, in a folder that has installed it. */
export function nodeAt(folder: string, version: string): string {
  return join(folder, `node_modules/node-${version}/bin/node`)
}

/** What that version turned out to be. */
export function nodeVersion(folder: string, version: string): string {
  const manifest = readFileSync(join(folder, `node_modules/node-${version}/package.json`), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

/** Pack the package, and install it and others, from the npm registry, into a folder of its own. */
export function installConsumer(...packages: string[]): Consumer {
  const folder = temporaryFolder()
  const npm = (...words: string[]) =>
    execFileSync('npm', words, { cwd: folder.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  writeFileSync(join(folder.path, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  npm('install', '--no-audit', '--no-fund', packInto(folder.path), 'express', 'passport', ...packages)
  return {
    write(file, text) {
      writeFileSync(join(folder.path, file), text)
    },
    run(command, ...words) {
      const { status, stdout, stderr } = spawnSync(command, words, { cwd: folder.path, encoding: 'utf8' })
      return { status, output: stdout + stderr }
    },
    node: (version) => nodeAt(folder.path, version),
    remove() {
      folder.remove()
    },
  }
}
