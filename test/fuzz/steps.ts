/** What people do, as plain data: names what it means by its place, so that a sequence still makes sense when it shrinks. */
export type Step =
  | { readonly kind: 'clock'; readonly seconds: number }
  /** The storage is away for the next request. */
  | { readonly kind: 'outage' }
  | RequestStep

export interface RequestStep {
  readonly kind: 'request'
  readonly browser: number
  readonly route: Route
  readonly id: IdChoice
  readonly members: Members
  readonly encoding: 'json' | 'form' | 'gzip' | 'none'
  readonly mangling?: Mangling | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: CookieChoice
}

/** Everything that the application answers to. */
export const ROUTES = [
  'GET /2fa',
  'DELETE /2fa',
  'POST /2fa/verify',
  'POST /2fa/totp',
  'POST /2fa/totp/:id/verify',
  'PATCH /2fa/totp/:id',
  'DELETE /2fa/totp/:id',
  'POST /2fa/backup-codes',
  'POST /2fa/backup-codes/:id/confirm',
  'GET /2fa/trusted-devices',
  'DELETE /2fa/trusted-devices',
  'DELETE /2fa/trusted-devices/:id',
  'POST /login/2fa',
  'POST /transfer',
  'GET /private',
  'GET /whoami',
  'POST /login',
  'POST /logout',
  /** The same two, by an application that keeps what the session has. */
  'POST /login/keeping',
  'POST /logout/keeping',
] as const
export type Route = (typeof ROUTES)[number]

/** Names that databases, objects and people take for one another. */
export const PEOPLE = ['anna', 'Anna', '__proto__'] as const
export const BROWSERS = 3

/** The `which`th of what the route could be about, the newest first; or something that is no id of anything. */
export type IdChoice =
  { readonly whose: 'own' | 'others'; readonly which: number } | { readonly text: string }

/** A code by where it comes from. */
export type CodeChoice =
  /** What a phone shows, `steps` time steps from now: the newest first, of one's own or of somebody else. */
  | {
      readonly from: 'phone'
      readonly whose: 'own' | 'others'
      readonly which: number
      readonly steps: number
      readonly spaced: boolean
    }
  | {
      readonly from: 'backup'
      readonly whose: 'own' | 'others'
      readonly which: number
      readonly typed: Typed
    }
  /** One that has counted before, whoever it let in. */
  | { readonly from: 'used'; readonly which: number }
  | { readonly from: 'nowhere'; readonly value: unknown }

export type Typed = 'as shown' | 'lower case' | 'without dashes' | 'with spaces'

export interface Members {
  readonly name?: number | undefined
  readonly code?: CodeChoice | undefined
  readonly trustDevice?: unknown
  readonly label?: unknown
  /** Whatever else stands there. */
  readonly more?: Readonly<Record<string, unknown>> | undefined
}

/** What goes wrong with a body on its way. */
export type Mangling =
  | { readonly contentType: string }
  | { readonly text: string }
  | { readonly json: unknown }
  | 'cut off'
  | 'in a list'
  | 'in a member'
  | 'twice'
  | 'huge'

export type CookieChoice =
  | 'own'
  | 'none'
  /** As if stolen. */
  | { readonly of: number }
  /** The session id, or the tokens, that the browser had before. */
  | { readonly past: 'session' | 'device'; readonly which: number }
  | { readonly tampered: 'session' | 'device' }
  | { readonly text: string }
