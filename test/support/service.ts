import { setImmediate as turn } from 'node:timers/promises'
import {
  createSecondFactor,
  MemoryStorage,
  type NewAuthenticator,
  type SecondFactor,
  type SecondFactorEvent,
  type SecondFactorOptions,
} from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { SECRET } from './app.js'
import { FakeClock } from './clock.js'

/** A second factor without any Express around it, and everything that it told. */
export interface TestService {
  readonly secondFactor: SecondFactor
  readonly clock: FakeClock
  readonly events: SecondFactorEvent[]
}

/** Services that share a storage and a clock are like processes of one application. */
export function newService(
  options: Partial<SecondFactorOptions> & { readonly clock?: FakeClock } = {},
): TestService {
  const { clock = new FakeClock(), ...rest } = options
  const events: SecondFactorEvent[] = []
  const secondFactor = createSecondFactor({
    issuer: 'ACME',
    secret: SECRET,
    storage: new MemoryStorage(),
    now: clock.now,
    onEvent: (event) => {
      events.push(event)
    },
    ...rest,
  })
  return { secondFactor, clock, events }
}

/** Somebody's authenticator, waiting for its first code. */
export interface BegunEnrolment {
  readonly phone: TestAuthenticator
  readonly authenticator: NewAuthenticator
}

/** An authenticator that counts, and the backup codes that came with it; none unless it was the first. */
export interface CompletedEnrolment extends BegunEnrolment {
  readonly epoch: string
  readonly backupCodes: readonly string[]
}

type Service = Pick<TestService, 'secondFactor' | 'clock'>

export async function beginEnrolment(
  { secondFactor }: Service,
  userId: string,
  label?: string,
): Promise<BegunEnrolment> {
  const authenticator = succeeded(await secondFactor.enrol(userId, label === undefined ? {} : { label }))
  return { authenticator, phone: new TestAuthenticator(authenticator.uri) }
}

/** Enrol, and step on: the code that the phone shows afterwards is a new one. */
export async function enrolUser(
  service: Service,
  userId: string,
  label?: string,
): Promise<CompletedEnrolment> {
  const { clock, secondFactor } = service
  const begun = await beginEnrolment(service, userId, label)
  const code = begun.phone.codeAt(clock.now())
  const { epoch, backupCodes = [] } = succeeded(
    await secondFactor.confirm(userId, begun.authenticator.id, code),
  )
  clock.advance(30)
  return { ...begun, epoch, backupCodes }
}

/** The success of an outcome that must be one. */
export function succeeded<Outcome extends { readonly ok: boolean }>(
  outcome: Outcome,
): Extract<Outcome, { readonly ok: true }> {
  if (!outcome.ok) throw new Error(`Refused: ${JSON.stringify(outcome)}`)
  return outcome as Extract<Outcome, { readonly ok: true }>
}

/** `ok`, or the reason of the refusal. */
export const reasonOf = (outcome: { readonly ok: boolean; readonly reason?: string }): string =>
  outcome.ok ? 'ok' : (outcome.reason ?? 'no reason')

/** How often each outcome came: `{ ok: 1, invalid_code: 49 }`. */
export function tally(
  outcomes: readonly { readonly ok: boolean; readonly reason?: string }[],
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) {
    const reason = reasonOf(outcome)
    counts[reason] = (counts[reason] ?? 0) + 1
  }
  return counts
}

/** What a promise was rejected with; an error of its own when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It was not rejected.')
}

/** What was rejected while `work` ran, and nobody handled: each would end the process of an application. */
export async function unhandledRejections(work: () => Promise<unknown>): Promise<readonly unknown[]> {
  const unhandled = new Set<unknown>()
  const note = (reason: unknown) => unhandled.add(reason)
  process.on('unhandledRejection', note)
  try {
    await work()
    // Node tells of them after the microtasks.
    await turn()
  } finally {
    process.off('unhandledRejection', note)
  }
  return [...unhandled]
}
