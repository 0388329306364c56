import type { Request } from 'express'
import type { SecondFactor } from '../service.js'
import type { StytchRefusal } from './stytch-errors.js'
import type { StytchSession, StytchSessionRequest } from './stytch-session.js'
import { isUserId } from '../user-id.js'
import { foundBy } from './found-user.js'

type Awaitable<Value> = Value | Promise<Value>

/** What the calls are answered from. */
export interface StytchSettings {
  readonly secondFactor: SecondFactor
  readonly user: (userId: string) => Awaitable<object | undefined>
  readonly accountName: (user: object, userId: string) => string
  readonly session: ((asked: StytchSessionRequest) => Awaitable<StytchSession | undefined>) | undefined
}

/** A request whose credentials are right, and its body, if it has one. */
export interface StytchCall {
  readonly req: Request
  readonly body: Readonly<Record<string, unknown>>
}

/** The fields of a successful answer, without those that every answer has. */
export type StytchAnswer = { readonly fields: object } | StytchRefusal

export type StytchEndpoint = (settings: StytchSettings, call: StytchCall) => Promise<StytchAnswer>

/** Somebody whom the application knows. */
export interface StytchPerson {
  readonly userId: string
  readonly user: object
}

/** Whom a client means. */
export async function findPerson(
  settings: StytchSettings,
  userId: string,
): Promise<StytchPerson | StytchRefusal> {
  if (!isUserId(userId)) return { error: 'invalid_user_id' }
  const user = foundBy(userId, await settings.user(userId))
  return user ? { userId, user } : { error: 'user_not_found' }
}

export const isRefusal = (outcome: object): outcome is StytchRefusal => 'error' in outcome
