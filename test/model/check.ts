import fc from 'fast-check'
import type { History } from './history.js'
import { complaintOf } from './judge.js'
import { type Program, programs } from './programs.js'
import { type Clients, run } from './run.js'

/** How much is tried. */
export interface Extent {
  /** Where chance begins; each batch of programs has the next one. */
  readonly seed: number
  /** Operations of workers at least; what leads up to them, and the look at the end, is not counted. */
  readonly operations: number
  /** Batches at the same time, to use the time in which a database is waited for. */
  readonly lanes?: number
  /** A race is not lost every time: while shrinking, each candidate gets so many chances to go wrong. */
  readonly chances?: number
  /** What is wrong with a history. Default: that the model does not explain it. */
  readonly complaint?: typeof complaintOf
  /** Whether to look for a smaller program that goes wrong, once there is one. Default true. */
  readonly shrinks?: boolean
}

/** What was tried. */
export interface Findings {
  readonly operations: number
  readonly programs: number
  /** What operations were rejected with. */
  readonly troubles: readonly string[]
  readonly counterexample: Counterexample | undefined
}

/** A shrunk program that goes wrong. */
export interface Counterexample {
  /** The seed that leads to it first. */
  readonly seed: number
  readonly complaint: string
  /** The operations of the user for whom it went wrong. */
  readonly history: History
}

const PROGRAMS_IN_BATCH = 40
/** Shrinking ends then, wherever it is. */
const LONGEST_BATCH_MS = 20_000

/** Run random programs until there were enough operations, or until one went wrong. */
export async function checkPrograms(clients: Clients, extent: Extent): Promise<Findings> {
  const check = new Check(clients, {
    lanes: 1,
    chances: 8,
    shrinks: true,
    complaint: complaintOf,
    ...extent,
  })
  await check.run()
  return check
}

class Failure extends Error {
  constructor(
    readonly complaint: string,
    readonly history: History,
  ) {
    super(complaint)
  }
}

class Check implements Findings {
  operations = 0
  programs = 0
  readonly troubles: string[] = []
  counterexample: Counterexample | undefined

  constructor(
    private readonly clients: Clients,
    private readonly extent: Required<Extent>,
  ) {}

  async run(): Promise<void> {
    const { lanes, seed } = this.extent
    let next = seed
    const lane = async () => {
      while (!this.#enough()) await this.#batch(next++ | 0)
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }

  /** Nothing more is begun then, except to shrink. */
  #enough(): boolean {
    return this.operations >= this.extent.operations || this.counterexample !== undefined
  }

  async #batch(seed: number): Promise<void> {
    let chances = 1
    const property = fc.asyncProperty(programs, async (program) => {
      if (chances === 1 && this.#enough()) return
      for (let chance = 0; chance < chances; chance++) {
        await this.#try(program).catch((error: unknown) => {
          chances = this.extent.chances
          throw error
        })
      }
    })
    const { failed, errorInstance } = await fc.check(property, {
      seed,
      numRuns: PROGRAMS_IN_BATCH,
      endOnFailure: !this.extent.shrinks,
      interruptAfterTimeLimit: LONGEST_BATCH_MS,
    })
    if (!failed) return
    if (!(errorInstance instanceof Failure)) throw errorInstance as Error
    const { complaint, history } = errorInstance
    this.counterexample ??= { seed, complaint, history }
  }

  async #try(program: Program): Promise<void> {
    const histories = await run(program, this.clients)
    this.programs++
    this.operations += program.assignments.length
    this.troubles.push(...histories.flat().flatMap(({ trouble }) => trouble ?? []))
    for (const history of histories) {
      const complaint = this.extent.complaint(history, program.bounds)
      if (complaint !== undefined) throw new Failure(complaint, history)
    }
  }
}
