import { gzipSync } from 'node:zlib'
import { type Model, SESSION_COOKIE } from './model.js'
import type { Person } from './person.js'
import { isForeign, readMembers, type Sent } from './sent.js'
import {
  BROWSERS,
  type CodeChoice,
  type CookieChoice,
  type IdChoice,
  type Mangling,
  PEOPLE,
  type RequestStep,
  type Route,
} from './steps.js'
import type { Answer } from './wire.js'

/** What one browser has in its jar, and has had. */
interface Jar {
  session: string | undefined
  readonly tokens: Map<string, string>
  readonly pastSessions: string[]
  readonly pastTokens: (readonly [string, string])[]
}

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'
const CHANGED = /.$/
const STEP_MS = 30_000

/** Several browsers, and the people in front of them, who know what they were shown. */
export class Browsers {
  readonly #jars: readonly Jar[] = Array.from({ length: BROWSERS }, () => ({
    session: undefined,
    tokens: new Map(),
    pastSessions: [],
    pastTokens: [],
  }))
  readonly #usedCodes: string[] = []

  constructor(
    private readonly model: Model,
    private readonly host: string,
  ) {}

  /** The request that a step means now. */
  request(step: RequestStep, now: number, outage: boolean): Sent {
    const { session, tokens, header } = this.#cookies(step)
    const user = this.model.session(session).user
    const [method = '', pattern = ''] = step.route.split(' ')
    const id = this.#id(step.route, step.id, user)
    const path = pattern.replace(':id', id)
    const body = encoded(step, this.#values(step, user, now))
    const headers: Record<string, string> = {
      Host: this.host,
      ...(header !== '' && { Cookie: header }),
      ...body.headers,
      ...step.headers,
    }
    const decoded = decodedId(id)
    return {
      ...{ method, path, headers, body: body.bytes, route: step.route, id: decoded, session, tokens, outage },
      members: readMembers(body.contentType, body.text),
      clean: step.mangling === undefined && decoded !== undefined,
      foreign: isForeign(method, headers),
    }
  }

  /** Take what an answer brings, as browsers and people do. */
  receive(step: RequestStep, sent: Sent, answer: Answer): void {
    const jar = this.#jar(step.browser)
    for (const [name, value] of answer.cookies) {
      if (name === SESSION_COOKIE) {
        if (jar.session !== undefined) jar.pastSessions.unshift(jar.session)
        jar.session = value
      } else {
        const before = jar.tokens.get(name)
        if (before !== undefined) jar.pastTokens.unshift([name, before])
        if (value === '') jar.tokens.delete(name)
        else jar.tokens.set(name, value)
      }
    }
    const { code } = sent.members
    if (answer.status === 200 && typeof code === 'string') this.#usedCodes.unshift(code)
  }

  #jar(index: number): Jar {
    const jar = this.#jars[index]
    if (!jar) throw new Error('There is no such browser.')
    return jar
  }

  #cookies({ browser, cookies }: RequestStep) {
    const own = this.#jar(browser)
    const jar = isObject(cookies) && 'of' in cookies ? this.#jar(cookies.of) : own
    const { session, tokens } = cookies === 'none' ? { session: undefined, tokens: [] } : chosen(jar, cookies)
    const pairs = [...(session === undefined ? [] : [[SESSION_COOKIE, session] as const]), ...tokens]
    const garbage = isObject(cookies) && 'text' in cookies ? [cookies.text] : []
    const header = [...pairs.map((pair) => pair.join('=')), ...garbage].join('; ')
    return { session, tokens: new Map(tokens), header }
  }

  #owner(whose: 'own' | 'others', user: string | undefined): Person {
    const own = user ?? PEOPLE[0]
    if (whose === 'own') return this.model.person(own)
    const others = PEOPLE.filter((name) => name !== own).map((name) => this.model.person(name))
    return others.find(({ enrolled }) => enrolled) ?? this.model.person(PEOPLE[1])
  }

  #id(route: Route, choice: IdChoice, user: string | undefined): string {
    if ('text' in choice) return choice.text
    const ids = idsFor(route, this.#owner(choice.whose, user))
    return ids.length === 0 ? 'nothing' : (ids[choice.which % ids.length] ?? '')
  }

  #values({ route, members }: RequestStep, user: string | undefined, now: number): Record<string, unknown> {
    const { name, code, more, ...rest } = members
    const values = { ...more, ...rest }
    if (name !== undefined) Object.assign(values, { name: PEOPLE[name] })
    if (code) Object.assign(values, { code: this.#code(route, code, user, now) })
    return values
  }

  #code(route: Route, choice: CodeChoice, user: string | undefined, now: number): unknown {
    if (choice.from === 'nowhere') return choice.value
    if (choice.from === 'used') return this.#usedCodes[choice.which % this.#usedCodes.length] ?? '123456'
    const owner = this.#owner(choice.whose, user)
    if (choice.from === 'backup') {
      const codes = [owner.inForce, owner.unconfirmed].flatMap((set) => set?.codes ?? [])
      return typed(codes[choice.which % codes.length] ?? 'ABCDE', choice)
    }
    const isPending = route.includes(':id')
    const phones = owner.authenticators.filter(({ verified }) => verified !== isPending).reverse()
    const code = phones[choice.which % phones.length]?.phone.codeAt(now + choice.steps * STEP_MS) ?? '123456'
    return choice.spaced ? ` ${code.slice(0, 3)} ${code.slice(3)}` : code
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object'

function chosen(jar: Jar, choice: CookieChoice) {
  const tokens = [...jar.tokens]
  if (!isObject(choice)) return { session: jar.session, tokens }
  if ('past' in choice) {
    const { past, which } = choice
    if (past === 'session') return { session: jar.pastSessions[which % jar.pastSessions.length], tokens }
    const old = jar.pastTokens[which % jar.pastTokens.length]
    return {
      session: jar.session,
      tokens: old ? [old, ...tokens.filter(([name]) => name !== old[0])] : tokens,
    }
  }
  if (!('tampered' in choice)) return { session: jar.session, tokens }
  const change = (value: string) => value.replace(CHANGED, (last) => (last === 'A' ? 'B' : 'A'))
  return choice.tampered === 'session'
    ? { session: jar.session && change(jar.session), tokens }
    : { session: jar.session, tokens: tokens.map(([name, token]) => [name, change(token)] as const) }
}

/** What somebody has that the route could be about, the newest first. */
function idsFor(route: Route, owner: Person): readonly string[] {
  if (route.includes('trusted-devices')) return owner.devices.map(({ id }) => id).reverse()
  if (route.includes('backup-codes')) {
    return [owner.unconfirmed, owner.inForce].flatMap((set) => (set && set.id !== '' ? [set.id] : []))
  }
  const newest = owner.authenticators.toReversed()
  const pending = newest.filter(({ verified }) => !verified)
  const verified = newest.filter((one) => one.verified)
  const first = route.endsWith('/verify') ? [...pending, ...verified] : [...verified, ...pending]
  return first.map(({ id }) => id)
}

function typed(code: string, { typed: how }: Extract<CodeChoice, { from: 'backup' }>): string {
  if (how === 'lower case') return code.toLowerCase()
  return how === 'as shown' ? code : code.replaceAll('-', how === 'with spaces' ? ' ' : '')
}

function decodedId(id: string): string | undefined {
  try {
    return decodeURIComponent(id)
  } catch {
    return undefined
  }
}

interface Encoded {
  readonly bytes: Buffer
  readonly text: string
  /** As it would have to be for the text to be read. */
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>>
}

function encoded({ encoding, mangling }: RequestStep, values: Record<string, unknown>): Encoded {
  if (encoding === 'none' && mangling === undefined) {
    return { bytes: Buffer.alloc(0), text: '', contentType: '', headers: {} }
  }
  const plain = encoding === 'form' ? asForm(values) : JSON.stringify(values)
  const text = mangling === undefined ? plain : mangled(plain, values, mangling)
  const usual = encoding === 'form' ? FORM_TYPE : JSON_TYPE
  const contentType = isObject(mangling) && 'contentType' in mangling ? mangling.contentType : usual
  const gzip = encoding === 'gzip' && text !== ''
  const bytes = gzip ? gzipSync(text) : Buffer.from(text)
  const headers = { 'Content-Type': contentType, ...(gzip && { 'Content-Encoding': 'gzip' }) }
  return { bytes, text: bytes.toString() === text || gzip ? text : '', contentType, headers }
}

function asForm(values: Record<string, unknown>): string {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return new URLSearchParams(
    entries.map(([name, value]): [string, string] => [name, asText(value)]),
  ).toString()
}

function mangled(plain: string, values: Record<string, unknown>, mangling: Mangling): string {
  if (isObject(mangling)) {
    if ('text' in mangling) return mangling.text
    return 'json' in mangling ? JSON.stringify(mangling.json) : plain
  }
  if (mangling === 'cut off') return plain.slice(0, -2)
  if (mangling === 'twice') return `${plain}&${plain}`
  if (mangling === 'huge') return JSON.stringify({ ...values, more: 'x'.repeat(150_000) })
  return JSON.stringify(mangling === 'in a list' ? [values] : { body: values })
}
