import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { readFileSync } from 'node:fs'
import { URI } from 'otpauth'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { readQrCode } from '../support/qr-code.js'
import {
  type Answer,
  createTotp,
  CREDENTIALS,
  send,
  type StytchTest,
  stytchTests,
  userOf,
} from '../support/stytch.js'

const USER = 'user-test-shapes'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const RECOVERY_CODE = /^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){4}$/

const ANSWERS = ['create', 'authenticate', 'recover', 'delete', 'error'] as const
type AnswerName = (typeof ANSWERS)[number]

/** A field: what it is, and where it is; it is in no other answer. */
interface Field {
  readonly in: readonly AnswerName[]
  readonly is: (value: unknown, answer: Answer) => boolean
}

const isText = (form: RegExp) => (value: unknown) => typeof value === 'string' && form.test(value)
const SUCCESSES = ['create', 'authenticate', 'recover', 'delete'] as const
const SHOWN = ['authenticate', 'recover'] as const

const FIELDS: Readonly<Record<string, Field>> = {
  status_code: {
    in: ANSWERS,
    is: (value, { error_type }) => value === (error_type === undefined ? 200 : 400),
  },
  request_id: { in: ANSWERS, is: isText(UUID) },
  user_id: { in: SUCCESSES, is: (value) => value === USER },
  user: { in: SUCCESSES, is: (value) => JSON.stringify(value) === JSON.stringify(userOf(USER)) },
  totp_id: { in: ['create', ...SHOWN], is: isText(/^totp-[\w-]{16,}$/) },
  secret: { in: ['create'], is: isText(/^[A-Z2-7]{32}$/) },
  qr_code: { in: ['create'], is: isText(/^data:image\/png;base64, [A-Za-z0-9+/]+={0,2}$/) },
  recovery_codes: {
    in: ['create'],
    is: (value) =>
      Array.isArray(value) &&
      new Set(value).size === 10 &&
      value.every((code) => RECOVERY_CODE.test(String(code))),
  },
  session_token: { in: SHOWN, is: (value) => value === '' },
  session_jwt: { in: SHOWN, is: (value) => value === '' },
  session: { in: SHOWN, is: (value) => value === null },
  user_device: { in: [], is: () => false },
  uri: { in: [], is: () => false },
  error_type: { in: ['error'], is: isText(/^[a-z_]+$/) },
  error_message: { in: ['error'], is: isText(/^.{10,200}$/) },
  error_url: { in: ['error'], is: isText(/^https:\/\/stytch\.com\/docs\/api\/errors\/400$/) },
  error_details: { in: [], is: () => false },
}

type SchemaFile = Readonly<Record<string, unknown>> & { readonly $id: string; readonly $schema: string }

/** Stytch's schema refers to its user object, which is the application's here. */
function createResponseValidator(): ValidateFunction {
  const file = new URL('stytch-create-response.schema.json', import.meta.url)
  const { $id, $schema, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as SchemaFile
  return new Ajv2020({ formats: { int32: true }, keywords: ['components'] }).compile({
    $schema,
    $ref: $id,
    components: { schemas: { api_totp_v1_CreateResponse: schema, api_user_v1_User: { type: 'object' } } },
  })
}

describe("stytchDialect has Stytch's shapes:", () => {
  const { start } = stytchTests()
  let test: StytchTest
  let answers: Readonly<Record<AnswerName, Answer>>
  before(async () => {
    test = await start()
    const call = async (path: string, body: object = {}, method = 'POST') =>
      (await send(test, path, { method, headers: CREDENTIALS, body: JSON.stringify(body) })).body
    const create = await call('/v1/totps', { user_id: USER })
    const phone = new TestAuthenticator(String(readQrCode(String(create['qr_code']))))
    const [recovery_code] = create['recovery_codes'] as string[]
    answers = {
      create,
      authenticate: await call('/v1/totps/authenticate', {
        user_id: USER,
        totp_code: phone.codeAt(test.clock.now()),
      }),
      recover: await call('/v1/totps/recover', { user_id: USER, recovery_code }),
      error: await call('/v1/totps', { user_id: USER }),
      delete: await call(`/v1/users/totps/${String(create['totp_id'])}`, {}, 'DELETE'),
    }
  })

  for (const [name, field] of Object.entries(FIELDS)) {
    it(`${name} is in the answers ${field.in.join(', ') || '(none)'} and in no other`, () => {
      for (const answer of ANSWERS) {
        expect(Object.hasOwn(answers[answer], name), answer).to.equal(field.in.includes(answer))
        if (field.in.includes(answer)) {
          expect(field.is(answers[answer][name], answers[answer]), answer).to.equal(true)
        }
      }
    })
  }

  for (const answer of ANSWERS) {
    it(`the answer ${answer} has no field without a row`, () => {
      expect(Object.keys(FIELDS)).to.include.members(Object.keys(answers[answer]))
    })
  }

  it('one totp_id goes through all of them, and each has a request_id of its own', () => {
    const { create, authenticate, recover } = answers
    expect(new Set([create, authenticate, recover].map(({ totp_id }) => totp_id)).size).to.equal(1)
    expect(new Set(ANSWERS.map((name) => answers[name]['request_id'])).size).to.equal(ANSWERS.length)
  })

  it('the answer create is an api_totp_v1_CreateResponse, by its JSON Schema', () => {
    const validate = createResponseValidator()
    expect(validate(answers.create), JSON.stringify(validate.errors)).to.equal(true)
  })

  it('that schema would notice each field that is missing, or of another type', () => {
    const validate = createResponseValidator()
    const names = Object.keys(answers.create)
    expect(names).to.have.length(8)
    for (const name of names) {
      const { [name]: _left, ...rest } = answers.create
      expect(validate(rest), name).to.equal(false)
      expect(validate({ ...rest, [name]: null }), name).to.equal(false)
    }
  })

  it('the QR code is read by a camera, and an independent authenticator takes what it says', async () => {
    const { qr_code, secret, user_id } = await createTotp(test, 'has a phone')
    const uri = String(readQrCode(qr_code))
    expect(uri).to.match(/^otpauth:\/\/totp\/ACME:/)
    const totp = URI.parse(uri)
    expect(totp.secret.base32).to.equal(secret)
    expect(totp).to.include({ issuer: 'ACME', label: userOf(user_id)?.emails[0]?.email })
    expect(totp).to.include({ algorithm: 'SHA1', digits: 6, period: 30 })
    const { client, clock } = test
    const totp_code = 'period' in totp ? totp.generate({ timestamp: clock.now() }) : ''
    expect((await client.totps.authenticate({ user_id, totp_code })).status_code).to.equal(200)
  })
})
