// What `import 'express-2fa'` takes more than importing express and passport: `npm run bench:import`, half a minute.
import { spawnSync } from 'node:child_process'
import { machine } from './report.js'
import { summarise, table, withRange } from './statistics.js'

const ROUNDS = 21
const PEERS = `await import('express'); await import('passport')`

/** Milliseconds for the whole of a process that imports these. */
function timeOf(program: string): number {
  const start = performance.now()
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program])
  if (status !== 0) throw new Error(`Cannot run ${program}`)
  return performance.now() - start
}

const peers: number[] = []
const all: number[] = []
timeOf(PEERS)
for (let round = 0; round < ROUNDS; round++) {
  peers.push(timeOf(PEERS))
  all.push(timeOf(`${PEERS}; await import('express-2fa')`))
}
const more = all.map((time, round) => time - (peers[round] ?? NaN))
console.log(machine(`${ROUNDS} rounds`))
console.log(
  table(
    ['', 'milliseconds'],
    [
      ['express and passport', withRange(summarise(peers), 0)],
      ['with express-2fa', withRange(summarise(all), 0)],
      ['more', withRange(summarise(more), 0)],
    ],
  ),
)
