import type { Request } from 'express'
import { checkFunction } from '../options.js'

/** Who the application's user is. The same for the Router, the guards and the strategy. */
export interface IdentityOptions {
  /** The user that the first factor has shown. Default `req.user`. */
  user?(this: void, req: Request): Express.User | undefined
  /** The id that records are kept under. Default `String(user.id)`. */
  userId?(this: void, user: Express.User): string
}

/** A user and the id of the record. */
export interface Person {
  readonly user: Express.User
  readonly userId: string
}

/** How this application knows its users. */
export interface Identity {
  /** Whom the application's own guards see. */
  visible(req: Request): Express.User | undefined
  /** Whom the first factor has shown, held or not. */
  person(req: Request): Person | undefined
  userId(user: Express.User): string
}

/** The option names, for each caller that takes them among its own. */
export const IDENTITY_OPTIONS = ['user', 'userId'] as const

/** @throws TypeError naming the option that cannot be used */
export function readIdentity(caller: string, options: IdentityOptions): Identity {
  const { user = passportUser, userId = defaultUserId } = options
  checkFunction(caller, 'user', user)
  checkFunction(caller, 'userId', userId)
  // A host that marks "nobody" by null or false means nobody.
  const visible = (req: Request) => user(req) || undefined
  return {
    visible,
    userId,
    person(req) {
      const found = visible(req) ?? req.secondFactor?.user
      return found && { user: found, userId: userId(found) }
    },
  }
}

/** Where Passport keeps the user of a request. */
export const userProperty = (req: Request): 'user' =>
  (req as { _userProperty?: 'user' })._userProperty ?? 'user'

const passportUser = (req: Request): Express.User | undefined => req[userProperty(req)]

/** Without an own id, all users would share one record: better none gets in. */
function defaultUserId(user: Express.User): string {
  const { id } = user as { id?: unknown }
  // A database's own id type says by its toString() what it is; a plain object says nothing.
  // eslint-disable-next-line @typescript-eslint/no-base-to-string
  const text = id === undefined || id === null ? '' : String(id)
  if (text === '' || text.startsWith('[object ')) {
    throw new TypeError('express-2fa: the user has no usable id; say with the userId option how to get one.')
  }
  return text
}
