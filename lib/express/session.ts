import type { Request } from 'express'
import type { Session, SessionData } from 'express-session'
import { misconfigured, SecondFactorError } from '../errors.js'
import type { ShownMethod } from '../events.js'
import type { SecondFactorStatus } from '../outcomes.js'
import { lookAt } from './misconfiguration.js'
import { RequestNote } from './request-note.js'

/** What a session keeps of a shown second factor. It counts for this user and this epoch of the record only. */
export interface SecondFactorMark {
  /** Whom it counts for. */
  readonly userId: string
  /** How it was shown. */
  readonly method: ShownMethod
  /** Which authenticator, for `totp`. */
  readonly authenticatorId?: string
  /** Which browser, for `trusted_device`. */
  readonly deviceId?: string
  /** When it was shown, epoch milliseconds. */
  readonly at: number
  /** Of the record that said so. */
  readonly epoch: string
}

declare module 'express-session' {
  interface SessionData {
    secondFactor?: SecondFactorMark
  }
}

/** What was just shown, and whose record said so. */
export type Shown = Pick<SecondFactorMark, 'method' | 'authenticatorId' | 'deviceId' | 'at' | 'epoch'>

/** The mark for a second factor that was just shown. */
export function markOf(userId: string, shown: Shown): SecondFactorMark {
  const { method, authenticatorId, deviceId, at, epoch } = shown
  return {
    userId,
    method,
    ...(authenticatorId !== undefined && { authenticatorId }),
    ...(deviceId !== undefined && { deviceId }),
    at,
    epoch,
  }
}

/** The session's mark, if it counts for this user now: a reset, a recovery or a revocation elsewhere voids it. */
export function currentMark(
  req: Request,
  userId: string,
  status: SecondFactorStatus,
): SecondFactorMark | undefined {
  const session = sessionOf(req)
  const mark = session.secondFactor
  // Another user's mark goes for good: it must not count again when that user comes back with the password alone.
  if (mark && mark.userId !== userId) delete session.secondFactor
  const counts =
    status.enabled &&
    mark?.userId === userId &&
    mark.epoch === status.epoch &&
    Number.isFinite(mark.at) &&
    (mark.method !== 'trusted_device' || isTrusted(mark, status))
  return counts ? mark : undefined
}

/** What trust opened ends with it. */
const isTrusted = ({ deviceId }: SecondFactorMark, { trustedDevices }: SecondFactorStatus): boolean =>
  trustedDevices.some(({ id }) => id === deviceId)

/**
 * The request's session.
 *
 * @throws {SecondFactorError} `session_unsupported` without express-session, or with sessions that cannot be
 * regenerated: a second factor that cannot change the session id is refused rather than half kept
 */
export function sessionOf(req: Request): Session & Partial<SessionData> {
  const session = req.session as (Session & Partial<SessionData>) | undefined
  const store = req.sessionStore as Partial<typeof req.sessionStore> | undefined
  // Some give cookie-session the methods that Passport asks for, which then do nothing: a store it has not.
  if (
    typeof session?.regenerate !== 'function' ||
    typeof session.save !== 'function' ||
    typeof store?.get !== 'function'
  ) {
    throw misconfigured(
      'session_unsupported',
      'The second factor needs express-session in front of it: there is no session, or one that cannot be regenerated.',
    )
  }
  return session
}

/**
 * Mark the session, under a new id. What the application kept in it survives, its cookie's lifetime included; the old
 * id is destroyed; the mark is stored before this resolves.
 *
 * @throws {SecondFactorError} `session_unavailable` when the session store fails; then nothing is marked
 */
export async function renewSession(req: Request, mark: SecondFactorMark): Promise<void> {
  const before = sessionOf(req)
  try {
    await settled((done) => before.regenerate(done))
  } catch (error) {
    // express-session goes on with an empty session then. What there was is neither destroyed nor to be lost.
    req.sessionID = before.id
    req.session = before
    throw error
  }
  const session = Object.assign(req.session, before, { secondFactor: mark })
  session.touch()
  const content = contentOf(session)
  try {
    await settled((done) => session.save(done))
  } catch (error) {
    // express-session saves once more at the end of the answer, and may succeed then.
    dropMark(req)
    throw error
  }
  if (!(req.session as Session | undefined)) throw ended()
  if (req.session === session) skipUnchangedSave(session, content)
}

/**
 * express-session stores a session with a new id at the end of the answer in any case. This one has just been stored:
 * the next save is left out when nothing has changed since.
 *
 * @param stored - the content as it was given to the store
 */
function skipUnchangedSave(session: Session, stored: string): void {
  const save = (done?: (error?: unknown) => void): Session => {
    // Once only: whatever is stored from now on, it is not this.
    Reflect.deleteProperty(session, 'save')
    if (contentOf(session) !== stored) return session.save(done)
    queueMicrotask(() => done?.())
    return session
  }
  // Somebody else's is left alone. Not enumerable, as express-session's own: it is no content.
  if (Object.hasOwn(session, 'save')) return
  Object.defineProperty(session, 'save', { value: save, configurable: true, writable: true })
}

/** What is stored of a session, but for when its cookie ends: every request puts that off. */
const contentOf = ({ cookie, ...content }: Session): string =>
  JSON.stringify([content, Object.assign({}, cookie, { _expires: undefined })])

/**
 * Keep the mark for the epoch that this session's own change has started, or drop it when there is none.
 *
 * @throws {SecondFactorError} `session_unavailable` when the session was ended meanwhile, or its store fails
 */
export async function carryMark(
  req: Request,
  mark: SecondFactorMark,
  epoch: string | undefined,
): Promise<void> {
  const session = sessionOf(req)
  // A save would bring back a session that was ended while this request was under way, mark and all.
  if (!(await isStored(req))) throw ended()
  if (epoch === undefined) dropMark(req)
  else session.secondFactor = { ...mark, epoch }
  await settled((done) => session.save(done))
}

const arrivals = new RequestNote<number>()

/** Remember when a request was first seen, and notice what it shows of the application. */
export function noteArrival(req: Request): void {
  if (arrivals.get(req) !== undefined) return
  arrivals.set(req, performance.now())
  lookAt(req)
}

/** A session is asked for once more when the request that came with it has taken longer than this. */
const SLOW_MILLISECONDS = 1000

/**
 * True when the session was ended while this request was under way, as by somebody who holds back its body: what has
 * been loaded of it must open nothing any more.
 *
 * @throws {SecondFactorError} `session_unavailable` when the session store fails
 */
export async function hasEnded(req: Request): Promise<boolean> {
  if (performance.now() - (arrivals.get(req) ?? 0) < SLOW_MILLISECONDS) return false
  return !(await isStored(req))
}

const ended = () => new SecondFactorError('session_unavailable', 'The session has ended.')

async function isStored(req: Request): Promise<boolean> {
  let found = false
  await settled((done) => {
    req.sessionStore.get(sessionOf(req).id, (error, stored) => {
      found = Boolean(stored)
      done(error)
    })
  })
  return found
}

/** Forget the mark, so that no login to come inherits it. */
export function dropMark(req: Request): void {
  const session = req.session as Partial<SessionData> | undefined
  if (session?.secondFactor) delete session.secondFactor
}

function settled(act: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    act((cause) => {
      if (cause === undefined || cause === null) resolve()
      else reject(new SecondFactorError('session_unavailable', 'The session store failed.', { cause }))
    })
  })
}
