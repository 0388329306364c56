import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { URI } from 'otpauth'
import { TestAuthenticator } from '../../lib/testing/index.js'
import {
  ATTEMPT,
  backend,
  type ClerkTest,
  clerkTests,
  createTotp,
  type Json,
  postForm,
  responseOf,
  signIn,
  verifyTotp,
  withDialect,
} from '../support/clerk.js'
import { enrolUser, succeeded } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'

const TEXT = (value: unknown) => typeof value === 'string' && value !== ''
const ID = (value: unknown) => typeof value === 'string' && /^[\w-]{16,}$/.test(value)
const BASE32 = (value: unknown) => typeof value === 'string' && /^[A-Z2-7]{32}$/.test(value)
const URI_OF_A_KEY = (value: unknown) => typeof value === 'string' && value.startsWith('otpauth://totp/ACME:')
const CODES = (value: unknown) =>
  Array.isArray(value) && value.length === 10 && new Set(value).size === 10 && value.every(TEXT)
/** Epoch milliseconds: a number of our century, not seconds. */
const INSTANT = (value: unknown) => Number.isInteger(value) && Number(value) > 1e12 && Number(value) < 1e13
const NULL = (value: unknown) => value === null
const exactly = (expected: unknown) => (value: unknown) => value === expected

type Check = (value: unknown) => boolean

/** Every answer that has a shape, and every field of it. */
const SHAPES: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  'a TOTP, when it is created': {
    object: exactly('totp'),
    id: ID,
    secret: BASE32,
    uri: URI_OF_A_KEY,
    verified: exactly(false),
    backup_codes: NULL,
    created_at: INSTANT,
    updated_at: INSTANT,
  },
  'a TOTP, when it is created in place of another': {
    object: exactly('totp'),
    id: ID,
    secret: BASE32,
    uri: URI_OF_A_KEY,
    verified: exactly(false),
    backup_codes: NULL,
    created_at: INSTANT,
    updated_at: INSTANT,
  },
  'a TOTP, when it is verified': {
    object: exactly('totp'),
    id: ID,
    secret: NULL,
    uri: NULL,
    verified: exactly(true),
    backup_codes: CODES,
    created_at: INSTANT,
    updated_at: INSTANT,
  },
  'a TOTP, when it is verified, and backup codes are there already': {
    object: exactly('totp'),
    id: ID,
    secret: NULL,
    uri: NULL,
    verified: exactly(true),
    backup_codes: NULL,
    created_at: INSTANT,
    updated_at: INSTANT,
  },
  'a TOTP, when it is deleted': { object: exactly('totp'), id: ID, deleted: exactly(true) },
  'backup codes': {
    object: exactly('backup_code'),
    id: ID,
    codes: CODES,
    created_at: INSTANT,
    updated_at: INSTANT,
  },
  'a verification by TOTP': { verified: exactly(true), code_type: exactly('totp') },
  'a verification by backup code': { verified: exactly(true), code_type: exactly('backup_code') },
  'a user without TOTP': { user_id: exactly('user_1') },
  'a user without backup codes': { user_id: exactly('user_1') },
  'a user without anything': { user_id: exactly('user_1') },
}

