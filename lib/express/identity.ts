import type { Request } from 'express'
import { checkFunction, checkNames } from '../check.js'
import type { SecondFactor } from '../service.js'

/** Who the application's user is. Give the Router, the guards and the strategy the same. */
export interface IdentityOptions {
  /**
   * The user that the first factor has shown. Default `req.user`. Another one has to find nobody once `req.user` is
   * gone, or `holdForSecondFactor` cannot hold.
   */
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
  /** Whom the first factor has shown: visible, or held. */
  person(req: Request): Person | undefined
  userId(user: Express.User): string
}

/**
 * Read what all of the Express side has in common: the second factor, and who the user is.
 *
 * @param names - the option names that the caller has besides
 * @throws TypeError naming the argument or option that cannot be used
 */
export function readIdentity(
  caller: string,
  secondFactor: SecondFactor,
  options: IdentityOptions,
  names: readonly string[],
): Identity {
  checkSecondFactor(caller, secondFactor)
  checkNames(caller, options, ['user', 'userId', ...names])
  const { user = passportUser, userId = defaultUserId } = options
  checkFunction(caller, 'user', user)
  checkFunction(caller, 'userId', userId)
  // A host that marks "nobody" by null or false means nobody.
  const visible = (req: Request) => user(req) || undefined
  return {
    visible,
    userId,
    person(req) {
      // Only who is held is taken from there: a user that the application itself has sent away stays away.
      const { state } = req.secondFactor ?? {}
      const isHeld = (state === 'pending' || state === 'must_enrol') && !(userProperty(req) in req)
      const held = isHeld ? req.secondFactor?.user : undefined
      const found = visible(req) ?? held
      return found && { user: found, userId: userId(found) }
    },
  }
}

/**
 * Refuse what is no second factor.
 *
 * @throws TypeError
 */
export function checkSecondFactor(caller: string, secondFactor: SecondFactor): void {
  if (typeof (secondFactor as Partial<SecondFactor> | undefined)?.verify === 'function') return
  throw new TypeError(`${caller}: the first argument must be what createSecondFactor() returned.`)
}

/** Where Passport keeps the user of a request. */
export const userProperty = (req: Request): 'user' =>
  (req as { _userProperty?: 'user' })._userProperty ?? 'user'

/** True when Passport has a user in this session. */
export function hasPassportLogin(req: Request): boolean {
  const { _sessionManager: manager } = req as { _sessionManager?: { readonly _key?: string } }
  const session = req.session as unknown as Record<string, { user?: unknown } | undefined> | undefined
  const user = session?.[manager?._key ?? 'passport']?.user
  // As Passport itself reads it: 0 is somebody, the empty and the null are nobody.
  return Boolean(user) || user === 0
}

const passportUser = (req: Request): Express.User | undefined => req[userProperty(req)]

/** Without an own id, all users would share one record: better none gets in. */
function defaultUserId(user: Express.User): string {
  const { id } = user as { id?: unknown }
  // A database's own id type says by its toString() what it is; a plain object says nothing.
  const unusable = id === undefined || id === null || Number.isNaN(id) || ArrayBuffer.isView(id)
  // Bytes are no text: read as such, different ones become the same.
  // eslint-disable-next-line @typescript-eslint/no-base-to-string
  const text = unusable ? '' : String(id)
  if (text === '' || text.startsWith('[object ')) {
    throw new TypeError('express-2fa: the user has no usable id; say with the userId option how to get one.')
  }
  return text
}
