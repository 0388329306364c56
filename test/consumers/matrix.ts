// Whether the packed package works for those who install it: with each Node, Express, Passport and connect-redis that it
// says it works with, by `import`, by `require` and by TypeScript. An application of each kind is started for real, and
// somebody's whole life with a second factor is lived through in it.
import { join } from 'node:path'
import { nodeAt, nodePackage, nodeVersion, packInto } from '../support/consumer.js'
import { startRedis } from '../support/redis.js'
import { temporaryFolder } from '../support/server-process.js'
import { startApplication } from './application.js'
import { liveThrough } from './life.js'
import { type Combination, compile, createProject, npm, type Project, type Style, STYLES } from './project.js'

const NODES = ['20.19', '22', '24', '26']
const EXPRESS: readonly Combination[] = [
  ['express@4', '@types/express@4'],
  ['express@5', '@types/express@5'],
]
const PASSPORT: readonly Combination[] = [['passport@0.6'], ['passport@0.7']]
const SESSIONS: readonly Combination[] = [
  ['connect-redis@9', 'redis@5'],
  ['connect-redis@10', 'redis@6'],
]
const COMBINATIONS = EXPRESS.flatMap((express) =>
  PASSPORT.flatMap((passport) => SESSIONS.map((sessions) => [...express, ...passport, ...sessions])),
)
/** As many as there are cores at the least. */
const AT_ONCE = 2

const folder = temporaryFolder()
process.on('exit', () => {
  folder.remove()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const redis = await startRedis()
const tarball = packInto(folder.path)
await npm(folder.path, 'install', '--prefer-offline', ...NODES.map(nodePackage))
const left = [...COMBINATIONS.entries()]
const results: boolean[] = []
await Promise.all(Array.from({ length: AT_ONCE }, workThrough))
await redis.stop()
const passed = results.filter(Boolean).length
console.log(`${passed} passed, ${results.length - passed} failed`)
process.exit(passed > 0 && passed === results.length ? 0 : 1)

async function workThrough(): Promise<void> {
  for (let next = left.shift(); next; next = left.shift()) {
    const [index, combination] = next
    const project = createProject(join(folder.path, `project-${index}`), tarball, combination)
    await project.then(tryOut, (error: unknown) => {
      report(combination.join('  '), error)
    })
  }
}

/** Every style of the project, with every Node that its packages run on. */
async function tryOut(project: Project): Promise<void> {
  for (const style of STYLES) {
    const compiled = await compile(project, style).catch((error: unknown) => error)
    for (const version of NODES.filter((one) => Number.parseInt(one) >= project.oldestNode)) {
      const cell = `Node ${nodeVersion(folder.path, version)}  ${project.versions}  ${style.name}`
      const outcome =
        compiled ?? (await lived(project, style, version, cell).catch((error: unknown) => error))
      report(cell, outcome)
    }
  }
}

async function lived(project: Project, style: Style, version: string, cell: string): Promise<void> {
  const application = await startApplication(project, style, nodeAt(folder.path, version), redis.url)
  try {
    await liveThrough(application.url, cell)
  } finally {
    await application.stop()
  }
}

function report(cell: string, error: unknown): void {
  results.push(error === undefined)
  console.log(`${error === undefined ? 'passed' : 'FAILED'}  ${cell}`)
  if (error !== undefined) console.log(error instanceof Error ? error.message : error)
}
