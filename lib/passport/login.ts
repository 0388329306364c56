import type { Request } from 'express'
import { hasPassportLogin, type Identity, type Person, userProperty } from '../express/identity.js'

type LogIn = (
  user: Express.User,
  options: { readonly session?: boolean; readonly keepSessionInfo?: boolean },
  done?: (error?: unknown) => void,
) => void

/**
 * Let Passport's own login of the same user leave the session as it is now.
 *
 * `success()` calls `req.logIn`, and so do custom callbacks. It would renew the session a second time, and drop the
 * mark and everything else in it. The person is signed in to this session already, so nothing is left to do; when the
 * first factor was not Passport's, its login is added, and keeps the session's content.
 */
export function keepLogin(req: Request, person: Person, identity: Identity): void {
  const original = req.logIn.bind(req) as LogIn
  const logIn = (user: Express.User, ...rest: unknown[]): void => {
    const done = rest.find((one) => typeof one === 'function') as Parameters<LogIn>[2]
    const options = (rest.find((one) => typeof one === 'object') ?? {}) as Parameters<LogIn>[1]
    if (identity.userId(user) !== person.userId) {
      original(user, options, done)
    } else if (options.session === false || hasPassportLogin(req)) {
      req[userProperty(req)] = user
      done?.()
    } else {
      original(user, { ...options, keepSessionInfo: true }, done)
    }
  }
  req.login = req.logIn = logIn as typeof req.logIn
}
