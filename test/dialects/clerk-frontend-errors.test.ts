import { ClerkAPIResponseError } from '@clerk/backend/errors'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { Response } from 'supertest'
import { enrolThroughRouter, type TestApp, wrongCode } from '../support/app.js'
import {
  ATTEMPT,
  createTotp,
  expectError,
  type ExpectedError,
  postForm,
  signIn,
  traced,
  verifyTotp,
  withDialect,
} from '../support/clerk.js'
import { appsOnRedis } from '../support/suite.js'

type ErrorsOnTheWire = ConstructorParameters<typeof ClerkAPIResponseError>[1]['data']

describe('the errors of clerkDialect for a signed-in user', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    const throttle = { freeAttempts: 3 }
    app = await start({
      ...withDialect(),
      secondFactor: { throttle },
      front: traced,
    })
  })

  const attempt = async (name: string, code: (right: string, wrong: string) => unknown, times = 1) => {
    const browser = await signIn(app, name)
    const { phone } = await createTotp(browser)
    const now = app.clock.now()
    const form = { code: code(phone.codeAt(now), wrongCode(phone, now)) }
    let answer = await postForm(browser, ATTEMPT, form)
    for (let time = 1; time < times; time++) answer = await postForm(browser, ATTEMPT, form)
    return answer
  }

  const FRONTEND: readonly (ExpectedError & { readonly call: () => Promise<Response> })[] = [
    {
      when: 'nobody has signed in',
      error: '401 authentication_invalid',
      call: async () => postForm(app.browser(), '/v1/me/totp'),
    },
    {
      when: 'a TOTP is verified already',
      error: '400 totp_already_enabled',
      call: async () => postForm((await verifyTotp(app, 'has one')).browser, '/v1/me/totp'),
    },
    {
      when: 'there is nothing to verify',
      error: '400 verification_missing',
      call: async () => postForm(await signIn(app, 'verifies'), ATTEMPT, { code: '123456' }),
    },
    {
      when: 'it was not verified in time',
      error: '400 verification_expired',
      call: async () => {
        const browser = await signIn(app, 'late')
        const { phone } = await createTotp(browser)
        app.clock.advance(601)
        return postForm(browser, ATTEMPT, { code: phone.codeAt(app.clock.now()) })
      },
    },
    {
      when: 'it is verified once more',
      error: '400 verification_already_verified',
      call: async () => {
        const { browser, phone } = await verifyTotp(app, 'verifies twice')
        return postForm(browser, ATTEMPT, { code: phone.codeAt(app.clock.now()) })
      },
    },
    {
      when: 'the code is wrong',
      error: '422 form_code_incorrect',
      call: () => attempt('wrong', (_right, wrong) => wrong),
    },
    {
      when: 'the code is none',
      error: '422 form_code_incorrect',
      call: () => attempt('none', () => 'abc'),
    },
    {
      when: 'the code comes twice',
      error: '422 form_code_incorrect',
      call: () => attempt('twice', (right) => [right, right]),
    },
    {
      when: 'there is no code',
      error: '422 form_param_missing',
      call: () => attempt('missing', () => undefined),
    },
    {
      when: 'too many codes for a new secret were wrong',
      error: '400 verification_failed',
      retryAfter: 30,
      says: /30 seconds/,
      call: () => attempt('fails', (_right, wrong) => wrong, 4),
    },
    {
      when: 'there is no TOTP to delete',
      error: '404 resource_not_found',
      call: async () => (await signIn(app, 'deletes')).delete('/v1/me/totp'),
    },
    {
      when: 'there is no TOTP that backup codes could be made for',
      error: '400 backup_codes_not_available',
      call: async () => postForm(await signIn(app, 'has none'), '/v1/me/backup_codes'),
    },
    {
      when: 'the second factor was not shown in this session',
      error: '403 session_reverification_required',
      call: async () => {
        await enrolThroughRouter(app, app.browser(), 'half-way')
        return postForm(await signIn(app, 'half-way'), '/v1/me/backup_codes')
      },
    },
    {
      when: 'it was shown too long ago',
      error: '403 session_reverification_required',
      call: async () => {
        const { browser } = await verifyTotp(app, 'stale')
        app.clock.advance(601)
        return postForm(browser, '/v1/me/backup_codes')
      },
    },
    {
      when: 'another site has sent it',
      error: '403 authorization_invalid',
      call: async () =>
        postForm(await signIn(app, 'tricked'), '/v1/me/totp').set('Sec-Fetch-Site', 'cross-site'),
    },
    {
      when: 'it comes in JSON',
      error: '415 unsupported_content_type',
      call: async () => (await signIn(app, 'modern')).post('/v1/me/totp').send({}),
    },
  ]

  for (const row of FRONTEND) {
    it(`say ${row.error} when ${row.when}`, async () => {
      const answer = await row.call()
      const headers = answer.headers as Readonly<Record<string, string>>
      const body = answer.body as { readonly errors: ErrorsOnTheWire; readonly clerk_trace_id: string }
      expect(body).to.have.all.keys('errors', 'clerk_trace_id')
      const { errors: data, clerk_trace_id: clerkTraceId } = body
      const seconds = headers['retry-after']
      const retryAfter = seconds === undefined ? {} : { retryAfter: Number(seconds) }
      const { status } = answer
      expectError(new ClerkAPIResponseError('', { data, status, clerkTraceId, ...retryAfter }), row)
      expect(headers).to.include({ 'cache-control': 'no-store', 'content-type': 'application/json' })
    })
  }
})
