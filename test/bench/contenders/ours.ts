// express-2fa as its README mounts it; the records in Redis, or in PostgreSQL.
import { randomBytes } from 'node:crypto'
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
import type { RequestHandler } from 'express'
import passport from 'passport'
import pg from 'pg'
import { encodeBase32 } from '../../../lib/base32.js'
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

/** As somebody who moves in: no code of theirs is used up by the enrolment. */
async function enrol(id: string): Promise<Enrolled> {
  const secret = encodeBase32(randomBytes(20))
  const imported = await secondFactor.importTotp(id, { base32: secret })
  if (!imported.ok) throw new Error(imported.reason)
  const generated = await secondFactor.generateBackupCodes(id)
  if (!generated.ok) throw new Error(generated.reason)
  const confirmed = await secondFactor.confirmBackupCodes(id, generated.id)
  if (!confirmed.ok) throw new Error(confirmed.reason)
  return { id, secret, backupCodes: generated.codes }
}
