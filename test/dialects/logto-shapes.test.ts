import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { TestApp } from '../support/app.js'
import { readQrCode } from '../support/qr-code.js'
import { appsOnRedis } from '../support/suite.js'
import {
  dataOf,
  enrolPerson,
  type LogtoAnswer,
  type LogtoPerson,
  managementApi,
  type UntypedSend,
  withLogto,
} from './logto.js'

type Members = Readonly<Record<string, unknown>>

/** One field of a shape: what it is, and where it is to be found. */
interface Field {
  readonly name: string
  readonly is: RegExp | 'list of texts' | 'count'
  /** Absent: always. */
  readonly only?: string
}

const ID = /^[\w-]{16,}$/
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const BASE32 = /^[A-Z2-7]{32}$/
const PNG = /^data:image\/png;base64,[A-Za-z0-9+/]+=*$/

/** By the names that wire-formats.md has for them, or by the request that is answered with it. */
const SHAPES: Readonly<Record<string, readonly Field[]>> = {
  CreateTotpSecretResponseBody: [
    { name: 'verificationId', is: ID },
    { name: 'secret', is: BASE32 },
    { name: 'secretQrCode', is: PNG },
  ],
  GenerateBackupCodesResponseBody: [
    { name: 'verificationId', is: ID },
    { name: 'codes', is: 'list of texts' },
  ],
  'totp/verify': [{ name: 'verificationId', is: ID }],
  'backup-code/verify': [{ name: 'verificationId', is: ID }],
  'a listed Totp': [
    { name: 'id', is: ID },
    { name: 'createdAt', is: ISO },
    { name: 'type', is: /^Totp$/ },
    { name: 'lastUsedAt', is: ISO, only: 'a listed Totp that was used' },
  ],
  'a listed BackupCode': [
    { name: 'id', is: ID },
    { name: 'createdAt', is: ISO },
    { name: 'type', is: /^BackupCode$/ },
    { name: 'remainCodes', is: 'count' },
  ],
  'a created Totp': [
    { name: 'type', is: /^Totp$/ },
    { name: 'secret', is: BASE32 },
    { name: 'secretQrCode', is: PNG },
  ],
  'a created BackupCode': [
    { name: 'type', is: /^BackupCode$/ },
    { name: 'codes', is: 'list of texts' },
  ],
}

/** The same shapes at another time. */
const VARIANTS: Readonly<Record<string, string>> = { 'a listed Totp that was used': 'a listed Totp' }

/** What there is once, in the answer that created it. */
const SHOWN_ONCE = ['secret', 'secretQrCode', 'codes']

function check(value: unknown, { name, is }: Field): void {
  if (is === 'count') expect(value, name).to.be.a('number').within(0, 10)
  else if (is !== 'list of texts') expect(value, name).to.be.a('string').and.match(is)
  else {
    expect(value, name).to.be.an('array').with.length(10)
    for (const one of value as unknown[]) expect(one).to.be.a('string').and.not.equal('')
  }
}

describe('logtoDialect has the shapes of Logto:', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  let person: LogtoPerson
  const seen: Record<string, Members> = {}
  const answers: LogtoAnswer[] = []
  const note = <Data>(name: string, answer: LogtoAnswer<Data>): Data => {
    seen[name] = dataOf(answer) as Members
    answers.push(answer)
    return dataOf(answer)
  }

  before(async () => {
    app = await start(withLogto())
    person = await enrolPerson(app, 'person')
    const { experience, phone } = person
    note('CreateTotpSecretResponseBody', await experience.newSecret())
    note('GenerateBackupCodesResponseBody', await experience.newCodes())
    note('totp/verify', await experience.verifyTotp(phone.codeAt(app.clock.now())))
    note('backup-code/verify', await experience.verifyCode(String(person.codes[0])))
    const { GET, POST } = managementApi(app.url) as unknown as { GET: UntypedSend; POST: UntypedSend }
    const path = (name: string) => `/api/users/${name}/mfa-verifications`
    const list = async (name: string) => dataOf(await GET<Members[]>(path(name)))
    seen['a listed Totp that was used'] = (await list('person'))[0] ?? {}
    note('a created Totp', await POST(path('managed'), { body: { type: 'Totp' } }))
    note('a created BackupCode', await POST(path('managed'), { body: { type: 'BackupCode' } }))
    const [totp = {}, set = {}] = await list('managed')
    Object.assign(seen, { 'a listed Totp': totp, 'a listed BackupCode': set })
  })

  for (const [shape, fields] of Object.entries(SHAPES)) {
    const variants = Object.keys(VARIANTS).filter((variant) => VARIANTS[variant] === shape)
    for (const field of fields) {
      it(`${shape} has ${field.name}, ${String(field.is)}${field.only === undefined ? '' : `: ${field.only}`}`, () => {
        for (const variant of [shape, ...variants]) {
          const isThere = field.only === undefined || field.only === variant
          expect(Object.hasOwn(seen[variant] ?? {}, field.name), variant).to.equal(isThere)
          if (isThere) check(seen[variant]?.[field.name], field)
        }
      })
    }

    it(`${shape} has nothing else`, () => {
      for (const variant of [shape, ...variants]) {
        const expected = fields.filter(({ only }) => only === undefined || only === variant)
        expect(seen[variant]).to.have.all.keys(expected.map(({ name }) => name))
      }
    })
  }

  it('a secret and its QR code are one', () => {
    for (const name of ['CreateTotpSecretResponseBody', 'a created Totp']) {
      const { secret, secretQrCode } = seen[name] as Record<'secret' | 'secretQrCode', string>
      expect(new URL(String(readQrCode(secretQrCode))).searchParams.get('secret')).to.equal(secret)
    }
  })

  it('what is shown once is in no other answer', () => {
    for (const [name, members] of Object.entries(seen)) {
      const isCreation = /^(?:Create|Generate|a created)/.test(name)
      const once = Object.keys(members).filter((member) => SHOWN_ONCE.includes(member))
      if (!isCreation) expect(once, name).to.deep.equal([])
    }
  })

  it('each is JSON, answered with 200, kept by nobody, and can be asked about', () => {
    expect(answers).to.have.length(6)
    for (const { response } of answers) {
      expect(response.status).to.equal(200)
      expect(response.headers.get('Content-Type')).to.match(/^application\/json(;|$)/)
      expect(response.headers.get('Cache-Control')).to.equal('no-store')
      expect(response.headers.get('X-Request-Id')).to.match(/^[\w-]{36}$/)
    }
  })

  it('what binds or deletes is answered with 204, and nothing', async () => {
    const bound = await person.experience.bind('Totp', person.totpId)
    const [verification] = dataOf(
      await (managementApi(app.url).GET as UntypedSend)<{ id: string }[]>(
        '/api/users/managed/mfa-verifications',
      ),
    )
    const remove = managementApi(app.url).DELETE as UntypedSend
    const deleted = await remove(`/api/users/managed/mfa-verifications/${verification?.id ?? ''}`)
    for (const { response, data } of [bound, deleted]) {
      expect(response.status).to.equal(204)
      expect(data).to.equal(undefined)
      expect(response.headers.get('Cache-Control')).to.equal('no-store')
    }
  })
})
