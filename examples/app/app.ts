import { createSecondFactor, holdForSecondFactor, safeReturnPath, secondFactorRouter } from 'express-2fa'
import { secondFactorPages } from 'express-2fa/pages'
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy as PasswordStrategy } from 'passport-local'
import { type Account, checkPassword, signUp } from './accounts.js'
import { accountPage, errorPage, logInPage, signUpPage, welcomePage } from './pages.js'
import type { Secrets } from './secrets.js'
import type { Stores } from './stores.js'

/** The application: accounts with passwords, and a second factor for whoever turns it on. */
export function createApp(stores: Stores, secrets: Secrets, publicFolder: string): Express {
  const { accounts, sessions, secondFactors } = stores
  const secondFactor = createSecondFactor({
    issuer: 'ACME',
    storage: secondFactors,
    secret: secrets.secondFactor,
    onEvent: ({ type, userId }) => {
      console.log(`${type} ${userId}`)
    },
  })

  passport.use(
    new PasswordStrategy((username, password, done) => {
      checkPassword(accounts, username, password).then((account) => {
        if (account) done(null, account)
        else done(null, false, { message: 'Name and password do not belong together.' })
      }, done)
    }),
  )
  passport.serializeUser((user, done) => {
    done(null, (user as Account).id)
  })
  passport.deserializeUser((id: string, done) => {
    accounts.byId(id).then((account) => {
      // The rest of a request has no business with the password's hash.
      done(null, account && { id: account.id, username: account.username })
    }, done)
  })

  const app = express()
  app.disable('x-powered-by')
  app.use(setHeaders, express.static(publicFolder), refuseOtherSites)
  app.use(
    session({
      store: sessions,
      secret: secrets.session,
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto' },
    }),
  )
  app.use(passport.initialize(), passport.session() as RequestHandler)
  // From here on, whoever still owes the second factor is not signed in.
  app.use(holdForSecondFactor(secondFactor, { challengePath: '/2fa/challenge', enrolPath: '/2fa/setup' }))
  app.use(
    '/2fa',
    secondFactorPages(secondFactor, {
      homePath: '/account',
      loginPath: '/login',
      logoutPath: '/logout',
      theme: { name: 'ACME', brand: '#0f766e' },
    }),
    secondFactorRouter(secondFactor),
  )
  app.use(express.urlencoded({ extended: false }))

  app.get('/', (req, res) => {
    if (req.isAuthenticated()) res.redirect(303, '/account')
    else res.send(welcomePage())
  })
  app.get('/signup', (_req, res) => {
    res.send(signUpPage())
  })
  app.post('/signup', async (req, res, next) => {
    const { username, password } = bodyOf(req)
    const outcome = await signUp(accounts, username, password)
    if ('refusal' in outcome) {
      res.status(422).send(signUpPage({ message: outcome.refusal }))
      return
    }
    req.logIn(outcome.account, (error) => {
      if (error) next(error)
      else res.redirect(303, '/account')
    })
  })

  app.get('/login', (req, res) => {
    const returnTo = returnPath(req.query['returnTo'])
    if (req.isAuthenticated()) res.redirect(303, returnTo)
    else res.send(logInPage({ returnTo }))
  })
  app.post('/login', logIn)
  app.post('/logout', (req, res, next) => {
    req.logOut((error) => {
      if (error) next(error)
      else res.redirect(303, '/')
    })
  })

  app.use('/account', requireLogin)
  app.get('/account', (req, res) => {
    const { username } = req.user as Account
    res.send(accountPage(username, req.secondFactor?.state === 'satisfied'))
  })

  app.use(((error: { readonly status?: number }, _req, res, next) => {
    if (res.headersSent) {
      next(error)
      return
    }
    const status = error.status ?? (stores.isReachable() ? 500 : 503)
    if (status >= 500) console.error(error)
    if (status === 503) res.setHeader('Retry-After', '2')
    res.status(status).send(errorPage(status === 503 ? 'Back in a moment' : 'This did not work'))
  }) satisfies ErrorRequestHandler)
  return app
}

/** The first step of a login: on to where the person wanted to go, or the form again and why. */
const logIn: RequestHandler = (req, res, next) => {
  const returnTo = returnPath(bodyOf(req)['returnTo'])
  const answer: passport.AuthenticateCallback = (error, user, info) => {
    if (error) {
      next(error)
    } else if (!user) {
      const { message } = info as { message?: string }
      res.status(401).send(logInPage({ returnTo, message }))
    } else {
      req.logIn(user, (problem) => {
        if (problem) next(problem)
        else res.redirect(303, returnTo)
      })
    }
  }
  ;(passport.authenticate('local', answer) as RequestHandler)(req, res, next)
}

/** The guard of applications with Passport. That a second factor may be owed is none of its business. */
const requireLogin: RequestHandler = (req, res, next) => {
  if (req.isAuthenticated()) next()
  else res.status(401).send(logInPage({ returnTo: returnPath(req.originalUrl) }))
}

/** Nothing is done for a form that stood on another site. The cookie's SameSite is a second lock on the same door. */
const refuseOtherSites: RequestHandler = (req, res, next) => {
  const origin = req.method === 'GET' ? undefined : req.get('Origin')
  const ours = origin === undefined || (URL.canParse(origin) && new URL(origin).host === req.get('Host'))
  if (ours) next()
  else res.status(403).send(errorPage('This came from another site'))
}

const setHeaders: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('Referrer-Policy', 'same-origin')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader(
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  )
  next()
}

const returnPath = (path: unknown): string => safeReturnPath(path, '/account')

const bodyOf = (req: Request): Readonly<Record<string, unknown>> =>
  (req.body ?? {}) as Readonly<Record<string, unknown>>
