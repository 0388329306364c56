import type { History, Entry } from './history.js'

/** What one worker after the other would do. */
export interface Specification<State> {
  readonly initial: State
  /** The state after an operation, or undefined when its outcome is impossible in this one. */
  readonly step: (state: State, entry: Entry) => State | undefined
  /** Whether the outcome tells that nothing was changed, in whatever state. */
  readonly changesNothing: (entry: Entry) => boolean
}

export type Linearisation<State> =
  | { readonly explained: true; readonly order: History; readonly last: State }
  | {
      readonly explained: false
      /** As far as any order went, and the state there. */
      readonly order: History
      readonly last: State
      /** What would have had to come next, each of it impossible. */
      readonly stuck: History
    }

/**
 * Look for an order of a history's operations that the specification allows, and in which whatever ended before
 * another began comes first (Wing and Gong; with Lowe's memory of what was tried). An operation without an outcome may
 * have happened at any time after it was called, or never.
 */
export function linearise<State>(
  history: History,
  specification: Specification<State>,
): Linearisation<State> {
  return new Search(history, specification).run()
}

class Search<State> {
  readonly #entries: History
  readonly #specification: Specification<State>
  readonly #done: boolean[]
  readonly #tried = new Set<string>()
  readonly #order: Entry[] = []
  #furthest: { readonly order: History; readonly last: State }

  constructor(history: History, specification: Specification<State>) {
    this.#entries = [...history].sort((left, right) => left.called - right.called)
    this.#specification = specification
    this.#done = this.#entries.map(() => false)
    this.#furthest = { order: [], last: specification.initial }
  }

  run(): Linearisation<State> {
    const explained = this.#explain(this.#specification.initial)
    if (explained) return { explained, ...this.#furthest }
    const { order } = this.#furthest
    const left = this.#entries.map((entry) => order.includes(entry))
    return { explained, ...this.#furthest, stuck: this.#candidates(left).map(({ entry }) => entry) }
  }

  /** Whether what is not done yet can be done from here. */
  #explain(state: State): boolean {
    if (this.#order.length >= this.#furthest.order.length) {
      this.#furthest = { order: [...this.#order], last: state }
    }
    if (this.#entries.every(({ outcome }, index) => this.#done[index] || outcome === undefined)) return true
    const situation = this.#done.map(Number).join('') + JSON.stringify(state)
    if (this.#tried.has(situation)) return false
    this.#tried.add(situation)

    const candidates = this.#candidates(this.#done).map(({ entry, index }) => {
      return { entry, index, next: this.#specification.step(state, entry) }
    })
    // What changes nothing may as well come at once: no order of the rest is the worse for it.
    const idle = candidates.find(
      ({ entry, next }) => next === state && this.#specification.changesNothing(entry),
    )
    for (const { entry, index, next } of idle ? [idle] : candidates) {
      if (next === undefined) continue
      this.#done[index] = true
      this.#order.push(entry)
      if (this.#explain(next)) return true
      this.#order.pop()
      this.#done[index] = false
    }
    return false
  }

  /** What may come next: nothing else that is left had ended when it began. The first to end is tried first. */
  #candidates(done: readonly boolean[]): { readonly entry: Entry; readonly index: number }[] {
    const left = this.#entries.flatMap((entry, index) => (done[index] ? [] : [{ entry, index }]))
    const firstEnd = Math.min(...left.map(({ entry }) => endOf(entry)))
    return left
      .filter(({ entry }) => entry.called < firstEnd || endOf(entry) === firstEnd)
      .sort((one, other) => endOf(one.entry) - endOf(other.entry))
  }
}

/** Nothing ever has to wait for what may never happen. */
const endOf = ({ answered, outcome }: Entry): number => (outcome === undefined ? Infinity : answered)
