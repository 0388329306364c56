import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import express from 'express'
import { after, before, describe, it } from 'mocha'
import type { Test } from 'supertest'
import { RedisStorage } from '../../lib/storage/redis.js'
import { type Browser, startApp, type TestApp, wrongCode } from '../support/app.js'
import {
  ENDPOINT_CALLS,
  emptyCall,
  type EndpointCall,
  outcomeOf,
  type PreparedPerson,
  preparePerson,
  titleOf,
  UNSAFE_CALLS,
} from '../support/endpoints.js'
import { type RedisServer, startRedis } from '../support/redis.js'

const BAD = '400 invalid_request'
const UNSUPPORTED = '415 unsupported_media_type'
const TEN_KILOBYTES = 10_240

/** A value in place of a code, which may be made from the right one. */
type CodeRow = readonly [what: string, value: (right: string) => unknown]

const NO_CODES: readonly CodeRow[] = [
  ['C32 no code', () => undefined],
  ['C32 an empty code', () => ''],
  ['C32 nothing but spaces', () => '   '],
  ['C32 null', () => null],
  ['C41 an empty list', () => []],
  ['C40 the right code in a list', (right) => [right]],
  ['C41 an object', () => ({})],
  ['C40 an object that has the right code', (right) => ({ code: right, toString: right, length: 6 })],
  ['C40 the right code as a number', (right) => Number(right)],
  ['C41 a fraction', () => 0.5],
  ['C41 true', () => true],
  ['C41 false', () => false],
  ['C41 ten kilobytes of digits', () => '1'.repeat(TEN_KILOBYTES)],
  ['C41 ten kilobytes of spaces and the right code', (right) => ' '.repeat(TEN_KILOBYTES) + right],
  ['C41 full-width digits', () => '０１２３４５'],
  ['C41 the right code in full-width digits', (right) => toFullWidth(right)],
  ['C41 Arabic-Indic digits', () => '٠١٢٣٤٥'],
  ['C41 five digits', () => '12345'],
  ['C41 nine digits', () => '123456789'],
  ['C41 digits of another length', () => '12345678'],
  ['C40 the right code and a letter', (right) => `${right}x`],
  ['C40 the right code and a full stop', (right) => `${right}.`],
  ['C40 the right code behind a sign', (right) => `+${right.slice(1)}`],
  ['C40 the right code twice', (right) => right + right],
  ['C40 the right code and a null character', (right) => `${right}\0`],
  ['C40 an exponent', () => '101e12'],
  ['C40 a hexadecimal number', () => '0x1234'],
  ['C41 a backup code that is too short', () => '00000-00000-00000-00000-0000'],
  ['C41 a backup code that is too long', () => '00000-00000-00000-00000-000000'],
  ['C41 a backup code with a letter that there is not', () => '0000U-00000-00000-00000-00000'],
  ['C41 the name of a member that every object has', () => '__proto__'],
  ['C41 half an emoji', () => '\ud83d'],
  ['C41 lists in lists in lists', () => nested(1000)],
]

const nested = (depth: number): unknown[] => (depth === 0 ? [] : [nested(depth - 1)])

const toFullWidth = (code: string): string =>
  Array.from(code, (digit) => String.fromCodePoint(0xff10 + Number(digit))).join('')

/** Bodies that have the right code in them somewhere, but not as the one text member `code`. */
const MISPLACED: readonly (readonly [what: string, type: string, body: (right: string) => string])[] = [
  ['the code twice in a form', 'form', (right) => `code=${right}&code=${right}`],
  ['the right code after another in a form', 'form', (right) => `code=000000&code=${right}`],
  ['a list in a form', 'form', (right) => `code[]=${right}`],
  ['an indexed list in a form', 'form', (right) => `code[0]=${right}`],
  ['an object in a form', 'form', (right) => `code[code]=${right}`],
  ['__proto__ in a form', 'form', (right) => `__proto__[code]=${right}`],
  ['plain __proto__ in a form', 'form', (right) => `__proto__=${right}`],
  ['constructor in a form', 'form', (right) => `constructor[prototype][code]=${right}`],
  ['broken percent-encoding in a form', 'form', () => 'code=%zz%'],
  ['bytes that are no text in a form', 'form', () => 'code=%ff%fe%fd%fc%fb%fa'],
  ['another name in a form', 'form', (right) => `Code=${right}`],
  ['__proto__ in JSON', 'json', (right) => `{"__proto__":{"code":"${right}"}}`],
  ['constructor in JSON', 'json', (right) => `{"constructor":{"prototype":{"code":"${right}"}}}`],
  ['the body in a body', 'json', (right) => `{"body":{"code":"${right}"}}`],
]

