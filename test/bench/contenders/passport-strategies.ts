// passport-totp and @ladjs/passport-otp-strategy, each as its README has it; the keys in Redis.
import { randomBytes } from 'node:crypto'
import { Strategy as OtpStrategy } from '@ladjs/passport-otp-strategy'
import type { RequestHandler } from 'express'
import passport from 'passport'
import { Strategy as TotpStrategy } from 'passport-totp'
import { decodeBase32, encodeBase32 } from '../../../lib/base32.js'
import { connectRedis, passportApp, serve } from './contender.js'

const redis = await connectRedis()
const usesTotp = process.argv[2] === 'passport-totp'

/** One takes the bytes of the secret, the other base32. */
const keyOf = (secret: string) => (usesTotp ? decodeBase32(secret) : secret)

const Strategy = usesTotp ? TotpStrategy : OtpStrategy
passport.use(
  new Strategy({}, (user, done) => {
    redis.get(`key:${user.id}`).then(
      (secret) => {
        done(null, keyOf(secret ?? ''), 30)
      },
      (error: unknown) => {
        done(error)
      },
    )
  }),
)

const app = await passportApp()
app.post('/second', passport.authenticate(usesTotp ? 'totp' : 'otp') as RequestHandler, (_req, res) => {
  res.json({ ok: true })
})
await serve(app, async (id) => {
  const secret = encodeBase32(randomBytes(20))
  await redis.set(`key:${id}`, secret)
  return { id, secret, backupCodes: [] }
})
