// better-auth's twoFactor plugin: its records in PostgreSQL, its sessions in Redis.
import { betterAuth } from 'better-auth'
import { toNodeHandler } from 'better-auth/node'
import { getMigrations } from 'better-auth/db/migration'
import { twoFactor } from 'better-auth/plugins'
import express from 'express'
import pg from 'pg'
import { connectRedis, type Enrolled, postgresUrl, serve } from './contender.js'

const ORIGIN = 'http://bench.test'
const PASSWORD = 'believes everybody'

const redis = await connectRedis()
const pool = new pg.Pool({ connectionString: postgresUrl, max: 10 })
const options = {
  baseURL: ORIGIN,
  secret: 'a secret of thirty-two bytes or more, for the bench',
  database: pool,
  secondaryStorage: {
    get: (key: string) => redis.get(key),
    async set(key: string, value: string, ttl?: number) {
      await redis.set(key, value, ttl === undefined ? {} : { expiration: { type: 'EX', value: ttl } })
    },
    async delete(key: string) {
      await redis.del(key)
    },
    getAndDelete: (key: string) => redis.getDel(key),
    async increment(key: string, ttl: number) {
      const count = await redis.incr(key)
      if (count === 1) await redis.expire(key, ttl)
      return count
    },
  },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  emailAndPassword: {
    enabled: true,
    // So that no password hashing is measured.
    password: {
      hash: (password: string) => Promise.resolve(password),
      verify: ({ hash, password }: { hash: string; password: string }) => Promise.resolve(hash === password),
    },
  },
  plugins: [twoFactor({ issuer: 'Bench' })],
}
const auth = betterAuth(options)
await (await getMigrations(options)).runMigrations()

const app = express()
app.all('/api/auth/*path', toNodeHandler(auth))
await serve(app, enrol)

async function enrol(id: string): Promise<Enrolled> {
  const email = `${id}@bench.test`
  const { headers, response } = await auth.api.signUpEmail({
    body: { email, password: PASSWORD, name: id },
    returnHeaders: true,
  })
  const cookie = headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ')
  const enabled = await auth.api.enableTwoFactor({
    body: { password: PASSWORD },
    headers: new Headers({ cookie, origin: ORIGIN }),
  })
  if (enabled.method !== 'totp') throw new Error('Not enrolled.')
  // What the first code would do.
  await pool.query('UPDATE "twoFactor" SET verified = true WHERE "userId" = $1', [response.user.id])
  await pool.query('UPDATE "user" SET "twoFactorEnabled" = true WHERE id = $1', [response.user.id])
  const secret = new URL(enabled.totpURI).searchParams.get('secret') ?? ''
  return { id, secret, backupCodes: enabled.backupCodes }
}
