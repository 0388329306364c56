import express, { type Router } from 'express'
import { checkFunction, checkNames } from '../check.js'
import type { EndpointOptions } from '../express/endpoint-calls.js'
import { checkSecondFactor } from '../express/identity.js'
import type { SecondFactor } from '../service.js'
import { bearerAuthorization } from './bearer-authorization.js'
import { backendRoutes } from './clerk-backend.js'
import { frontendRoutes } from './clerk-frontend.js'

export type { ClerkErrorCode } from './clerk-errors.js'

/** Options of {@link clerkDialect}. */
export interface ClerkDialectOptions {
  /**
   * The keys that the application's own programs show, 16 characters or more. Several of them, so that one can be
   * replaced. Undefined is refused, and only has a place in the type so that `process.env` may be passed as it is.
   */
  readonly secretKeys: readonly (string | undefined)[]
  /**
   * The user with this id; undefined: there is none. Asked by the backend routes.
   * An own `user_id`, else `id`, has to be that very id: the second factor is kept under it.
   */
  user(this: void, userId: string): object | undefined | Promise<object | undefined>
  /** The frontend routes, for whoever is signed in: the options of `secondFactorRouter`. False: there are none. */
  readonly signedIn?: EndpointOptions | false
}

/**
 * What Clerk answers about TOTP and backup codes, as an Express Router, in Clerk's shapes and with Clerk's error codes.
 * Mount it at the root of a host, behind the session and Passport; all other paths are left to the application.
 *
 * The backend routes are for the application's own programs, which show one of `secretKeys`; that is compared before
 * anything else of a request is looked at. Whoever has it acts for all users.
 *
 * - `POST /v1/users/:userId/verify_totp` with `{ code }`, a TOTP code or a backup code, in JSON → `{ verified: true,
 *   code_type: 'totp' | 'backup_code' }`
 * - `DELETE /v1/users/:userId/totp` and `/mfa` → `{ user_id }`. Both turn the second factor off, whatever it consists
 *   of: all authenticators, pending ones, the backup codes and all trust in browsers
 * - `DELETE /v1/users/:userId/backup_code` → `{ user_id }`
 *
 * The frontend routes are for the user of the session, under the rules of `secondFactorRouter`: whoever has a second
 * factor has to show it, freshly, before changing anything about it, and is told so by
 * `session_reverification_required`. Bodies are forms, answers `{ response, client: null }`, dates milliseconds.
 * `POST` with `?_method=DELETE` is a `DELETE`.
 *
 * - `POST /v1/me/totp` → a TOTP with `secret` and `uri`, which are null ever after. It replaces an unverified one
 * - `POST /v1/me/totp/attempt_verification` with `code` → the TOTP, `verified`, with `backup_codes` if there were none
 *   left. The session has shown the second factor by that, under a new id
 * - `DELETE /v1/me/totp` → `{ object: 'totp', id, deleted: true }`. It turns the second factor off
 * - `POST /v1/me/backup_codes` → `{ object: 'backup_code', id, codes, created_at, updated_at }`, in place of the old
 *   ones at once
 *
 * Other than with Clerk:
 *
 * - A code counts once, also the one that verified a TOTP. A used one is answered like any wrong one.
 * - `user_locked` comes with `Retry-After`. Nobody is warned of it (`account_lockout_warning`) before.
 * - Secrets and backup codes are kept sealed and as digests, and have no endpoint that reads them.
 *
 * @throws TypeError naming the option that cannot be used
 *
 * @example
 * ```ts
 * import express from 'express'
 * import session from 'express-session'
 * import passport from 'passport'
 * import { createSecondFactor, holdForSecondFactor, MemoryStorage } from 'express-2fa'
 * import { clerkDialect } from 'express-2fa/dialects/clerk'
 *
 * const users = new Map([['user_1', { id: 'user_1', email: 'ann@example.com' }]])
 * const { SECOND_FACTOR_SECRET: secret, SESSION_SECRET: sessionSecret } = process.env
 * if (!secret || !sessionSecret) throw new Error('A secret is not set.')
 * const secondFactor = createSecondFactor({ issuer: 'ACME', secret, storage: new MemoryStorage() })
 *
 * const app = express()
 * app.use(session({ secret: sessionSecret, resave: false, saveUninitialized: false }))
 * app.use(passport.initialize(), passport.session())
 * app.use(holdForSecondFactor(secondFactor))
 * app.use(
 *   clerkDialect(secondFactor, {
 *     secretKeys: [process.env.CLERK_SECRET_KEY],
 *     user: (userId) => users.get(userId),
 *   }),
 * )
 * app.listen(3000, '127.0.0.1')
 * // createClerkClient({ secretKey, apiUrl: 'http://127.0.0.1:3000' }).users.verifyTOTP({ userId: 'user_1', code })
 * ```
 */
export function clerkDialect(secondFactor: SecondFactor, options: ClerkDialectOptions): Router {
  const caller = 'clerkDialect'
  checkSecondFactor(caller, secondFactor)
  checkNames(caller, options, ['secretKeys', 'user', 'signedIn'])
  const { user, signedIn = {} } = options
  checkFunction(caller, 'user', user)
  const bearerOf = bearerAuthorization(readSecretKeys(caller, options.secretKeys))

  const router = express.Router()
  router.use(backendRoutes({ secondFactor, bearerOf, user }))
  if (signedIn !== false) router.use(frontendRoutes(`${caller}: signedIn`, secondFactor, signedIn))
  return router
}

/** Characters that a header can carry: a key with others would never be shown. */
const SECRET_KEY = /^[\x21-\x7e]{16,}$/

function readSecretKeys(caller: string, secretKeys: unknown): readonly string[] {
  const keys: readonly unknown[] = Array.isArray(secretKeys) ? secretKeys : []
  if (keys.length === 0 || !keys.every((key) => typeof key === 'string' && SECRET_KEY.test(key))) {
    throw new TypeError(
      `${caller}: secretKeys must be a list of keys of 16 characters or more, without spaces.`,
    )
  }
  return keys as readonly string[]
}
