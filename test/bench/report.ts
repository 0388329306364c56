import { cpus, release, totalmem } from 'node:os'
import type { Running } from './batch.js'
import type { Work } from './contenders.js'
import { GOALS } from './goals.js'
import type { Measurements } from './measurements.js'
import { FLOOR } from './names.js'
import { ratios, summarise, table, text, withRange } from './statistics.js'
import type { ServerLoad } from './servers.js'
import type { WronglyAccepted } from './wrongly-accepted.js'

/** On what it ran. */
export function machine(run: string): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  const [processor] = cpus()
  return `${cpus().length} × ${processor?.model.trim() ?? ''}, ${gibibytes} GiB, ${process.platform} ${release()}, Node ${process.version}; ${run}; medians (lowest–highest)\n`
}

export function workTable(work: Work, running: readonly Running[], measurements: Measurements): string {
  const floor = { work: 'login', contender: FLOOR } as const
  const rows = running
    .filter(({ contender }) => contender.can.includes(work))
    .map(({ contender: { name: contender } }) => {
      const perSecond = measurements.of({ work, contender, figure: 'perSecond' })
      const cpu = measurements.of({ work, contender, figure: 'cpuMilliseconds' })
      const driver = measurements.of({ work, contender, figure: 'driverShare' })
      return [
        contender,
        withRange(summarise(perSecond), 0),
        withRange(summarise(ratios(perSecond, measurements.of({ ...floor, figure: 'perSecond' }))), 2),
        withRange(summarise(cpu), 3),
        withRange(summarise(ratios(cpu, measurements.of({ ...floor, figure: 'cpuMilliseconds' }))), 2),
        text(summarise(driver).median, 2),
      ]
    })
  return table([work, 'requests/s', 'of floor', 'CPU ms', 'of floor', 'driver busy'], rows)
}

export function goalTable(measurements: Measurements): string {
  const rows = GOALS.map(({ title, of, to, wanted }) => {
    const seen = summarise(ratios(measurements.of(of), measurements.of(to)))
    return [title, wanted, withRange(seen, 2)]
  })
  return table(['ratio', 'goal', 'seen'], rows)
}

export function memoryTable(memory: ReadonlyMap<string, number>, measurements: Measurements): string {
  const rows = [...memory].map(([contender, megabytes]) => {
    const cpu = summarise(measurements.of({ work: 'login', contender, figure: 'cpuMilliseconds' }))
    return [contender, text(cpu.median, 2), text(megabytes, 0)]
  })
  return table(['1,000 logins', 'CPU s', 'peak memory, MB'], rows)
}

export function acceptedTable(accepted: ReadonlyMap<string, WronglyAccepted>): string {
  const rows = [...accepted].map(([contender, tried]) => [
    contender,
    tried.sameCodeTwice,
    tried.sameCodeAtOnce,
    tried.backupCodeAtOnce,
    tried.oldCode,
    tried.afterGuessing,
  ])
  return table(
    [
      'accepted',
      'same code twice',
      'same code, 20 at once',
      'one backup code, 20 at once',
      'code of 2.5 minutes ago',
      'right code after 100 wrong ones',
    ],
    rows,
  )
}

export function serverTable(loads: ReadonlyMap<string, ServerLoad>): string {
  const rows = [...loads].map(([contender, load]) => [
    contender,
    load.redisCommands,
    text(load.redisCpuMicroseconds, 0),
    text(load.redisBytes, 0),
    text(load.postgresStatements, 1),
    text(load.postgresCpuMicroseconds, 0),
    text(load.walBytes, 0),
  ])
  return table(
    [
      'one login',
      'Redis commands',
      'Redis CPU µs',
      'bytes',
      'PostgreSQL transactions',
      'PostgreSQL CPU µs',
      'WAL bytes',
    ],
    rows,
  )
}
