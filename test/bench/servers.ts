import { existsSync, readFileSync } from 'node:fs'
import type { Pool } from 'pg'
import type { RedisClient } from '../support/redis.js'

/** What one login asks of the servers behind the application. */
export interface ServerLoad {
  readonly redisCommands: string
  readonly redisCpuMicroseconds: number
  /** Both ways. */
  readonly redisBytes: number
  readonly postgresStatements: number
  readonly postgresCpuMicroseconds: number
  readonly walBytes: number
}

/** Where it stands in Linux' `/proc/<pid>/stat`, in hundredths of a second. */
const CPU_FIELDS = [13, 14] as const

/** Watch both servers; the answer ends it, and tells what each of so many logins has taken of them. */
export async function watchServers(
  redis: RedisClient,
  pool: Pool,
): Promise<(logins: number) => Promise<ServerLoad>> {
  await redis.configResetStat()
  const redisBefore = await redisFigures(redis)
  const postgresBefore = await postgresFigures(pool)
  return async (logins) => {
    const redisAfter = await redisFigures(redis)
    const postgresAfter = await postgresFigures(pool)
    return {
      redisCommands: commandsPer(logins, await redis.info('commandstats')),
      redisCpuMicroseconds: ((redisAfter.cpuSeconds - redisBefore.cpuSeconds) * 1e6) / logins,
      redisBytes: (redisAfter.bytes - redisBefore.bytes) / logins,
      postgresStatements: (postgresAfter.statements - postgresBefore.statements) / logins,
      postgresCpuMicroseconds: ((postgresAfter.cpuSeconds - postgresBefore.cpuSeconds) * 1e6) / logins,
      walBytes: (postgresAfter.walBytes - postgresBefore.walBytes) / logins,
    }
  }
}

async function redisFigures(redis: RedisClient) {
  const cpu = await redis.info('cpu')
  const stats = await redis.info('stats')
  const sum = (text: string, names: readonly string[]) =>
    names.reduce((total, name) => total + Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1]), 0)
  return {
    cpuSeconds: sum(cpu, ['used_cpu_sys', 'used_cpu_user']),
    bytes: sum(stats, ['total_net_input_bytes', 'total_net_output_bytes']),
  }
}

/** `get 1, set 1`, without what this file itself sends and what scripts call. */
function commandsPer(logins: number, statistics: string): string {
  return [...statistics.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
    .map(([, name = '', calls]) => ({ name, per: Number(calls) / logins }))
    .filter(({ name, per }) => per >= 0.5 && !['info', 'config|resetstat'].includes(name))
    .map(({ name, per }) => `${name} ${Number(per.toFixed(1))}`)
    .join(', ')
}

async function postgresFigures(pool: Pool) {
  // What backends count, they tell within a second of being idle.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const [row] = (
    await pool.query(
      `SELECT xact_commit AS statements, pg_current_wal_lsn() - '0/0' AS wal FROM pg_stat_database WHERE datname = current_database()`,
    )
  ).rows as { statements: string; wal: string }[]
  const { rows } = await pool.query<{ pid: number }>('SELECT pid FROM pg_stat_activity')
  return {
    statements: Number(row?.statements),
    walBytes: Number(row?.wal),
    cpuSeconds: rows.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0),
  }
}

function cpuSecondsOf(pid: number): number {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return NaN
  const fields = readFileSync(file, 'utf8')
    .replace(/\(.*\)/, 'name')
    .split(' ')
  return CPU_FIELDS.reduce((sum, field) => sum + Number(fields[field]), 0) / 100
}
