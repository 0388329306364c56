import type { Request, RequestHandler } from 'express'
import type passport from 'passport'
import type { TotpStrategy } from '../../lib/index.js'

/** What an application answers with. */
export interface PathAnswer {
  readonly status: number
  readonly location?: string
}

/** One way in which applications put `passport.authenticate` in front of a route. */
export interface PassportPath {
  readonly title: string
  readonly url: string
  /** What stands in front of a handler that answers 200. */
  readonly handlers: (auth: passport.Authenticator, strategy: TotpStrategy) => RequestHandler[]
  readonly success: PathAnswer
  /** The answer to a refusal that has this status. */
  readonly failure: (status: number) => PathAnswer
  /** Passport's `req.logIn` is called, by Passport or by the application. */
  readonly logsIn: boolean
  /** The session keeps the message of a refusal. */
  readonly storesMessage: boolean
}

type Row = Pick<PassportPath, 'title' | 'handlers'> & Partial<PassportPath>

const AGAIN = '/again'
const HOME = '/home'

/** Every path on which the session is to be satisfied afterwards. */
export const PASSPORT_PATHS: readonly PassportPath[] = (
  [
    { title: 'a handler behind it', handlers: (auth) => [authenticate(auth)] },
    {
      title: 'successRedirect',
      handlers: (auth) => [authenticate(auth, { successRedirect: HOME })],
      success: { status: 302, location: HOME },
    },
    {
      title: 'successReturnToOrRedirect',
      handlers: (auth) => [authenticate(auth, { successReturnToOrRedirect: HOME })],
      success: { status: 302, location: '/wanted' },
    },
    {
      title: 'failureRedirect',
      handlers: (auth) => [authenticate(auth, { failureRedirect: AGAIN })],
      failure: () => ({ status: 302, location: AGAIN }),
    },
    {
      title: 'both redirects',
      handlers: (auth) => [authenticate(auth, { successRedirect: HOME, failureRedirect: AGAIN })],
      success: { status: 302, location: HOME },
      failure: () => ({ status: 302, location: AGAIN }),
    },
    {
      title: 'failureMessage',
      handlers: (auth) => [authenticate(auth, { failureMessage: true })],
      storesMessage: true,
    },
    { title: 'failWithError', handlers: (auth) => [authenticate(auth, { failWithError: true })] },
    { title: 'keepSessionInfo', handlers: (auth) => [authenticate(auth, { keepSessionInfo: true })] },
    {
      title: 'assignProperty',
      handlers: (auth) => [authenticate(auth, { assignProperty: 'account' })],
      logsIn: false,
    },
    { title: 'authInfo: false', handlers: (auth) => [authenticate(auth, { authInfo: false })] },
    {
      title: 'passport.authorize',
      handlers: (auth) => [auth.authorize('totp') as RequestHandler],
      logsIn: false,
    },
    { title: 'the array totp, local', handlers: (auth) => [authenticate(auth, {}, ['totp', 'local'])] },
    {
      title: 'the array local, totp',
      handlers: (auth) => [authenticate(auth, {}, ['local', 'totp'])],
      // Passport answers with the first failure: here that there is no password.
      failure: () => ({ status: 400 }),
    },
    {
      title: 'the strategy itself in place of its name',
      handlers: (auth, strategy) => [auth.authenticate(strategy) as RequestHandler],
    },
    {
      title: 'a callback that does not call logIn',
      handlers: (auth) => [
        callBack(auth, (_req, _user, done) => {
          done()
        }),
      ],
      logsIn: false,
    },
    {
      title: 'a callback that calls logIn with the user it was given',
      handlers: (auth) => [
        callBack(auth, (req, user, done) => {
          req.logIn(user, done)
        }),
      ],
    },
    {
      title: 'a callback that calls logIn with the same user, loaded again',
      handlers: (auth) => [
        callBack(auth, (req, user, done) => {
          req.login(structuredClone(user), done)
        }),
      ],
    },
    {
      title: 'a callback that calls logIn with keepSessionInfo',
      handlers: (auth) => [
        callBack(auth, (req, user, done) => {
          req.logIn(user, { session: true, keepSessionInfo: true }, done)
        }),
      ],
    },
  ] satisfies readonly Row[]
).map((row: Row) => ({
  url: `/paths/${row.title.replaceAll(/\W+/g, '-')}`,
  success: { status: 200 },
  failure: (status) => ({ status }),
  logsIn: true,
  storesMessage: false,
  ...row,
}))

/** What a callback of an application does once the second factor was shown. */
export type WithUser = (req: Request, user: Express.User, done: (error?: unknown) => void) => void

/** `passport.authenticate` with a callback of the application, as Passport's documentation writes it. */
export function callBack(
  auth: passport.Authenticator,
  withUser: WithUser,
  options: passport.AuthenticateOptions = {},
): RequestHandler {
  return (req, res, next) => {
    const answer: passport.AuthenticateCallback = (error: unknown, user, challenge, status) => {
      if (error) next(error)
      else if (user) withUser(req, user, next)
      else res.status(Number(status)).json(challenge)
    }
    const handler = auth.authenticate('totp', options, answer) as RequestHandler
    void handler(req, res, next)
  }
}

/** `passport.authenticate`, typed as the handler that it returns. */
export function authenticate(
  auth: passport.Authenticator,
  options: passport.AuthenticateOptions = {},
  names: string | string[] = 'totp',
): RequestHandler {
  return auth.authenticate(names, options) as RequestHandler
}

/** What stands behind. */
export const answer: RequestHandler = (req, res) => {
  res.json({ user: req.user, authenticated: req.isAuthenticated(), info: req.authInfo })
}
