import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { wrongCode } from '../support/app.js'
import {
  backend,
  clerkErrorOf,
  type ClerkTest,
  clerkTests,
  expectError,
  type ExpectedError,
  NOBODY,
  outcomeOfAnswer,
  SECRET_KEY,
  traced,
  WRONG_KEY,
} from '../support/clerk.js'
import { FailingStorage } from '../support/failing-storage.js'
import { beginEnrolment, enrolUser } from '../support/service.js'

const WRONG_BACKUP_CODE = 'AAAAA-AAAAA-AAAAA-AAAAA-AAAAA'

describe("the errors of clerkDialect, as Clerk's client reads them,", () => {
  const { start } = clerkTests()
  const storage = new FailingStorage()
  let test: ClerkTest
  before(async () => {
    test = await start({
      secondFactor: { storage, throttle: { freeAttempts: 3, disableAfter: 5 } },
      front: traced,
    })
  })

  const verify = (userId: string, code: string) => test.users.verifyTOTP({ userId, code })

  async function wrongly(userId: string, times: number, waitSeconds = 0): Promise<string> {
    const { phone } = await enrolUser(test, userId)
    for (let time = 0; time < times; time++) {
      await clerkErrorOf(verify(userId, wrongCode(phone, test.clock.now())))
      test.clock.advance(waitSeconds)
    }
    return phone.codeAt(test.clock.now())
  }

  const BACKEND: readonly (ExpectedError & { readonly call: () => Promise<unknown> })[] = [
    {
      when: 'nobody has enrolled',
      error: '400 totp_disabled',
      call: () => verify('newcomer', '123456'),
    },
    {
      when: 'a TOTP was begun and never verified',
      error: '400 totp_disabled',
      call: async () => {
        const { phone } = await beginEnrolment(test, 'hesitant')
        return verify('hesitant', phone.codeAt(test.clock.now()))
      },
    },
    {
      when: 'a TOTP code is wrong',
      error: '422 totp_incorrect_code',
      call: async () => {
        const { phone } = await enrolUser(test, 'wrong')
        return verify('wrong', wrongCode(phone, test.clock.now()))
      },
    },
    {
      when: 'a TOTP code is used',
      error: '422 totp_incorrect_code',
      call: async () => {
        const { phone } = await enrolUser(test, 'replays')
        await verify('replays', phone.codeAt(test.clock.now()))
        return verify('replays', phone.codeAt(test.clock.now()))
      },
    },
    {
      when: 'a backup code is wrong',
      error: '422 totp_incorrect_code',
      call: async () => {
        await enrolUser(test, 'guesses')
        return verify('guesses', WRONG_BACKUP_CODE)
      },
    },
    ...['12345', '1234567', '123456789', 'abc', '', ' '].map((code) => ({
      when: `"${code}" is no code at all`,
      error: '422 totp_invalid_length',
      call: async () => {
        await enrolUser(test, `types ${code}`)
        return verify(encodeURIComponent(`types ${code}`), code)
      },
    })),
    {
      when: 'a code is no text',
      error: '422 totp_invalid_length',
      call: async () => {
        await enrolUser(test, 'counts')
        return verify('counts', 123456 as unknown as string)
      },
    },
    {
      when: 'there is no code',
      error: '422 form_param_missing',
      call: () => verify('newcomer', undefined as unknown as string),
    },
    {
      when: 'too many codes were wrong, also for a right one',
      error: '403 user_locked',
      retryAfter: 30,
      says: /30 seconds/,
      call: async () => verify('locked', await wrongly('locked', 3)),
    },
    {
      when: 'they have to wait longer',
      error: '403 user_locked',
      retryAfter: 120,
      says: /2 minutes/,
      call: async () => {
        const { phone } = await enrolUser(test, 'waits')
        const guess = async () => clerkErrorOf(verify('waits', wrongCode(phone, test.clock.now())))
        for (const seconds of [0, 0, 60, 0]) {
          await guess()
          test.clock.advance(seconds)
        }
        test.clock.advance(-60)
        return verify('waits', phone.codeAt(test.clock.now()))
      },
    },
    {
      when: 'the authenticator was disabled by them',
      error: '403 user_locked',
      says: /backup code/,
      call: async () => verify('disabled', await wrongly('disabled', 5, 3600)),
    },
    {
      when: 'the key is unknown',
      error: '401 clerk_key_invalid',
      call: () => test.client(WRONG_KEY).users.disableUserMFA('ann'),
    },
    {
      when: 'the key is the beginning of a right one',
      error: '401 clerk_key_invalid',
      call: () => test.client(SECRET_KEY.slice(0, -1)).users.disableUserMFA('ann'),
    },
    {
      when: 'there is no such user to verify a code of',
      error: '404 resource_not_found',
      call: () => verify(NOBODY, '123456'),
    },
    ...(['deleteUserTOTP', 'deleteUserBackupCodes', 'disableUserMFA'] as const).map((method) => ({
      when: `there is no such user: ${method}`,
      error: '404 resource_not_found',
      call: () => test.users[method](NOBODY),
    })),
    {
      when: 'an id is longer than any',
      error: '404 resource_not_found',
      call: () => test.users.disableUserMFA('x'.repeat(256)),
    },
    ...(['deleteUserTOTP', 'deleteUserBackupCodes'] as const).map((method) => ({
      when: `there is nothing to delete: ${method}`,
      error: '404 resource_not_found',
      call: () => test.users[method]('newcomer'),
    })),
    {
      when: 'the backup codes are deleted already',
      error: '404 resource_not_found',
      call: async () => {
        await enrolUser(test, 'careless')
        await test.users.deleteUserBackupCodes('careless')
        return test.users.deleteUserBackupCodes('careless')
      },
    },
    {
      when: 'others have changed it meanwhile, again and again',
      error: '409 resource_locked',
      call: async () => {
        const { phone } = await enrolUser(test, 'contended')
        storage.fail({ answer: false }, { methods: ['replace'] })
        return verify('contended', phone.codeAt(test.clock.now()))
      },
    },
    {
      when: 'the storage is away',
      error: '503 service_unavailable',
      retryAfter: 2,
      call: () => {
        storage.fail('reject')
        return verify('ann', '123456')
      },
    },
  ]

  for (const row of BACKEND) {
    it(`say ${row.error} when ${row.when}`, async () => {
      try {
        expectError(await clerkErrorOf(row.call()), row)
      } finally {
        storage.recover()
      }
    })
  }

  it('say on the wire also how long a user is locked', async () => {
    const code = await wrongly('locked once more', 3)
    const path = '/v1/users/locked%20once%20more/verify_totp'
    const { body } = await backend(test, path, { body: JSON.stringify({ code }) })
    expect(body)
      .to.have.nested.property('errors[0].meta')
      .that.deep.equals({ lockout_expires_in_seconds: 30 })
    expect(Object.keys(body as object)).to.have.members(['errors', 'clerk_trace_id'])
    const error = (body as { errors: object[] }).errors[0]
    expect(Object.keys(error ?? {})).to.have.members(['message', 'long_message', 'code', 'meta'])
  })

  const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const UNREADABLE: readonly (readonly [string, string | undefined, Record<string, string>, string])[] = [
    ['a form', 'code=123456', FORM, '415 unsupported_content_type'],
    ['JSON that is broken', '{"code":', {}, '400 request_body_invalid'],
    ['a list', '["123456"]', {}, '400 request_body_invalid'],
    ['a text', '"123456"', {}, '400 request_body_invalid'],
    ['nothing', undefined, {}, '422 form_param_missing'],
    ['far too much', JSON.stringify({ code: '1'.repeat(200_000) }), {}, '400 request_body_invalid'],
    [
      'another charset',
      '{}',
      { 'Content-Type': 'application/json; charset=x' },
      '415 unsupported_content_type',
    ],
    ['a name that every object has', '{"__proto__":{"code":"123456"}}', {}, '422 form_param_missing'],
  ]
  for (const [what, body, headers, expected] of UNREADABLE) {
    it(`say ${expected} to ${what}`, async () => {
      const init = { headers, ...(body !== undefined && { body }) }
      expect(outcomeOfAnswer(await backend(test, '/v1/users/ann/verify_totp', init))).to.equal(expected)
    })
  }

  for (const [what, header] of [
    ['no header', undefined],
    ['an empty one', ''],
    ['another scheme', `Basic ${Buffer.from(`${SECRET_KEY}:`).toString('base64')}`],
    ['the bare key', SECRET_KEY],
    ['no key', 'Bearer '],
    ['two keys', `Bearer ${SECRET_KEY} ${SECRET_KEY}`],
  ] as const) {
    it(`say 401 authorization_header_format_invalid to ${what}`, async () => {
      const headers = { Authorization: header }
      const answer = await backend(test, '/v1/users/ann/mfa', { method: 'DELETE', headers })
      expect(outcomeOfAnswer(answer)).to.equal('401 authorization_header_format_invalid')
      expect(answer.headers.get('WWW-Authenticate')).to.equal('Bearer')
    })
  }
})
