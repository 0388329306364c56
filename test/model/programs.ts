import fc from 'fast-check'
import type { Bounds } from './state.js'

export const WORKERS = 8
/** Few, so that they run out. */
const CODES_IN_SET = 3

/** What a worker does next, in words that only mean something once others have seen something. `back`: 0 is the newest. */
export type Move =
  | { readonly move: 'enrol' | 'generate' | 'reset' | 'status' | 'guess totp' | 'guess backup code' }
  | { readonly move: 'confirm' | 'verify'; readonly back: number; readonly step: -1 | 0 | 1 }
  | { readonly move: 'guess confirmation' | 'confirm set' | 'remove' | 'rename'; readonly back: number }
  | { readonly move: 'use'; readonly back: number; readonly index: number }

export interface Assignment {
  readonly worker: number
  readonly user: number
  readonly move: Move
  /** Turns of the event loop that others get before each reading, and before each writing. */
  readonly pauses: readonly [number, number]
}

/** How far a user is before the workers begin. */
export type Beginning = 'nothing' | 'pending' | 'one authenticator' | 'two authenticators' | 'nearly full'

/** What eight workers do at the same time, each one thing after the other. */
export interface Program {
  readonly beginnings: readonly [Beginning, Beginning]
  readonly bounds: Bounds
  readonly assignments: readonly Assignment[]
}

const back = fc.nat({ max: 2 })
const newest = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: back })
const step = fc.constantFrom(-1 as const, 0 as const, 1 as const)
const index = fc.nat({ max: CODES_IN_SET - 1 })

const moves = <Name extends string>(...names: Name[]) => fc.record({ move: fc.constantFrom(...names) })
const weighted = (weight: number, arbitrary: fc.Arbitrary<Move>) => ({ weight, arbitrary })

/** Mostly codes. Rare is what ends the rest, and what takes its time: a picture of each new secret is drawn. */
const usual: fc.Arbitrary<Move> = fc.oneof(
  weighted(28, fc.record({ move: fc.constant('verify'), back: newest, step })),
  weighted(22, fc.record({ move: fc.constant('use'), back: newest, index })),
  weighted(9, fc.record({ move: fc.constant('confirm'), back: newest, step })),
  weighted(6, moves('status')),
  weighted(6, moves('generate')),
  weighted(8, fc.record({ move: fc.constant('confirm set'), back: newest })),
  weighted(4, fc.record({ move: fc.constant('rename'), back })),
  weighted(8, moves('guess totp')),
  weighted(4, moves('guess backup code')),
  weighted(3, fc.record({ move: fc.constant('guess confirmation'), back: newest })),
  weighted(5, moves('enrol')),
  weighted(3, fc.record({ move: fc.constant('remove'), back })),
  weighted(1, moves('reset')),
)

/** Records come and go. */
const unsteady: fc.Arbitrary<Move> = fc.oneof(
  weighted(2, fc.record({ move: fc.constant('verify'), back: newest, step })),
  weighted(5, fc.record({ move: fc.constant('confirm'), back: newest, step })),
  weighted(1, moves('status')),
  weighted(3, moves('enrol')),
  weighted(5, fc.record({ move: fc.constant('remove'), back: newest })),
  weighted(2, moves('reset')),
)

const pause = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 2 }) },
  { weight: 1, arbitrary: fc.nat({ max: 12 }) },
)

const bounds: fc.Arbitrary<Bounds> = fc.constantFrom(
  // As an application has them that gives no numbers; then such that the week, and the end, come within a program.
  { freeAttempts: 5, weeklyBudget: 60, disableAfter: 100, codesInSet: CODES_IN_SET },
  { freeAttempts: 5, weeklyBudget: 6, disableAfter: 100, codesInSet: CODES_IN_SET },
  { freeAttempts: 3, weeklyBudget: 60, disableAfter: 3, codesInSet: CODES_IN_SET },
)

const beginning: fc.Arbitrary<Beginning> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('one authenticator', 'two authenticators') },
  { weight: 4, arbitrary: fc.constantFrom('pending', 'nothing') },
  { weight: 1, arbitrary: fc.constant('nearly full') },
)

const assignmentsOf = (users: number, move: fc.Arbitrary<Move>, maxLength: number) =>
  fc.array(
    fc.record({
      worker: fc.nat({ max: WORKERS - 1 }),
      user: fc.nat({ max: users - 1 }),
      move,
      pauses: fc.tuple(pause, pause),
    }),
    { minLength: 1, maxLength, size: 'max' },
  )

export const programs: fc.Arbitrary<Program> = fc.record({
  beginnings: fc.tuple(beginning, beginning),
  bounds,
  assignments: fc.oneof(
    { weight: 2, arbitrary: assignmentsOf(1, usual, 80) },
    { weight: 2, arbitrary: assignmentsOf(2, usual, 144) },
    { weight: 1, arbitrary: assignmentsOf(1, unsteady, 48) },
  ),
})
