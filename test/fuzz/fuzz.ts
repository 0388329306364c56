import type { Express as Application } from 'express'
import fc from 'fast-check'
import { RedisStorage } from '../../lib/storage/redis.js'
import type { StorageAdapter } from '../../lib/index.js'
import { startApp, type TestApp, type TestAppOptions } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import { type RedisClient, startRedis } from '../support/redis.js'
import { unhandledRejections } from '../support/service.js'
import { sequence } from './sequences.js'
import { Browsers } from './browsers.js'
import { Model } from './model.js'
import { DISABLE_AFTER, MOST_AUTHENTICATORS } from './person.js'
import { checkForm, Secrets } from './rules.js'
import type { RequestStep, Step } from './steps.js'
import { outcomeOf, Wire } from './wire.js'

const START = 1_800_000_000_000
/** What a clock that is set may show: from 1997 to 2057. */
const RANGE_MS = 30 * 365 * 86_400_000
const SEQUENCES_PER_ROUND = 20

export interface FuzzReport {
  readonly requests: number
  readonly seconds: number
  /** How often each outcome came, by route. */
  readonly outcomes: ReadonlyMap<string, number>
}

/** What is tried instead of a sound application. */
export interface FuzzSubject {
  readonly storageOn?: (client: RedisClient) => StorageAdapter
  readonly app?: Partial<TestAppOptions>
  /** It is known to fail: nobody needs the shortest sequence. */
  readonly broken?: boolean
}

interface Ground {
  readonly app: TestApp
  readonly storage: FailingStorage
  readonly wire: Wire
  readonly outcomes: Map<string, number>
  /** Nobody has ever been here. */
  clear(): Promise<void>
  stop(): Promise<void>
}

/** An application with sessions and records in a real Redis. */
async function startGround({ storageOn, app: more }: FuzzSubject): Promise<Ground> {
  const redis = await startRedis({ appendonly: 'no' })
  const client = await redis.client()
  const storage = new FailingStorage(storageOn?.(client) ?? new RedisStorage({ client }))
  const options = {
    totp: { maxAuthenticators: MOST_AUTHENTICATORS },
    throttle: { disableAfter: DISABLE_AFTER },
    storageTimeoutSeconds: 60,
  }
  const app = await startApp({
    ...{ storage, sessions: client, routes: keepingRoutes },
    ...more,
    secondFactor: { ...options, ...more?.secondFactor },
  })
  const wire = new Wire(app.url)
  return {
    ...{ app, storage, wire, outcomes: new Map() },
    async clear() {
      await client.flushAll()
      app.clock.advance((START - app.clock.now()) / 1000)
    },
    async stop() {
      wire.close()
      await app.close()
      await redis.stop()
    },
  }
}

/** Sign in and out in an application that keeps what the session has. */
function keepingRoutes(app: Application): void {
  app.post('/login/keeping', (req, res, next) => {
    const { name } = req.body as { name: string }
    req.logIn({ id: name }, { session: true, keepSessionInfo: true }, (error) => {
      if (error) next(error)
      else res.sendStatus(204)
    })
  })
  app.post('/logout/keeping', (req, res, next) => {
    req.logOut({ keepSessionInfo: true }, (error) => {
      if (error) next(error)
      else res.sendStatus(204)
    })
  })
}

/**
 * Send at least so many generated requests to a real application, and compare each answer with the model.
 *
 * @throws Error with the shortest sequence that was found, and with the seed that finds it again
 */
export async function fuzz(seed: number, requests: number, subject: FuzzSubject = {}): Promise<FuzzReport> {
  const ground = await startGround(subject)
  const start = performance.now()
  let sent = 0
  try {
    for (let round = 0; sent < requests; round++) {
      const property = fc.asyncProperty(sequence, async (steps) => {
        sent += await play(ground, steps)
      })
      await fc.assert(property, {
        seed: seed + round,
        numRuns: SEQUENCES_PER_ROUND,
        endOnFailure: subject.broken === true,
      })
    }
  } finally {
    await ground.stop()
  }
  return { requests: sent, seconds: (performance.now() - start) / 1000, outcomes: ground.outcomes }
}

/** One sequence from nothing; how many requests it took. */
async function play(ground: Ground, steps: readonly Step[]): Promise<number> {
  await ground.clear()
  const run = new Run(ground)
  const unhandled = await unhandledRejections(async () => {
    for (const step of steps) await run.step(step)
  })
  if (unhandled.length > 0)
    throw new Error('A promise was rejected, and nobody noticed.', { cause: unhandled[0] })
  return run.requests
}

class Run {
  requests = 0
  readonly #model = new Model()
  readonly #secrets = new Secrets()
  readonly #browsers: Browsers
  readonly #transcript: string[] = []
  #outage = false

  constructor(private readonly ground: Ground) {
    this.#browsers = new Browsers(this.#model, new URL(ground.app.url).host)
  }

  async step(step: Step): Promise<void> {
    const { clock } = this.ground.app
    if (step.kind === 'outage') {
      this.#outage = true
    } else if (step.kind === 'clock') {
      const far = Math.abs(clock.now() + step.seconds * 1000 - START) > RANGE_MS
      if (!far) clock.advance(step.seconds)
      this.#transcript.push(`the clock goes by ${step.seconds} s`)
    } else {
      await this.#send(step)
    }
  }

  async #send(step: RequestStep): Promise<void> {
    const { app, storage, wire, outcomes } = this.ground
    const now = app.clock.now()
    const sent = this.#browsers.request(step, now, this.#outage)
    if (sent.outage) storage.fail('reject')
    const answer = await wire.send(sent)
    storage.recover()
    this.#outage = false
    this.requests++
    const outcome = `${step.route} -> ${outcomeOf(answer)}`
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    this.#transcript.push(`browser ${step.browser}${told(step, sent.body)} -> ${outcomeOf(answer)}`)
    try {
      checkForm(sent, answer)
      this.#secrets.check(sent, answer)
      this.#model.observe(sent, answer, now)
    } catch (cause) {
      const story = this.#transcript.map((line, index) => `  ${index + 1}. ${line}`).join('\n')
      throw new Error(`${(cause as Error).message}\n${story}`, { cause })
    }
    this.#browsers.receive(step, sent, answer)
  }
}

/** A request for people to read. */
function told({ route, cookies, headers, encoding, mangling }: RequestStep, body: Buffer): string {
  const oddities = {
    ...(cookies !== 'own' && { cookies }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(encoding !== 'json' && { encoding }),
    ...(mangling !== undefined && { mangling }),
  }
  const odd = Object.keys(oddities).length > 0 ? ` ${JSON.stringify(oddities)}` : ''
  const text = body.toString().slice(0, 200)
  return ` ${route} ${text}${odd}`
}
