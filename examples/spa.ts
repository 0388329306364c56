// For a front end of your own: JSON and problem documents, no page and no redirect. It shows codes to /2fa/verify.
import { randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'
import { RedisStore } from 'connect-redis'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express'
import { createSecondFactor, holdForSecondFactor, type SecondFactor, secondFactorRouter } from 'express-2fa'
import { RedisStorage } from 'express-2fa/storage/redis'
import session, { type Store } from 'express-session'
import passport from 'passport'
import { Strategy as PasswordStrategy, type VerifyFunction } from 'passport-local'
import { createClient } from 'redis'

/** In place of your table of users. */
const USERS = [
  { id: '1', username: 'alice', admin: true, ...hashed('correct horse battery staple') },
  { id: '2', username: 'bob', admin: false, ...hashed('wrong horse battery staple') },
]
const NOBODY = hashed('')
type User = (typeof USERS)[number]

function createApp(secondFactor: SecondFactor, store: Store): Express {
  passport.use(new PasswordStrategy(checkPassword))
  passport.serializeUser((user, done) => done(null, (user as User).id))
  passport.deserializeUser((id, done) => done(null, USERS.find((user) => user.id === id) ?? false))

  const app = express()
  const cookie = { sameSite: 'lax', secure: 'auto' } as const
  app.use(
    session({ store, cookie, secret: setting('SESSION_SECRET'), resave: false, saveUninitialized: false }),
  )
  app.use(passport.initialize(), passport.session())
  // From here on, whoever still owes the second factor is not signed in.
  app.use(holdForSecondFactor(secondFactor))
  app.use('/2fa', secondFactorRouter(secondFactor))
  app.use(express.json())

  // The next call tells whether a code is owed.
  app.post('/login', passport.authenticate('local', { failWithError: true }), (_req, res) => {
    res.sendStatus(204)
  })
  app.post('/logout', (req, res, next) => {
    req.logOut((error) => (error ? next(error) : res.sendStatus(204)))
  })

  app.get('/account', requireLogin, (req, res) => {
    res.json({ username: (req.user as User).username })
  })
  app.use(((error: { status?: number }, _req, res, _next) => {
    sendProblem(res, error.status ?? 500, error.status === 401 ? 'wrong_password' : 'failed')
  }) satisfies ErrorRequestHandler)
  return app
}

/** Tells the front end what to ask for: the password (401), or a code (403). */
const requireLogin: RequestHandler = (req, res, next) => {
  if (req.isAuthenticated()) next()
  else if (req.secondFactor) sendProblem(res, 403, 'second_factor_required')
  else sendProblem(res, 401, 'not_authenticated')
}

/** As the Router does, by RFC 9457. */
function sendProblem(res: Response, status: number, code: string): void {
  res.status(status).type('application/problem+json').send(JSON.stringify({ status, code }))
}

const checkPassword: VerifyFunction = (username, password, done) => {
  const user = USERS.find((one) => one.username === username)
  // A name that nobody has takes as long as a wrong password.
  const { salt, hash } = user ?? NOBODY
  scrypt(password, salt, 32, (error, derived) => {
    if (error) done(error)
    else done(null, user && timingSafeEqual(derived, hash) && user)
  })
}

function hashed(password: string) {
  const salt = randomBytes(16)
  return { salt, hash: scryptSync(password, salt, 32) }
}

function setting(name: string): string {
  const value = process.env[name]
  if (value) return value
  console.error(`Set ${name} in the environment. examples/README.md says to what.`)
  process.exit(1)
}

const redis = createClient({ url: setting('REDIS_URL'), disableOfflineQueue: true })
redis.on('error', console.error)
await redis.connect()

const secondFactor = createSecondFactor({
  issuer: 'ACME',
  storage: new RedisStorage({ client: redis }),
  secret: setting('SECOND_FACTOR_SECRET'),
})
const app = createApp(secondFactor, new RedisStore({ client: redis }))
const port = Number(process.env['PORT'] ?? 3000)
app.listen(port, '127.0.0.1').on('listening', () => console.log(`Open http://127.0.0.1:${port}`))
