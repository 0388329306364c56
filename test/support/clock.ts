/** A clock that stands still until it is told otherwise. */
export class FakeClock {
  #now: number

  /** @param start - epoch milliseconds; the beginning of a 30-second time step unless given */
  constructor(start = 1_800_000_000_000) {
    this.#now = start
  }

  readonly now = (): number => this.#now

  /** Negative seconds step back. */
  advance(seconds: number): void {
    this.#now += seconds * 1000
  }
}
