import type { Request } from 'express'
import { hasMember } from '../express/body.js'
import type { StytchRefusal } from './stytch-errors.js'

/** A factor as Stytch's sessions list it. */
export type StytchFactor = {
  /** RFC 3339. */
  readonly last_authenticated_at: string
} & (
  | {
      readonly type: 'totp'
      readonly delivery_method: 'authenticator_app'
      readonly authenticator_app_factor: { readonly totp_id: string }
    }
  | {
      readonly type: 'recovery_codes'
      readonly delivery_method: 'recovery_code'
      readonly recovery_code_factor: { readonly totp_recovery_code_id: string }
    }
)

/** The session fields of a request. */
export interface StytchSessionFields {
  /** 5 to 527,040. */
  readonly durationMinutes?: number
  /** `session_token`. */
  readonly sessionToken?: string
  /** `session_jwt`. */
  readonly sessionJwt?: string
  /** `session_custom_claims`. */
  readonly customClaims?: Readonly<Record<string, unknown>>
}

/** A session that a client asks for, or names for the factor to be added to it. */
export interface StytchSessionRequest<User extends object = object> extends StytchSessionFields {
  /** Whose body it stands in. */
  readonly req: Request
  /** The id of the record. */
  readonly userId: string
  /** Whom the `user` option found. */
  readonly user: User
  /** What has just been shown. */
  readonly factor: StytchFactor
}

/** The session fields of an answer. */
export interface StytchSession {
  /** Empty for none. */
  readonly session_token: string
  /** Empty for none. */
  readonly session_jwt: string
  /** Stytch's `Session`. */
  readonly session: object | null
}

/** What Stytch answers when no session is asked for. */
export const NO_SESSION: StytchSession = { session_token: '', session_jwt: '', session: null }

const isDuration = (value: unknown) =>
  Number.isInteger(value) && Number(value) >= 5 && Number(value) <= 527_040
const isText = (value: unknown) => typeof value === 'string'
const isObject = (value: unknown) => typeof value === 'object' && !Array.isArray(value)

const FIELDS = [
  ['session_duration_minutes', 'durationMinutes', isDuration, 'invalid_session_duration_minutes'],
  ['session_token', 'sessionToken', isText, 'bad_request'],
  ['session_jwt', 'sessionJwt', isText, 'bad_request'],
  ['session_custom_claims', 'customClaims', isObject, 'bad_request'],
] as const

/**
 * The session fields that a request has, read before its code is spent; undefined when it has none.
 *
 * @param available - whether the application has sessions to give: what it has not is refused, and never ignored
 */
export function readSessionFields(
  body: Readonly<Record<string, unknown>>,
  available: boolean,
): StytchSessionFields | undefined | StytchRefusal {
  const valueOf = (name: string) => (hasMember(body, name) ? body[name] : undefined)
  const given = FIELDS.filter(([name]) => ![undefined, null, ''].includes(valueOf(name) as null))
  if (given.length === 0) return undefined
  if (!available) return { error: 'sessions_not_available' }
  const wrong = given.find(([name, , isRight]) => !isRight(valueOf(name)))
  if (wrong) return { error: wrong[3] }
  return Object.fromEntries(given.map(([name, field]) => [field, valueOf(name)]))
}
