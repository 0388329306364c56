import { RedisStore } from 'connect-redis'
import express, { type RequestHandler } from 'express'
import {
  createSecondFactor,
  holdForSecondFactor,
  requireSecondFactor,
  secondFactorRouter,
  TotpStrategy,
} from 'express-2fa'
import { RedisStorage } from 'express-2fa/storage/redis'
import session from 'express-session'
import type { AddressInfo } from 'node:net'
import passport from 'passport'
import { createClient } from 'redis'

const redis = createClient({ url: process.env['REDIS_URL'] ?? '', disableOfflineQueue: true })
redis.on('error', console.error)
await redis.connect()

const secondFactor = createSecondFactor({
  issuer: 'ACME',
  storage: new RedisStorage({ client: redis }),
  secret: process.env['SECOND_FACTOR_SECRET'],
})
passport.serializeUser((user, done) => {
  done(null, user)
})
passport.deserializeUser((user: Express.User, done) => {
  done(null, user)
})
passport.use(new TotpStrategy(secondFactor))

const app = express()
const store = new RedisStore({ client: redis })
app.use(
  session({ store, secret: process.env['SESSION_SECRET'] ?? '', resave: false, saveUninitialized: false }),
  passport.initialize(),
  passport.session() as RequestHandler,
  holdForSecondFactor(secondFactor),
)
app.use('/2fa', secondFactorRouter(secondFactor))
app.use(express.json())

app.post('/login', (req, res, next) => {
  const { name } = req.body as { name: string }
  req.logIn({ id: name }, (error) => {
    if (error) next(error)
    else res.sendStatus(204)
  })
})
app.post('/login/2fa', passport.authenticate('totp') as RequestHandler, (_req, res) => {
  res.sendStatus(204)
})
app.get('/account', (req, res) => {
  if (req.isAuthenticated()) res.json({ account: req.user })
  else res.sendStatus(401)
})
app.post('/transfer', requireSecondFactor(secondFactor, { maxAgeSeconds: 300 }), (_req, res) => {
  res.sendStatus(204)
})

const server = app.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => process.exit())
