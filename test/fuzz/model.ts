import { expectation } from './expectation.js'
import { type Expected, type Mark, markOf, type Session, type Situation } from './expected.js'
import { deviceIdOf, Person } from './person.js'
import type { Sent } from './sent.js'
import { type Answer, outcomeOf } from './wire.js'

export const SESSION_COOKIE = 'connect.sid'
const OVERLAP_MS = 60_000

/** A small model of the whole application, kept from outside by what it was asked and what it answered. */
export class Model {
  readonly people = new Map<string, Person>()
  readonly #sessions = new Map<string, Session>()

  session(cookie: string | undefined): Session {
    return this.#sessions.get(cookie ?? '') ?? {}
  }

  person(name: string): Person {
    const person = this.people.get(name) ?? new Person()
    this.people.set(name, person)
    return person
  }

  /**
   * Take note of an answer.
   *
   * @throws Error when it is one that the model forbids
   */
  observe(sent: Sent, answer: Answer, now: number): void {
    let session = this.session(sent.session)
    const person = session.user === undefined ? undefined : this.person(session.user)
    if (person && !sent.outage) session = { ...session, ...this.#admit(person, session, sent, answer, now) }
    const situation: Situation = { sent, answer, session, person, now }
    const expected = expectation(situation)
    const outcome = outcomeOf(answer)
    const refusedForItsForm = !sent.clean && answer.status >= 400 && answer.status < 500
    if (!expected.outcomes.includes(outcome) && !refusedForItsForm) {
      throw new Error(`Expected ${expected.outcomes.join(' or ')}, and it was ${outcome}.`)
    }
    const after = answer.status < 300 ? (expected.succeed?.(answer) ?? session) : session
    if (answer.status === 422) expected.fail?.()
    this.#keep(sent, answer, after, expected)
  }

  /** A trusted browser is let in by its token, which is replaced; one that was replaced long ago ends the trust. */
  #admit(person: Person, session: Session, sent: Sent, answer: Answer, now: number): { mark?: Mark } {
    const cookie = person.deviceCookie ?? ''
    const token = sent.tokens.get(cookie)
    if (!person.enrolled || markOf(session, person, now)) return {}
    const device = person.liveDevice(deviceIdOf(token), now)
    if (!device) return {}
    const mark = { epoch: person.epoch, at: now, deviceId: device.id }
    if (token === device.token) {
      const next = answer.cookies.get(cookie)
      if (next === undefined) throw new Error('A trusted browser came back, and its token was not replaced.')
      Object.assign(device, { token: next, previous: token, rotatedAt: now })
      return { mark }
    }
    if (token === device.previous && now - device.rotatedAt < OVERLAP_MS) return { mark }
    person.devices = person.devices.filter((one) => one !== device)
    return {}
  }

  /** What counts from now on stands under the id that the answer gives; the old one is gone. */
  #keep(sent: Sent, answer: Answer, session: Session, { renews }: Expected): void {
    const given = answer.cookies.get(SESSION_COOKIE)
    if (renews && answer.status < 300 && (given === undefined || given === sent.session)) {
      throw new Error('The session id did not change.')
    }
    const known = sent.session !== undefined && this.#sessions.has(sent.session)
    if (given !== undefined || session.user === undefined) this.#sessions.delete(sent.session ?? '')
    if (session.user === undefined) return
    if (given !== undefined) this.#sessions.set(given, session)
    else if (known) this.#sessions.set(sent.session, session)
  }
}
