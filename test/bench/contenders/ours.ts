// express-2fa as its README mounts it; the records in Redis, or in PostgreSQL.
import {
  createSecondFactor,
  holdForSecondFactor,
  requireSecondFactor,
  secondFactorRouter,
  TotpStrategy,
  type StorageAdapter,
} from 'express-2fa'
import { PostgresStorage, postgresTable } from 'express-2fa/storage/postgres'
import { RedisStorage } from 'express-2fa/storage/redis'
import { TestAuthenticator } from 'express-2fa/testing'
import type { RequestHandler } from 'express'
import passport from 'passport'
import pg from 'pg'
import { connectRedis, type Enrolled, passportApp, postgresUrl, serve } from './contender.js'

const storage = await storageNamed(process.argv[2])
const options = { issuer: 'Bench', storage, secret: 'a secret of thirty-two bytes or more, for the bench' }
const secondFactor = createSecondFactor(options)

const app = await passportApp()
app.get('/unguarded', (req, res) => {
  res.json({ user: req.user })
})
app.use(holdForSecondFactor(secondFactor))
app.use('/2fa', secondFactorRouter(secondFactor))
passport.use(new TotpStrategy(secondFactor))
app.post('/second', passport.authenticate('totp') as RequestHandler, (_req, res) => {
  res.json({ ok: true })
})
app.get('/guarded', requireSecondFactor(secondFactor), (req, res) => {
  res.json({ user: req.user })
})
await serve(app, enrol)

async function storageNamed(name: string | undefined): Promise<StorageAdapter> {
  if (name === 'redis') return new RedisStorage({ client: await connectRedis() })
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 10 })
  await pool.query(postgresTable())
  return new PostgresStorage({ pool })
}

/** Enrolled ten minutes ago, so that the code of the confirmation is not one of those that are measured. */
async function enrol(id: string): Promise<Enrolled> {
  const then = Date.now() - 600_000
  const before = createSecondFactor({ ...options, now: () => then })
  const enrolment = await before.enrol(id, { accountName: id })
  if (!enrolment.ok) throw new Error(enrolment.reason)
  const { secret } = enrolment
  const confirmed = await before.confirm(id, enrolment.id, new TestAuthenticator(secret).codeAt(then))
  if (!confirmed.ok) throw new Error(confirmed.reason)
  return { id, secret, backupCodes: confirmed.backupCodes ?? [] }
}