describe('the shapes of clerkDialect', () => {
  const { start: startApp } = appsOnRedis()
  const { start: startBackend } = clerkTests()
  const answers = new Map<string, Json>()
  const envelopes: Json[] = []

  /** An answer of the frontend routes, without what it is wrapped in. */
  async function keep(name: string, asked: ReturnType<typeof postForm>): Promise<Json> {
    const answer = await asked.expect(200)
    envelopes.push(answer.body as Json)
    answers.set(name, responseOf(answer))
    return responseOf(answer)
  }

  before('of the frontend routes', async () => {
    const app = await startApp(withDialect())
    const browser = await signIn(app, 'ann')
    await keep('a TOTP, when it is created', postForm(browser, '/v1/me/totp'))
    const { uri } = await keep(
      'a TOTP, when it is created in place of another',
      postForm(browser, '/v1/me/totp'),
    )
    const code = new TestAuthenticator(String(uri)).codeAt(app.clock.now())
    await keep('a TOTP, when it is verified', postForm(browser, ATTEMPT, { code }))
    await keep('backup codes', postForm(browser, '/v1/me/backup_codes/'))
    await keep('a TOTP, when it is deleted', postForm(browser, '/v1/me/totp?_method=DELETE'))

    const begun = succeeded(await app.secondFactor.enrol('bob', {}, {}))
    expect(begun.backupCodes).to.equal(undefined)
    const given = succeeded(await app.secondFactor.enrol('bob', { backupCodes: true }))
    const first = new TestAuthenticator(given.uri).codeAt(app.clock.now())
    await keep(
      'a TOTP, when it is verified, and backup codes are there already',
      postForm(await signIn(app, 'bob'), ATTEMPT, { code: first }),
    )
  })

  before('of the backend routes', async () => {
    const test: ClerkTest = await startBackend()
    const keepBody = async (name: string, method: string, path: string, body?: object) => {
      const init = { method, ...(body && { body: JSON.stringify(body) }) }
      const answer = await backend(test, `/v1/users/user_1/${path}`, init)
      answers.set(name, answer.body as Json)
    }
    const { phone, backupCodes } = await enrolUser(test, 'user_1')
    const code = phone.codeAt(test.clock.now())
    await keepBody('a verification by TOTP', 'POST', 'verify_totp', { code })
    await keepBody('a verification by backup code', 'POST', 'verify_totp', { code: backupCodes[0] })
    await keepBody('a user without backup codes', 'DELETE', 'backup_code')
    await keepBody('a user without TOTP', 'DELETE', 'totp')
    await keepBody('a user without anything', 'DELETE', 'mfa')
  })

  for (const [name, fields] of Object.entries(SHAPES)) {
    describe(`of ${name}`, () => {
      for (const [field, check] of Object.entries(fields)) {
        it(`has ${field}, as it should be`, () => {
          expect(check(answers.get(name)?.[field]), JSON.stringify(answers.get(name)?.[field])).to.equal(true)
        })
      }

      it('has no other field', () => {
        expect(answers.get(name)).to.have.all.keys(Object.keys(fields))
      })
    })
  }

  it('are wrapped, where they are for a browser', () => {
    expect(envelopes).to.have.length(6)
    for (const envelope of envelopes) {
      expect(envelope).to.have.all.keys('response', 'client')
      expect(envelope['client']).to.equal(null)
    }
  })

  it('have a new secret and id each time', () => {
    const [first, second] = ['is created', 'is created in place of another'].map((when) =>
      answers.get(`a TOTP, when it ${when}`),
    )
    for (const field of ['id', 'secret', 'uri']) expect(first?.[field]).to.not.equal(second?.[field])
  })

  it('have a URI that an independent authenticator reads, and whose codes count', async () => {
    const app = await startApp(withDialect())
    const browser = await signIn(app, 'ann@example.com & others')
    const { uri, secret } = await createTotp(browser)
    const other = URI.parse(String(uri))
    expect(other).to.include({
      issuer: 'ACME',
      label: 'ann@example.com & others',
      algorithm: 'SHA1',
      digits: 6,
    })
    expect(other).to.have.property('period', 30)
    expect(other.secret.base32).to.equal(secret)
    const code = 'period' in other ? other.generate({ timestamp: app.clock.now() }) : ''
    await postForm(browser, ATTEMPT, { code }).expect(200)
  })

  it('name the instants of the clock', async () => {
    const app = await startApp(withDialect())
    const { totp, browser } = await verifyTotp(app, 'punctual')
    expect(totp).to.include({ created_at: app.clock.now() - 30_000, updated_at: app.clock.now() - 30_000 })
    const codes = responseOf(await postForm(browser, '/v1/me/backup_codes').expect(200))
    expect(codes).to.include({ created_at: app.clock.now(), updated_at: app.clock.now() })
  })
})
