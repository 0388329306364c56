import type { Person } from './person.js'
import type { Sent } from './sent.js'
import type { Answer } from './wire.js'

/** A second factor that a session has shown; by `deviceId`, where only trust in the browser stood in for it. */
export interface Mark {
  readonly epoch: object | undefined
  readonly at: number
  readonly deviceId?: string
}

export interface Session {
  readonly user?: string
  readonly mark?: Mark | undefined
}

/** A request, its answer, and who sent it, a trusted browser let in already. */
export interface Situation {
  readonly sent: Sent
  readonly answer: Answer
  readonly session: Session
  /** Whom the session belongs to. */
  readonly person: Person | undefined
  readonly now: number
}

/** The same, for what nobody reaches who is not signed in. */
export type KnownSituation = Situation & { readonly person: Person }

/** What may be answered, and what it means. */
export interface Expected {
  readonly outcomes: readonly string[]
  /** What a success changes, and the session after it. */
  readonly succeed?: (answer: Answer) => Session
  /** What a 422 changes. */
  readonly fail?: () => void
  /** Success gives the session a new id. */
  readonly renews?: boolean
}

export const only = (outcome: string): Expected => ({ outcomes: [outcome] })

/** The mark, if it counts now. */
export function markOf({ mark }: Session, person: Person, now: number): Mark | undefined {
  const counts =
    mark !== undefined &&
    person.enrolled &&
    mark.epoch === person.epoch &&
    (mark.deviceId === undefined || person.liveDevice(mark.deviceId, now) !== undefined)
  return counts ? mark : undefined
}

/** What is missing for a second factor, shown at most so many seconds ago. */
export function missing(
  { session, person, now }: KnownSituation,
  maxAgeSeconds = Infinity,
): Expected | undefined {
  if (!person.enrolled) return only('403 enrolment_required')
  const mark = markOf(session, person, now)
  if (!mark) return only('403 second_factor_required')
  if (maxAgeSeconds === Infinity) return undefined
  const fresh = mark.deviceId === undefined && now - mark.at <= maxAgeSeconds * 1000
  return fresh ? undefined : only('403 fresh_second_factor_required')
}
