import type { Measurement } from './batch.js'
import type { Work } from './contenders.js'
import type { Figure } from './goals.js'

/** What a run has seen: round by round, for every work and contender. */
export class Measurements {
  readonly #seen = new Map<string, Measurement[]>()

  add(work: Work, contender: string, measurement: Measurement): void {
    const key = `${work}: ${contender}`
    this.#seen.set(key, [...(this.#seen.get(key) ?? []), measurement])
  }

  /** One figure of every round; none where the contender cannot do the work. */
  of({ work, contender, figure }: Figure): readonly number[] {
    return (this.#seen.get(`${work}: ${contender}`) ?? []).map((measurement) => measurement[figure])
  }
}
