import express, { type Request, type Router } from 'express'
import { checkFunction, checkNames } from '../check.js'
import { firstName } from '../express/account-name.js'
import type { EndpointOptions } from '../express/endpoint-calls.js'
import type { SecondFactor } from '../service.js'
import { experienceRoutes } from './logto-experience.js'
import { managementRoutes, type ManagementSettings } from './logto-management.js'

/** Options of {@link logtoDialect}. */
export interface LogtoDialectOptions<User extends object = object> {
  /**
   * Whether a request may manage everybody's second factor: looks at its bearer token, in constant time. Nothing but
   * `true` lets it; a rejection is the application's error. Absent: there are no management routes.
   */
  authorize?(this: void, req: Request): boolean | Promise<boolean>
  /**
   * The user with this id; undefined: there is none. Default: whatever has an id is somebody.
   * An own `user_id`, else `id`, has to be that very id: the second factor is kept under it.
   */
  user?(this: void, userId: string): User | undefined | Promise<User | undefined>
  /**
   * What authenticator apps call an account that a management route made one for. Default: the user's `name`, else
   * `username`, `primaryEmail`, `primaryPhone`, else the id.
   */
  accountName?(this: void, user: User, userId: string): string
  /** The Experience API, for whoever is signed in: the options of `secondFactorRouter`. */
  readonly signedIn?: EndpointOptions
}

/**
 * What Logto answers about TOTP and backup codes, as an Express Router, in Logto's shapes and with Logto's error codes.
 * Mount it at the root, behind the session and Passport; other paths of `/api` are left to the application.
 *
 * The Experience API is for the user of the session, under the rules of `secondFactorRouter`: who has a second factor
 * has to show it, freshly, before changing anything about it.
 *
 * - `POST /api/experience/verification/totp/secret` → `{ verificationId, secret, secretQrCode }`
 * - `POST /api/experience/verification/totp/verify` with `{ code, verificationId }`, a new secret's, or with `{ code }`,
 *   the second step of a login → `{ verificationId }`
 * - `POST /api/experience/verification/backup-code/generate` → `{ verificationId, codes }`
 * - `POST /api/experience/verification/backup-code/verify` with `{ code }` → `{ verificationId }`
 * - `POST /api/experience/profile/mfa` with `{ type: 'Totp' | 'BackupCode', verificationId }` → 204
 *
 * The Management API is for the application's own programs, if `authorize` says so. What it binds counts at once:
 *
 * - `GET /api/users/:userId/mfa-verifications` → `[{ id, createdAt, type, lastUsedAt?, remainCodes? }]`
 * - `POST /api/users/:userId/mfa-verifications` with `{ type: 'Totp', secret? }` → `{ type, secret, secretQrCode }`,
 *   with `{ type: 'BackupCode', codes? }` → `{ type, codes }`
 * - `DELETE /api/users/:userId/mfa-verifications/:verificationId` → 204
 *
 * Other than with Logto:
 *
 * - A new secret counts from its first right code on; `profile/mfa` finds it bound already. That code is spent.
 * - Backup codes are generated for somebody who has a TOTP authenticator, and kept as digests; they look as the second
 *   factor makes them. The last authenticator takes them with it.
 * - A code may have spaces between its characters. One that is right while codes are not looked at is not spent.
 *
 * @throws TypeError naming the option that cannot be used
 *
 * @example
 * ```ts
 * import { createHash, timingSafeEqual } from 'node:crypto'
 * import express, { type RequestHandler } from 'express'
 * import session from 'express-session'
 * import passport from 'passport'
 * import { createSecondFactor, holdForSecondFactor, MemoryStorage } from 'express-2fa'
 * import { logtoDialect } from 'express-2fa/dialects/logto'
 *
 * const users = new Map([['user-1', { id: 'user-1', name: 'Ann' }]])
 * const secondFactor = createSecondFactor({
 *   issuer: 'ACME',
 *   storage: new MemoryStorage(),
 *   secret: process.env.SECOND_FACTOR_SECRET,
 * })
 *
 * const { MANAGEMENT_TOKEN: token, SESSION_SECRET: sessionSecret } = process.env
 * if (!token || !sessionSecret) throw new Error('MANAGEMENT_TOKEN and SESSION_SECRET are not set.')
 * const digest = (text: string) => createHash('sha256').update(text).digest()
 * const bearer = digest(`Bearer ${token}`)
 *
 * const app = express()
 * app.use(
 *   session({ secret: sessionSecret, resave: false, saveUninitialized: false }),
 *   passport.initialize() as RequestHandler,
 *   passport.session() as RequestHandler,
 *   holdForSecondFactor(secondFactor),
 *   logtoDialect(secondFactor, {
 *     authorize: (req) => timingSafeEqual(digest(req.get('Authorization') ?? ''), bearer),
 *     user: (userId) => users.get(userId),
 *   }),
 * )
 * app.listen(3000, '127.0.0.1')
 * // createApiClient({ baseUrl: 'http://127.0.0.1:3000', getToken: async () => token })
 * ```
 */
export function logtoDialect<User extends object>(
  secondFactor: SecondFactor,
  options: LogtoDialectOptions<User> = {},
): Router {
  const caller = 'logtoDialect'
  checkNames(caller, options, ['authorize', 'user', 'accountName', 'signedIn'])
  const { authorize, user = anybody, accountName = displayName, signedIn = {} } = options
  checkFunction(caller, 'user', user)
  checkFunction(caller, 'accountName', accountName)

  const router = express.Router()
  router.use(experienceRoutes(`${caller}: signedIn`, secondFactor, signedIn))
  if (authorize !== undefined) {
    checkFunction(caller, 'authorize', authorize)
    // `accountName` is given the users that `user` has returned, and no others.
    router.use(managementRoutes({ secondFactor, authorize, user, accountName } as ManagementSettings))
  }
  return router
}

const anybody = (): object => ({})

/** As Logto names somebody. */
function displayName(user: object, userId: string): string {
  const { name, username, primaryEmail, primaryPhone } = user as Readonly<Record<string, unknown>>
  return firstName([name, username, primaryEmail, primaryPhone], userId)
}
