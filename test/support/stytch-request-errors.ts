import {
  authenticate,
  idCalls,
  now,
  recover,
  type StytchCalls,
  type StytchErrorCase,
} from './stytch-calls.js'
import { activeTotp, createTotp, stytchErrorOf } from './stytch.js'

/** What is wrong with a request before a code is looked at. */
export const REQUEST_ERRORS = {
  active_totp_exists: {
    status: 400,
    message: /Users may only have one active TOTP at a time\.$/,
    calls: {
      'create beside an active one': async (test, user_id) => {
        await activeTotp(test, user_id)
        return test.client.totps.create({ user_id })
      },
    },
  },
  pending_totp_exists: {
    status: 400,
    message: /waits for its first code/,
    calls: {
      'create beside one that waits': async (test, user_id) => {
        await createTotp(test, user_id)
        return test.client.totps.create({ user_id })
      },
    },
  },
  invalid_expiration: {
    status: 400,
    message: /^expiration_minutes .* 5 to 1440/,
    calls: Object.fromEntries(
      [4, 1441, 0, -5, 5.5, '60', true, [], {}].map((minutes): [string, StytchCalls[string]] => [
        `create with ${JSON.stringify(minutes)}`,
        ({ client }, user_id) => client.totps.create({ user_id, expiration_minutes: minutes as number }),
      ]),
    ),
  },
  invalid_user_id: {
    status: 400,
    message: /^user_id format is invalid\.$/,
    calls: Object.assign(
      {},
      ...['', 'x'.repeat(256), 'a\0', '\ufffd', '\ud800', 7, null, {}, ['a'], undefined].map(idCalls),
    ) as StytchCalls,
  },
  invalid_session_duration_minutes: {
    status: 400,
    message: /^session_duration_minutes .* 5 to 527040/,
    calls: Object.fromEntries(
      [4, 527_041, 0, 5.5, '60', true, []].map((minutes): [string, StytchCalls[string]] => [
        `authenticate with ${JSON.stringify(minutes)}`,
        (test, user_id) =>
          authenticate(test, `${user_id} with sessions`, '123456', { session_duration_minutes: minutes }),
      ]),
    ),
  },
  bad_request: {
    status: 400,
    message: /^Send a JSON object/,
    calls: Object.fromEntries(
      [
        { session_token: 7 },
        { session_jwt: {} },
        { session_custom_claims: 'x' },
        { session_custom_claims: [] },
      ].map((fields): [string, StytchCalls[string]] => [
        `authenticate with ${JSON.stringify(fields)}`,
        (test, user_id) => authenticate(test, `${user_id} with sessions`, '123456', fields),
      ]),
    ),
  },
  sessions_not_available: {
    status: 400,
    message: /no sessions here/,
    calls: Object.fromEntries(
      [
        { session_duration_minutes: 60 },
        { session_duration_minutes: 1 },
        { session_token: 'token' },
        { session_jwt: 'jwt' },
        { session_custom_claims: {} },
      ].flatMap((fields) =>
        (
          [
            ['authenticate', authenticate],
            ['recover', recover],
          ] as const
        ).map(([name, call]): [string, StytchCalls[string]] => [
          `${name} with ${JSON.stringify(fields)}`,
          async (test, user_id) => {
            const created = await activeTotp(test, user_id)
            const code = call === recover ? created.recovery_code : now(test, created)
            const error = await stytchErrorOf(call(test, user_id, code, fields))
            // The code is good for another try.
            await call(test, user_id, code)
            throw error
          },
        ]),
      ),
    ),
  },
  unauthorized_credentials: {
    status: 401,
    message: /^Unauthorized credentials\.$/,
    calls: {
      'create with another secret': ({ clientOf }, user_id) =>
        clientOf('other', 'secret').totps.create({ user_id }),
      'create for another project': ({ clientOf }, user_id) =>
        clientOf('project-test-2', 'the secret of another').totps.create({ user_id }),
      deleteTOTP: ({ clientOf }) => clientOf('other', 'secret').users.deleteTOTP({ totp_id: 'totp-1' }),
    },
  },
  user_not_found: {
    status: 404,
    message: /^User could not be found\.$/,
    calls: {
      ...idCalls('nobody'),
      deleteTOTP: async (test) => {
        const totp_id = `totp-${Buffer.from('id.nobody').toString('base64url')}`
        return test.client.users.deleteTOTP({ totp_id })
      },
    },
  },
  totp_not_found: {
    status: 404,
    message: /^TOTP could not be found\.$/,
    calls: {
      'deleteTOTP twice': async (test, user_id) => {
        const { totp_id } = await activeTotp(test, user_id)
        await test.client.users.deleteTOTP({ totp_id })
        return test.client.users.deleteTOTP({ totp_id })
      },
      "deleteTOTP with an id of Stytch's": ({ client }) =>
        client.users.deleteTOTP({ totp_id: 'totp-test-41920359-8bbb-4fe8-8fa3-aaa83f35f02c' }),
    },
  },
  recovery_codes_not_found: {
    status: 404,
    message: /shown once, when the TOTP is created, and never again/,
    calls: {
      'recoveryCodes without a TOTP': ({ client }, user_id) => client.totps.recoveryCodes({ user_id }),
      'recoveryCodes of a TOTP that waits': async (test, user_id) => {
        await createTotp(test, user_id)
        return test.client.totps.recoveryCodes({ user_id })
      },
      'recoveryCodes of an active TOTP': async (test, user_id) => {
        await activeTotp(test, user_id)
        return test.client.totps.recoveryCodes({ user_id })
      },
    },
  },
  session_not_found: {
    status: 404,
    message: /^Session could not be found\.$/,
    calls: {
      'authenticate into a session that the application does not know': async (test, id) => {
        const user_id = `${id} with sessions`
        const code = now(test, await activeTotp(test, user_id))
        return authenticate(test, user_id, code, { session_token: 'forgotten' })
      },
    },
  },
  server_unavailable: {
    status: 503,
    message: /cannot be decided now/,
    calls: {
      create: ({ client }) => client.totps.create({ user_id: 'away' }),
      authenticate: (test) => authenticate(test, 'away', '123456'),
      recover: (test) => recover(test, 'away', 'ckss-2skx-ebow'),
      deleteTOTP: ({ client }) =>
        client.users.deleteTOTP({ totp_id: `totp-${Buffer.from('id.away').toString('base64url')}` }),
    },
  },
} as const satisfies Readonly<Record<string, StytchErrorCase>>
