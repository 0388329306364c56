// Administrators have to have a second factor: without one they can do nothing but enrol.
import { randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'
import { RedisStore } from 'connect-redis'
import express, { type Express, type RequestHandler } from 'express'
import {
  createSecondFactor,
  holdForSecondFactor,
  type SecondFactor,
  secondFactorRouter,
  TotpStrategy,
} from 'express-2fa'
import { secondFactorPages } from 'express-2fa/pages'
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
  passport.use(new TotpStrategy(secondFactor))
  passport.serializeUser((user, done) => done(null, (user as User).id))
  passport.deserializeUser((id, done) => done(null, USERS.find((user) => user.id === id) ?? false))

  const app = express()
  const cookie = { sameSite: 'lax', secure: 'auto' } as const
  app.use(
    session({ store, cookie, secret: setting('SESSION_SECRET'), resave: false, saveUninitialized: false }),
  )
  app.use(passport.initialize(), passport.session())
  // From here on, whoever still owes the second factor is not signed in.
  app.use(
    holdForSecondFactor(secondFactor, {
      challengePath: '/2fa/challenge',
      enrolPath: '/2fa/setup',
      policy: (user) => ((user as User).admin ? 'required' : 'optional'),
    }),
  )
  app.use('/2fa', secondFactorPages(secondFactor, { loginPath: '/login' }), secondFactorRouter(secondFactor))
  app.use(express.urlencoded({ extended: false }))

  app.get('/login', (_req, res) => {
    res.send(`<form method="post"><label>Name <input name="username" /></label>
      <label>Password <input name="password" type="password" /></label> <button>Log in</button></form>`)
  })
  app.post('/login', passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login' }))
  // For a form of your own. The page at /2fa/challenge does without it.
  app.post('/login/2fa', passport.authenticate('totp', { successRedirect: '/' }))
  app.post('/logout', (req, res, next) => {
    req.logOut((error) => (error ? next(error) : res.redirect(303, '/login')))
  })

  app.get('/', requireLogin, (req, res) => {
    res.send(`<h1>Welcome, ${(req.user as User).username}</h1>
      <p><a href="/2fa/">Second factor</a></p>
      <form method="post" action="/logout"><button>Log out</button></form>`)
  })
  return app
}

/** The guard that applications with Passport have. It has never heard of a second factor. */
const requireLogin: RequestHandler = (req, res, next) => {
  if (req.isAuthenticated()) next()
  else res.redirect(303, '/login')
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
