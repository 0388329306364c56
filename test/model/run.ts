import { type SecondFactor, SecondFactorError, type StorageAdapter } from '../../lib/index.js'
import { FakeClock } from '../support/clock.js'
import { newService } from '../support/service.js'
import { type Call, callFor } from './calls.js'
import type { Entry, History, Outcome } from './history.js'
import { storedOf } from './outcomes.js'
import { PausingStorage } from './pausing-storage.js'
import { Person } from './person.js'
import { type Beginning, type Move, type Program, WORKERS } from './programs.js'

/** Ways to one database; the workers share them out among themselves. */
export type Clients = readonly [StorageAdapter, ...StorageAdapter[]]

/** What eight workers did, by user. Each has a service of its own, so that they race through the storage alone. */
export async function run(program: Program, clients: Clients): Promise<readonly History[]> {
  const stage = new Stage(clients, program)
  await stage.begin()
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => stage.work(worker)))
  return stage.end()
}

/** Sets users apart, also those of programs that run at the same time. */
let users = 0

const CONFIRMED: readonly Move[] = [{ move: 'enrol' }, { move: 'confirm', back: 0, step: -1 }]
const BEGINNINGS: Readonly<Record<Beginning, readonly Move[]>> = {
  nothing: [],
  pending: [{ move: 'enrol' }],
  'one authenticator': CONFIRMED,
  'two authenticators': [...CONFIRMED, ...CONFIRMED],
  'nearly full': [...CONFIRMED, ...CONFIRMED, ...CONFIRMED, ...CONFIRMED, { move: 'enrol' }],
}

interface Worker {
  readonly name: string
  readonly storage: PausingStorage
  readonly secondFactor: SecondFactor
}

/** An operation whose words are not asked for yet. */
interface Noted extends Pick<Entry, 'worker' | 'called' | 'answered'> {
  readonly person: Person
  readonly operation: Call['operation']
  readonly outcome: (() => Outcome) | SecondFactorError
}

class Stage {
  readonly #clock = new FakeClock()
  readonly #clients: Clients
  readonly #program: Program
  readonly #workers: readonly Worker[]
  readonly #people: readonly Person[]
  readonly #notes: Noted[] = []
  #ticks = 0

  constructor(clients: Clients, program: Program) {
    this.#clients = clients
    this.#program = program
    this.#workers = Array.from({ length: WORKERS }, (_, number) => this.#newWorker(number))
    const concerned = Math.max(0, ...program.assignments.map(({ user }) => user)) + 1
    this.#people = Array.from({ length: concerned }, () => new Person(`model ${++users}`, this.#clock.now()))
  }

  /** One after the other: how far each user is when the workers begin. */
  async begin(): Promise<void> {
    const [first] = this.#workers
    for (const [user, person] of this.#people.entries()) {
      const moves = BEGINNINGS[this.#program.beginnings[user] ?? 'nothing']
      for (const move of moves) await this.#perform({ ...(first as Worker), name: 'before' }, person, move)
    }
  }

  /** What is assigned to one worker, in order. */
  async work(number: number): Promise<void> {
    for (const { worker, user, move, pauses } of this.#program.assignments) {
      const [self, person] = [this.#workers[number], this.#people[user]]
      if (worker !== number || !self || !person) continue
      self.storage.pause(pauses)
      await this.#perform(self, person, move)
    }
  }

  /** Look into the storage, when all is done; then tell what everybody did. */
  async end(): Promise<readonly History[]> {
    const [client] = this.#clients
    const step = this.#clock.now() / 30_000
    return Promise.all(
      this.#people.map(async (person) => {
        const entry = await client.read(person.userId)
        const outcome = () => storedOf(entry, person, step)
        this.#note({ person, worker: 'after', operation: () => ({ kind: 'inspect' }), outcome })
        return this.#notes.filter((note) => note.person === person).map(inWords)
      }),
    )
  }

  async #perform(worker: Worker, person: Person, move: Move): Promise<void> {
    const { operation, perform } = callFor(move, person)
    const called = this.#ticks++
    const outcome = await perform(worker.secondFactor).catch((error: unknown) => {
      if (error instanceof SecondFactorError) return error
      throw error
    })
    this.#note({ person, worker: worker.name, operation, outcome }, called)
  }

  #note(note: Omit<Noted, 'called' | 'answered'>, called = this.#ticks++): void {
    this.#notes.push({ ...note, called, answered: this.#ticks++ })
  }

  #newWorker(number: number): Worker {
    const storage = new PausingStorage(this.#clients[number % this.#clients.length] ?? this.#clients[0])
    const { codesInSet, ...throttle } = this.#program.bounds
    const { secondFactor } = newService({
      storage,
      clock: this.#clock,
      throttle,
      backupCodes: { count: codesInSet },
      storageTimeoutSeconds: 60,
    })
    return { name: `worker ${number}`, storage, secondFactor }
  }
}

const inWords = ({ worker, called, answered, operation, outcome }: Noted): Entry => ({
  worker,
  called,
  answered,
  operation: operation(),
  ...(outcome instanceof SecondFactorError
    ? { outcome: undefined, trouble: troubleOf(outcome) }
    : { outcome: outcome() }),
})

const troubleOf = ({ code, cause }: SecondFactorError): string =>
  cause instanceof Error ? `${code}: ${cause.message}` : code
