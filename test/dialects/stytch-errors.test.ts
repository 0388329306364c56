import { expect } from 'chai'
import { urlencoded } from 'express'
import { before, describe, it } from 'mocha'
import type { StytchErrorType } from '../../lib/dialects/stytch.js'
import { wrongCode } from '../support/app.js'
import { CountingStorage } from '../support/counting-storage.js'
import { FailingStorage } from '../support/failing-storage.js'
import { authenticate, lock, now, recover, type StytchErrorCase } from '../support/stytch-calls.js'
import { CODE_ERRORS } from '../support/stytch-code-errors.js'
import { REQUEST_ERRORS } from '../support/stytch-request-errors.js'
import {
  activeTotp,
  createTotp,
  CREDENTIALS,
  send,
  type StytchTest,
  stytchErrorOf,
  stytchTests,
} from '../support/stytch.js'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Every error that there is; the compiler sees to it that none is left out. */
const ERRORS: Readonly<Record<StytchErrorType, StytchErrorCase>> = { ...REQUEST_ERRORS, ...CODE_ERRORS }

describe("stytchDialect refuses, to Stytch's own client,", () => {
  const { start } = stytchTests()
  let plain: StytchTest
  let withSessions: StytchTest
  before(async () => {
    const storage = new FailingStorage()
    storage.fail('reject', { userId: 'away' })
    plain = await start({ secondFactor: { storage } })
    withSessions = await start({ dialect: { session: () => undefined } })
  })

  let number = 0
  for (const [type, { status, message, calls }] of Object.entries(ERRORS)) {
    for (const [name, call] of Object.entries(calls)) {
      it(`with ${type}: ${name}`, async () => {
        const hasSessions = ['invalid_session_duration_minutes', 'bad_request', 'session_not_found'].includes(
          type,
        )
        const error = await stytchErrorOf(
          call(hasSessions ? withSessions : plain, `user-${String(number++)}`),
        )
        expect(error.error_type).to.equal(type)
        expect(error.status_code).to.equal(status)
        expect(error.request_id).to.match(UUID)
        expect(error.error_message).to.match(message)
        expect(error.error_url).to.equal(`https://stytch.com/docs/api/errors/${String(status)}`)
        expect(error.error_details).to.equal(undefined)
      })
    }
  }
})

describe('stytchDialect answers an error', () => {
  const { start } = stytchTests()
  let test: StytchTest
  before(async () => {
    const storage = new FailingStorage()
    storage.fail('reject', { userId: 'away' })
    test = await start({ secondFactor: { storage, throttle: { disableAfter: 6 } } })
  })
  const post = (path: string, body: object) =>
    send(test, path, { headers: CREDENTIALS, body: JSON.stringify(body) })

  it('with the status in the HTTP line, and no more fields than these', async () => {
    const { status, headers, body } = await post('/v1/totps', { user_id: 'nobody' })
    expect(status).to.equal(404)
    expect(headers.get('Content-Type')).to.match(/^application\/json/)
    expect(headers.get('Cache-Control')).to.equal('no-store')
    expect(headers.get('Retry-After')).to.equal(null)
    expect(headers.get('WWW-Authenticate')).to.equal(null)
    expect(Object.keys(body).sort()).to.deep.equal([
      'error_message',
      'error_type',
      'error_url',
      'request_id',
      'status_code',
    ])
  })

  it('of the lock with Retry-After, and looks at the right code from then on', async () => {
    const { phone } = await activeTotp(test, 'locked')
    const right = () =>
      post('/v1/totps/authenticate', { user_id: 'locked', totp_code: phone.codeAt(test.clock.now()) })
    await lock(test, 'locked', authenticate, wrongCode(phone, test.clock.now()))
    const { status, headers, body } = await right()
    expect([status, body['error_type']]).to.deep.equal([429, 'user_lock_limit_reached'])
    expect(headers.get('Retry-After')).to.equal('30')
    test.clock.advance(29)
    expect((await right()).headers.get('Retry-After')).to.equal('1')
    test.clock.advance(1)
    expect((await right()).status).to.equal(200)
  })

  it('of a TOTP that wrong codes have disabled without Retry-After, until there is another', async () => {
    const { phone, totp_id, recovery_code } = await activeTotp(test, 'disabled')
    const code = () => phone.codeAt(test.clock.now())
    await lock(test, 'disabled', authenticate, wrongCode(phone, test.clock.now()))
    test.clock.advance(3600)
    await stytchErrorOf(authenticate(test, 'disabled', wrongCode(phone, test.clock.now())))
    test.clock.advance(7200)
    const { status, headers, body } = await post('/v1/totps/authenticate', {
      user_id: 'disabled',
      totp_code: code(),
    })
    expect([status, body['error_type']]).to.deep.equal([429, 'user_lock_limit_reached'])
    expect(headers.get('Retry-After')).to.equal(null)
    expect((await recover(test, 'disabled', recovery_code)).totp_id).to.equal(totp_id)
    await test.client.users.deleteTOTP({ totp_id })
    const created = await createTotp(test, 'disabled')
    await authenticate(test, 'disabled', now(test, created))
  })

  it('of a storage that is away with Retry-After', async () => {
    const { status, headers, body } = await post('/v1/totps', { user_id: 'away' })
    expect([status, body['status_code']]).to.deep.equal([503, 503])
    expect(headers.get('Retry-After')).to.equal('2')
    expect(headers.get('Cache-Control')).to.equal('no-store')
  })

  const unreadable: Readonly<Record<string, { body?: string; type?: string }>> = {
    'no JSON': { body: '{"user_id":' },
    'no object': { body: '["user_id"]' },
    null: { body: 'null' },
    'a form': { body: 'user_id=a', type: 'application/x-www-form-urlencoded' },
    'text that would be JSON': { body: '{"user_id":"a"}', type: 'text/plain' },
    'more than anybody has to say': { body: JSON.stringify({ user_id: 'x'.repeat(200_000) }) },
  }
  for (const [name, { body, type = 'application/json' }] of Object.entries(unreadable)) {
    it(`to a body that is ${name}`, async () => {
      const headers = { ...CREDENTIALS, 'Content-Type': type }
      const answer = await send(test, '/v1/totps', { headers, ...(body !== undefined && { body }) })
      expect([answer.status, answer.body['error_type']]).to.deep.equal([400, 'bad_request'])
    })
  }

  it('to a form that the application has read already', async () => {
    const { url } = await start({ front: urlencoded({ extended: false }) })
    const headers = { ...CREDENTIALS, 'Content-Type': 'application/x-www-form-urlencoded' }
    const answer = await send({ url }, '/v1/totps', { headers, body: 'user_id=a' })
    expect([answer.status, answer.body['error_type']]).to.deep.equal([400, 'bad_request'])
  })

  it('to whoever creates a TOTP beside one that waits, and writes nothing', async () => {
    const storage = new CountingStorage()
    const counted = await start({ secondFactor: { storage } })
    await createTotp(counted, 'waits')
    storage.reset()
    await stytchErrorOf(counted.client.totps.create({ user_id: 'waits' }))
    expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 0, remove: 0 })
  })
})