/** What cannot be read as an object with members, whatever the endpoint. */
const BODIES: readonly (readonly [
  what: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
  expected: string,
])[] = [
  ['malformed JSON', { 'Content-Type': 'application/json' }, '{"code":', BAD],
  ['JSON with something behind it', { 'Content-Type': 'application/json' }, '{}{}', BAD],
  ['a form that says to be JSON', { 'Content-Type': 'application/json' }, 'code=123456', BAD],
  ['JSON that is a text', { 'Content-Type': 'application/json' }, '"123456"', BAD],
  ['JSON that is a number', { 'Content-Type': 'application/json' }, '123456', BAD],
  ['JSON that is true', { 'Content-Type': 'application/json' }, 'true', BAD],
  ['JSON that is null', { 'Content-Type': 'application/json' }, 'null', BAD],
  ['JSON that is an empty list', { 'Content-Type': 'application/json' }, '[]', BAD],
  ['JSON that is a list of a body', { 'Content-Type': 'application/json' }, '[{"code":"123456"}]', BAD],
  ['JSON with a null character', { 'Content-Type': 'application/json' }, '{"code":"\0"}', BAD],
  ['JSON of 200 kB', { 'Content-Type': 'application/json' }, `{"code":"${'1'.repeat(200_000)}"}`, BAD],
  [
    'a form of 5,000 members',
    { 'Content-Type': 'application/x-www-form-urlencoded' },
    'code=1&'.repeat(5000),
    BAD,
  ],
  [
    'JSON that is not the gzip it says to be',
    { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
    '{"code":"123456"}',
    BAD,
  ],
  [
    'an encoding that nobody knows',
    { 'Content-Type': 'application/json', 'Content-Encoding': 'nonsense' },
    '{}',
    UNSUPPORTED,
  ],
  ['JSON of an unknown charset', { 'Content-Type': 'application/json; charset=nonsense' }, '{}', UNSUPPORTED],
  ['JSON of another charset', { 'Content-Type': 'application/json; charset=latin1' }, '{}', UNSUPPORTED],
  [
    'a form of an unknown charset',
    { 'Content-Type': 'application/x-www-form-urlencoded; charset=nonsense' },
    'code=123456',
    UNSUPPORTED,
  ],
  ['plain text', { 'Content-Type': 'text/plain' }, '{"code":"123456"}', UNSUPPORTED],
  ['XML', { 'Content-Type': 'application/xml' }, '<code>123456</code>', UNSUPPORTED],
  ['another JSON', { 'Content-Type': 'application/vnd.api+json' }, '{"code":"123456"}', UNSUPPORTED],
  [
    'a form in parts',
    { 'Content-Type': 'multipart/form-data; boundary=x' },
    '--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n123456\r\n--x--\r\n',
    UNSUPPORTED,
  ],
  ['bytes', { 'Content-Type': 'application/octet-stream' }, Buffer.from([0, 255, 1, 254]), UNSUPPORTED],
  ['a content type that is none', { 'Content-Type': 'nonsense' }, '{"code":"123456"}', UNSUPPORTED],
]

const LABELS: readonly (readonly [what: string, label: unknown])[] = [
  ['nothing but spaces', '   '],
  ['null', null],
  ['a list', ['Phone']],
  ['an object', { label: 'Phone' }],
  ['a number', 7],
  ['true', true],
  ['65 characters', 'x'.repeat(65)],
  ['ten kilobytes', 'x'.repeat(TEN_KILOBYTES)],
  ['a null character', 'Pho\0ne'],
  ['a line break', 'Phone\r\nSet-Cookie: a=b'],
  ['an escape sequence', '\u001b[2J'],
  ['half an emoji', '\ud83d'],
]

const IDS: readonly (readonly [what: string, id: string])[] = [
  ['nobody’s', 'nobody'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['toString', 'toString'],
  ['a number', '0'],
  ['a negative number', '-1'],
  ['a path', '..%2f..%2fetc%2fpasswd'],
  ['a null character', '%00'],
  ['a line break', 'a%0d%0ab'],
  ['SQL', '%27%20OR%201%3D1--'],
  ['an emoji', '%F0%9F%93%B1'],
  ['eight kilobytes', 'x'.repeat(8192)],
]

const BROKEN_IDS = ['%', '%zz', '%ff', '%c0%80', '%ed%a0%80', 'a%2']

/** The endpoints that take a code, and whose code is the right one there. */
const CODE_CALLS = ENDPOINT_CALLS.filter(({ route }) => route.endsWith('/verify'))
const phoneFor = (call: EndpointCall, { phone, pendingPhone }: PreparedPerson) =>
  call.route === '/verify' ? phone : pendingPhone
const LABEL_CALLS = ENDPOINT_CALLS.filter(({ method, route }) =>
  ['post /totp', 'patch /totp/:id'].includes(`${method} ${route}`),
)

describe('bad input', () => {
  let redis: RedisServer
  let storage: RedisStorage
  let app: TestApp
  /** The application has parsers of its own in front, which take whatever they can get. */
  let parsing: TestApp
  before(async () => {
    redis = await startRedis()
    const client = await redis.client()
    storage = new RedisStorage({ client })
    const options = { storage, sessions: client }
    app = await startApp(options)
    parsing = await startApp({
      ...options,
      front: (host) => host.use(express.json({ strict: false }), express.urlencoded({ extended: true })),
    })
  })
  after(async () => {
    await app.close()
    await parsing.close()
    await redis.stop()
  })

  const revision = async (name: string) => (await storage.read(name))?.revision

  /** The request is refused as expected, nothing at all was written, and the server is there for the next. */
  async function expectRefused(browser: Browser, name: string, request: Test, expected: string) {
    const before = await revision(name)
    const answer = await request
    expect(outcomeOf(answer)).to.equal(expected)
    expect(answer.get('Content-Type')).to.match(/^application\/problem\+json(;|$)/)
    expect(answer.get('Cache-Control')).to.equal('no-store')
    expect(await revision(name)).to.equal(before)
    await browser.get('/2fa').expect(200)
  }

  for (const call of CODE_CALLS) {
    describe(`as the code of ${titleOf(call)} [${call.route === '/verify' ? 'Router' : 'enrolment'}]`, () => {
      const people = new Map<TestApp, { browser: Browser; person: PreparedPerson }>()
      const owner = async (where: TestApp) => {
        const known = people.get(where)
        if (known) return known
        const browser = where.browser()
        const name = `codes ${titleOf(call)} ${where === app ? '' : 'parsed'}`
        const person = await preparePerson(where, browser, name)
        people.set(where, { browser, person })
        return { browser, person }
      }
      const rightCode = (where: TestApp, person: PreparedPerson) =>
        phoneFor(call, person).codeAt(where.clock.now())

      for (const [what, value] of NO_CODES) {
        it(`${what} is refused, and not charged`, async () => {
          const { browser, person } = await owner(app)
          const code = value(rightCode(app, person))
          await expectRefused(browser, person.name, emptyCall(browser, call, person).send({ code }), BAD)
        })
      }

      for (const [where, appOf] of [
        ['', () => app],
        [' behind the application’s parsers', () => parsing],
      ] as const) {
        for (const [what, type, body] of MISPLACED) {
          it(`${what} is refused, and not charged${where}`, async () => {
            const { browser, person } = await owner(appOf())
            const text = body(rightCode(appOf(), person))
            const request = emptyCall(browser, call, person).type(type).send(text)
            await expectRefused(browser, person.name, request, BAD)
            expect(({} as { code?: unknown }).code).to.equal(undefined)
          })
        }
      }

      it('the right code in the query is refused, and not charged', async () => {
        const { browser, person } = await owner(app)
        const query = `?code=${rightCode(app, person)}`
        const request = browser[call.method](`/2fa${call.path(person)}${query}`).send({})
        await expectRefused(browser, person.name, request, BAD)
      })

      it('six noughts and a space are a code like any other', async () => {
        const { browser, person } = await owner(app)
        const code = `${wrongCode(phoneFor(call, person), app.clock.now())} `
        const answer = await emptyCall(browser, call, person).send({ code })
        expect(outcomeOf(answer)).to.equal('422 invalid_code')
      })

      it('the right code between spaces counts after all that', async () => {
        const { browser, person } = await owner(app)
        const right = rightCode(app, person)
        const code = ` ${right.slice(0, 3)} ${right.slice(3)} `
        expect(outcomeOf(await emptyCall(browser, call, person).send({ code }))).to.equal('200')
      })
    })
  }

  it('C5 [enrolment] a backup code in place of the first TOTP code is refused, and not charged', async () => {
    const browser = app.browser()
    const person = await preparePerson(app, browser, 'confirms with a backup code')
    const request = browser.post(`/2fa/totp/${person.pendingId}/verify`).send({ code: person.backupCodes[0] })
    await expectRefused(browser, person.name, request, BAD)
  })

  for (const call of LABEL_CALLS) {
    describe(`as the label of ${titleOf(call)}`, () => {
      let browser: Browser
      let person: PreparedPerson
      before(async () => {
        browser = app.browser()
        person = await preparePerson(app, browser, `labels ${titleOf(call)}`)
      })

      for (const [what, label] of LABELS) {
        it(`${what} is refused`, async () => {
          await expectRefused(browser, person.name, emptyCall(browser, call, person).send({ label }), BAD)
        })
      }

      it('one that came twice is refused', async () => {
        const request = emptyCall(browser, call, person).type('form').send('label=Phone&label=Tablet')
        await expectRefused(browser, person.name, request, BAD)
      })

      for (const label of ['x'.repeat(64), '__proto__', 'constructor', '<b>"Phone" & \'Tablet\'</b>', '📱']) {
        it(`${label} is taken as it is`, async () => {
          const answer = await emptyCall(browser, call, person).send({ label })
          expect(answer.status).to.equal(call.success)
          expect((answer.body as { label: string }).label).to.equal(label)
        })
      }
    })
  }

  it('no label, or an empty one, is refused by PATCH /totp/:id', async () => {
    const browser = app.browser()
    const person = await preparePerson(app, browser, 'renames to nothing')
    for (const body of [{}, { label: '' }]) {
      const request = browser.patch(`/2fa/totp/${person.authenticatorId}`).send(body)
      await expectRefused(browser, person.name, request, BAD)
    }
  })

  for (const call of UNSAFE_CALLS) {
    describe(`as the body of ${titleOf(call)}`, () => {
      let browser: Browser
      let person: PreparedPerson
      before(async () => {
        browser = app.browser()
        person = await preparePerson(app, browser, `bodies ${titleOf(call)}`)
      })

      for (const [what, headers, body, expected] of BODIES) {
        it(`${what} is refused, and nothing is done`, async () => {
          const request = emptyCall(browser, call, person).set(headers)
          await expectRefused(browser, person.name, request.send(body as string), expected)
        })
      }

      it('something without a content type is refused, and nothing is done', async () => {
        const body = '{"code":"123456"}'
        const request = emptyCall(browser, call, person).set('Content-Length', String(body.length))
        request.write(body)
        await expectRefused(browser, person.name, request, UNSUPPORTED)
      })

      for (const text of ['"123456"', '123456', 'true', 'null', '[]', '[{"code":"123456"}]']) {
        it(`${text} is refused, and nothing is done, also when the application’s parser lets it pass`, async () => {
          const where = parsing.browser()
          const name = `bodies ${titleOf(call)} ${text}`
          const other = await preparePerson(parsing, where, name)
          await expectRefused(where, name, emptyCall(where, call, other).type('json').send(text), BAD)
        })
      }
    })
  }

  for (const call of ENDPOINT_CALLS.filter(({ route }) => route.includes(':id'))) {
    describe(`as the id of ${titleOf(call)}`, () => {
      let browser: Browser
      let person: PreparedPerson
      before(async () => {
        browser = app.browser()
        person = await preparePerson(app, browser, `ids ${titleOf(call)}`)
      })
      const withId = (id: string) =>
        browser[call.method](`/2fa${call.route.replace(':id', id)}`).send(
          call.body?.(person, app.clock.now()) ?? {},
        )

      for (const [what, id] of IDS) {
        it(`${what} is not found`, async () => {
          await expectRefused(browser, person.name, withId(id), '404 not_found')
        })
      }

      for (const id of BROKEN_IDS) {
        it(`${id} is refused`, async () => {
          await expectRefused(browser, person.name, withId(id), BAD)
        })
      }

      it('more than Node reads of a request is refused by Node', async () => {
        expect((await withId('x'.repeat(20_000))).status).to.equal(431)
        await browser.get('/2fa').expect(200)
      })
    })
  }

  it('a request that breaks off in its body harms nobody', async () => {
    const browser = app.browser()
    const person = await preparePerson(app, browser, 'breaks off')
    const before = await revision(person.name)
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      'POST /2fa/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"code":',
    )
    socket.destroy()
    await once(socket, 'close')
    await browser.get('/2fa').expect(200)
    expect(await revision(person.name)).to.equal(before)
  })
})
