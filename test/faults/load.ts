import { setTimeout as delay } from 'node:timers/promises'
import { type TestApp, whoAmI } from '../support/app.js'
import { outcomeFrom } from './application.js'
import { Outage } from './outage.js'
import { Person } from './person.js'
import { seededRandom } from './random.js'

/** What people do, again and again: with a fresh code, with a used one, with half a session and with a whole one. */
export type Act = 'login' | 'first use' | 'replay' | 'half visit' | 'half transfer' | 'whole visit'

/** Which outcomes an act may have. */
export type Allowed = Readonly<Record<Act, readonly string[]>>

export interface LoadOptions {
  readonly app: TestApp
  /** Which outcomes there may be at any time. */
  readonly allowed: Allowed
  /** Which outcomes there may be while the server is away. */
  readonly allowedWhileAway: Allowed
  readonly seed: number
}

const PEOPLE = 6

/** People who sign in with fresh codes, and others who have only their passwords and the codes that were used. */
export class Load {
  readonly outage = new Outage()
  /** What has happened that must not. */
  readonly violations = new Set<string>()
  /** How many acts began and ended while the server was away. */
  actsWhileAway = 0
  readonly #options: LoadOptions
  readonly #people: readonly Person[]
  readonly #counts = new Map<string, number>()

  private constructor(options: LoadOptions, people: readonly Person[]) {
    this.#options = options
    this.#people = people
  }

  static async prepare(options: LoadOptions): Promise<Load> {
    const people: Person[] = []
    while (people.length < PEOPLE) people.push(await Person.enrol(options.app, `person ${people.length}`))
    return new Load(options, people)
  }

  /** How often an act had this outcome. */
  count(act: Act, outcome: string): number {
    return this.#counts.get(`${act}: ${outcome}`) ?? 0
  }

  /** How many codes were answered with success. */
  get used(): number {
    return this.#people.reduce((sum, { used }) => sum + used.length, 0)
  }

  /** One wave of acts after another, as long as it is wanted. */
  async run(wanted: () => boolean): Promise<void> {
    const { clock } = this.#options.app
    const random = seededRandom(this.#options.seed)
    while (wanted()) {
      // The clock stands still until every code is settled: a code without an answer is tried while it is good.
      if (this.#people.every(({ attempt }) => !attempt)) {
        clock.advance(30)
        for (const person of this.#people) person.begin(clock.now(), random() < 0.2)
      }
      await Promise.all(this.#people.flatMap((person) => [this.#signIn(person), this.#intrude(person)]))
      // Who is told that nothing works tries again after a moment, and leaves the server the time to start.
      if (this.#people.some(({ attempt }) => attempt)) await delay(20)
    }
  }

  async #signIn(person: Person): Promise<void> {
    const { attempt } = person
    if (!attempt) return
    const browser = this.#options.app.browser()
    const login = await this.#act('login', () => browser.post('/login').send({ name: person.name }))
    if (login !== '204') return
    const { code } = attempt
    const told = await this.#act('first use', () => browser.post('/2fa/verify').send({ code }))
    if (told === '200') {
      person.succeeded(attempt, browser)
      return
    }
    await this.#act('half visit', () => browser.get('/private'))
    if (told !== '422 invalid_code') attempt.doubtful = true
    else {
      if (!attempt.doubtful) this.violations.add(`a fresh ${attempt.method} was refused`)
      person.attempt = undefined
    }
  }

  async #intrude(person: Person): Promise<void> {
    const { half, whole } = person
    if (whole) await this.#act('whole visit', () => whole.get('/private'))
    await this.#act('half visit', () => half.get('/private'))
    await this.#act('half transfer', () => half.post('/transfer'))
    const spent = person.replayable(this.#options.app.clock.now())
    if (spent) await this.#act('replay', () => half.post('/2fa/verify').send({ code: spent.code }))
  }

  async #act(act: Act, ask: () => Parameters<typeof outcomeFrom>[0]): Promise<string> {
    const { allowed, allowedWhileAway } = this.#options
    const { result: outcome, away } = await this.outage.during(() => outcomeFrom(ask()))
    const seen = `${act}: ${outcome}`
    this.#counts.set(seen, (this.#counts.get(seen) ?? 0) + 1)
    if (!allowed[act].includes(outcome)) this.violations.add(seen)
    if (away) {
      this.actsWhileAway += 1
      if (!allowedWhileAway[act].includes(outcome)) this.violations.add(`${seen}, while away`)
    }
    return outcome
  }

  /** Replay every code whose success was told, at a time at which it would be good; how often each was answered how. */
  async replayAll(): Promise<Readonly<Record<string, number>>> {
    const { clock } = this.#options.app
    const end = clock.now()
    const outcomes: Record<string, number> = {}
    for (const at of new Set(this.#people.flatMap(({ used }) => used.map((one) => one.at)))) {
      clock.advance((at - clock.now()) / 1000)
      for (const { half, used } of this.#people) {
        for (const { code } of used.filter((one) => one.at === at)) {
          const outcome = await outcomeFrom(half.post('/2fa/verify').send({ code }))
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        }
      }
    }
    clock.advance((end - clock.now()) / 1000)
    return outcomes
  }

  /** Everybody shows a fresh code in the session that was half all the time; who is in before and after it. */
  async signInAll(): Promise<readonly (readonly boolean[])[]> {
    const { clock } = this.#options.app
    clock.advance(60)
    return Promise.all(
      this.#people.map(async ({ half, phone }) => {
        const before = (await whoAmI(half)).authenticated
        await half.post('/2fa/verify').send({ code: phone.codeAt(clock.now()) })
        return [before, (await whoAmI(half)).authenticated]
      }),
    )
  }
}
