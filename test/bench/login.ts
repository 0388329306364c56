// What a second factor costs beside a login without one, here and elsewhere: `npm run bench`, about ten minutes.
// Every contender is a process of its own; they take turns, round by round, so that a busy machine slows all alike.
import { startPostgres } from '../support/postgres.js'
import { startRedis } from '../support/redis.js'
import { runBatch, type Running } from './batch.js'
import { startContender } from './contender-process.js'
import { type Contender, CONTENDERS, WORKS } from './contenders.js'
import { Target } from './load.js'
import { Measurements } from './measurements.js'
import { FLOOR, ON_REDIS, TWO_PROCESSES } from './names.js'
import { acceptedTable, goalTable, machine, memoryTable, serverTable, workTable } from './report.js'
import { type ServerLoad, watchServers } from './servers.js'
import { tryAll, type WronglyAccepted } from './wrongly-accepted.js'

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 6)
const WARM_UP_ROUNDS = 3
const BATCH = Number(process.env['BENCH_BATCH'] ?? 1000)

const redis = await startRedis({ appendfsync: 'everysec' })
const postgres = await startPostgres()
const running: Running[] = []
try {
  for (const contender of CONTENDERS) {
    running.push(await start(contender, 1))
    if (contender.name === ON_REDIS) {
      running.push(await start({ ...contender, name: TWO_PROCESSES, can: ['login'] }, 2))
    }
  }
  console.log(machine(`${ROUNDS} rounds of batches of ${BATCH} requests`))
  const memory = await warmUp()
  const measurements = await measure()
  for (const work of WORKS) console.log(workTable(work, running, measurements))
  console.log(goalTable(measurements))
  console.log(memoryTable(memory, measurements))
  console.log(serverTable(await askServers()))
  console.log(acceptedTable(await tryContenders()))
} finally {
  for (const { processes, targets } of running) {
    await Promise.all(targets.map((target) => target.close()))
    for (const one of processes) one.stop()
  }
  await Promise.all([redis.stop(), postgres.stop()])
}

async function start(contender: Contender, count: number): Promise<Running> {
  const environment = { REDIS_URL: redis.url, POSTGRES_URL: postgres.url }
  const processes = []
  for (let index = 0; index < count; index++) {
    processes.push(await startContender(contender.file, contender.variant, environment))
  }
  return { contender, processes, targets: processes.map(({ port }) => new Target(port, contender.origin)) }
}

/**
 * So often that every process has compiled what it runs, which does not count; after the first logins, the most memory
 * that each has had.
 */
async function warmUp(): Promise<ReadonlyMap<string, number>> {
  const memory = new Map<string, number>()
  for (const one of running) {
    await runBatch(one, 'login', BATCH)
    const peaks = await Promise.all(one.processes.map(async (each) => (await each.usage()).peakMegabytes))
    memory.set(one.contender.name, Math.max(...peaks))
  }
  for (const one of running) {
    for (let round = 0; round < WARM_UP_ROUNDS * one.processes.length; round++) {
      for (const work of one.contender.can) await runBatch(one, work, BATCH * one.contender.share)
    }
  }
  return memory
}

async function measure(): Promise<Measurements> {
  const measurements = new Measurements()
  for (let round = 0; round < ROUNDS; round++) {
    for (const work of WORKS) {
      for (let turn = 0; turn < running.length; turn++) {
        const one = running[(turn + round) % running.length]
        if (!one?.contender.can.includes(work)) continue
        measurements.add(work, one.contender.name, await runBatch(one, work, BATCH * one.contender.share))
      }
    }
    console.error(`round ${round + 1} of ${ROUNDS}`)
  }
  return measurements
}

async function askServers(): Promise<ReadonlyMap<string, ServerLoad>> {
  const loads = new Map<string, ServerLoad>()
  const client = await redis.client()
  const pool = await postgres.pool()
  for (const one of running) {
    if (one.contender.name === TWO_PROCESSES) continue
    let tell: Awaited<ReturnType<typeof watchServers>> | undefined
    const logins = BATCH * one.contender.share
    await runBatch(one, 'login', logins, async () => {
      tell = await watchServers(client, pool)
    })
    if (tell) loads.set(one.contender.name, await tell(logins))
  }
  return loads
}

async function tryContenders(): Promise<ReadonlyMap<string, WronglyAccepted>> {
  const accepted = new Map<string, WronglyAccepted>()
  for (const one of running) {
    const { name } = one.contender
    if (name !== FLOOR && name !== TWO_PROCESSES) accepted.set(name, await tryAll(one))
  }
  return accepted
}
