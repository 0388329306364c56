import { STATUS_CODES } from 'node:http'
import { expect } from 'chai'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { before, describe, it } from 'mocha'
import type { Response } from 'supertest'
import { MemoryStorage, type SecondFactorMethod } from '../../lib/index.js'
import { SECRET, type TestApp, wrongCode } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import { type CompletedEnrolment, enrolUser, newService } from '../support/service.js'
import { changeStored, type SealedName, storedRecord, withBitChanged, withSealed } from '../support/stored.js'
import { appsOnRedis } from '../support/suite.js'

const LOST = 'a secret that nobody has kept, of 32 bytes'
const UNKNOWN_BACKUP_CODE = 'AAAAA-AAAAA-AAAAA-AAAAA-AAAAA'

/** What an application says of an error that it knows nothing of but what Express' own handler reads. */
const sayStatus: ErrorRequestHandler = (error: { status: number; headers: object }, _req, res, _next) => {
  res.set(error.headers).status(error.status).send(STATUS_CODES[error.status])
}

/** An answer in every byte, but for what names this one request. */
function bytesOf({ status, headers, text }: Response): object {
  const { date: _date, 'x-request-id': _id, ...rest } = headers as Readonly<Record<string, string>>
  return { status, headers: rest, text }
}

describe('a sealed value that cannot be opened', () => {
  const { start } = appsOnRedis()
  const memory = new MemoryStorage()
  const storage = new FailingStorage(memory)
  let app: TestApp
  let persons = 0
  before(async () => {
    app = await start({
      storage,
      routes: (host, _secondFactor, auth) => {
        host.post('/strategy', auth.authenticate('totp') as RequestHandler)
        host.use('/strategy', sayStatus)
      },
    })
  })

  interface Person extends CompletedEnrolment {
    readonly name: string
  }

  /** Somebody who has enrolled while this was the secret. */
  async function enrol(secret = SECRET): Promise<Person> {
    const name = `person ${++persons}`
    return { name, ...(await enrolUser(newService({ storage: memory, clock: app.clock, secret }), name)) }
  }

  const codeOf = (person: Person, method: SecondFactorMethod, right: boolean): string => {
    const now = app.clock.now()
    if (method === 'totp') return right ? person.phone.codeAt(now) : wrongCode(person.phone, now)
    return right ? (person.backupCodes[0] ?? '') : UNKNOWN_BACKUP_CODE
  }

  async function damaged(place: SealedName, change: (sealed: string) => string): Promise<Person> {
    const person = await enrol()
    await changeStored(memory, person.name, (record) => withSealed(record, place, change))
    return person
  }

  async function moved(place: SealedName): Promise<Person> {
    const other = await storedRecord(memory, (await enrol()).name)
    let value = ''
    withSealed(other, place, (sealed) => (value = sealed))
    return damaged(place, () => value)
  }

  /** A person with the whole record of another. */
  async function disguised(): Promise<Person> {
    const [person, other] = [await enrol(), await enrol()]
    const record = await storedRecord(memory, other.name)
    await changeStored(memory, person.name, () => record)
    return { ...other, name: person.name }
  }

  const places = { totp: 'the authenticator', backup_code: 'the backup codes' } as const
  const troubles: Readonly<Record<string, (method: SecondFactorMethod) => Promise<Person>>> = {
    'its secret is gone': () => enrol(LOST),
    'one bit of it was changed': (method) => damaged(places[method], withBitChanged),
    'it is no sealed value at all': (method) => damaged(places[method], () => 'GEZDGNBVGY3TQOJQ'),
    'it was moved from another user': (method) => moved(places[method]),
    'the whole record was moved from another user': () => disguised(),
  }

  /** What one path answers to a right and to a wrong code; nothing may be charged or spent by either. */
  async function answersTo(person: Person, path: string, method: SecondFactorMethod): Promise<object[]> {
    const browser = app.browser()
    await browser.post('/login').send({ name: person.name }).expect(204)
    const stored = await memory.read(person.name)
    const answers = []
    for (const right of [true, false]) {
      answers.push(bytesOf(await browser.post(path).send({ code: codeOf(person, method, right) })))
    }
    expect(await memory.read(person.name)).to.deep.equal(stored)
    await browser.get('/private').expect(401)
    return answers
  }

  for (const path of ['/2fa/verify', '/strategy']) {
    /** What the path answers when the database is away. */
    async function answerInOutage(): Promise<object> {
      const person = await enrol()
      const browser = app.browser()
      await browser.post('/login').send({ name: person.name }).expect(204)
      storage.fail('reject', { methods: ['replace'] })
      const answer = await browser.post(path).send({ code: codeOf(person, 'totp', true) })
      storage.recover()
      return bytesOf(answer)
    }

    for (const method of ['totp', 'backup_code'] as const) {
      for (const [title, prepare] of Object.entries(troubles)) {
        it(`is at ${path} what an outage is, byte for byte, for right and wrong codes: ${title} (${method})`, async () => {
          const outage = await answerInOutage()
          expect(outage).to.deep.include({ status: 503 })
          const answers = await answersTo(await prepare(method), path, method)
          expect(answers).to.deep.equal([outage, outage])
        })
      }
    }
  }

  it('is 503 unavailable with Retry-After in the Router’s answer', async () => {
    const person = await damaged('the authenticator', withBitChanged)
    const browser = app.browser()
    await browser.post('/login').send({ name: person.name }).expect(204)
    const answer = await browser.post('/2fa/verify').send({ code: codeOf(person, 'totp', true) })
    expect(answer.body).to.deep.equal({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      code: 'unavailable',
      detail: 'This cannot be decided now. Try again.',
    })
    expect(answer.get('Retry-After')).to.equal('2')
  })
})
