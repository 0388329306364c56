import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { StytchSessionRequest } from '../../lib/dialects/stytch.js'
import { activeTotp, stytchTests, userOf } from '../support/stytch.js'

describe('stytchDialect, asked for sessions,', () => {
  const { start } = stytchTests()
  const SESSION = { session_token: 'token', session_jwt: 'jwt', session: { session_id: 'session-1' } }

  it('answers what the application has opened, and tells it what was shown', async () => {
    const asked: StytchSessionRequest[] = []
    const open = await start({
      dialect: {
        session: (request) => {
          asked.push(request)
          return Promise.resolve(SESSION)
        },
      },
    })
    const user_id = 'has sessions'
    const { totp_id, phone, recovery_code } = await activeTotp(open, user_id)
    expect(asked).to.deep.equal([])
    const totp_code = phone.codeAt(open.clock.now())
    const claims = { role: 'admin' }
    const answer = await open.client.totps.authenticate({
      user_id,
      totp_code,
      session_duration_minutes: 60,
      session_custom_claims: claims,
    })
    expect(answer).to.deep.include(SESSION)
    expect(
      await open.client.totps.recover({ user_id, recovery_code, session_token: 't', session_jwt: 'j' }),
    ).to.deep.include(SESSION)

    const last_authenticated_at = new Date(open.clock.now()).toISOString()
    const [first, second] = asked.map(({ req, ...rest }) => ({ ...rest, path: req.path }))
    const who = { userId: user_id, user: userOf(user_id) }
    expect(first).to.deep.equal({
      ...who,
      path: '/v1/totps/authenticate',
      durationMinutes: 60,
      customClaims: claims,
      factor: {
        type: 'totp',
        delivery_method: 'authenticator_app',
        last_authenticated_at,
        authenticator_app_factor: { totp_id },
      },
    })
    const { factor, ...rest } = second ?? {}
    expect(rest).to.deep.equal({ ...who, path: '/v1/totps/recover', sessionToken: 't', sessionJwt: 'j' })
    expect(factor).to.deep.include({
      type: 'recovery_codes',
      delivery_method: 'recovery_code',
      last_authenticated_at,
    })
    expect(JSON.stringify(factor))
      .to.match(/"recovery_code_factor":\{"totp_recovery_code_id":"totp-recovery-code-[\w-]{16,}"\}/)
      .and.not.contain(recovery_code)
  })

  it('opens none unless one is asked for, even if the application could', async () => {
    const open = await start({ dialect: { session: () => SESSION } })
    const { phone } = await activeTotp(open, 'asks for none')
    const answer = await open.client.totps.authenticate({
      user_id: 'asks for none',
      totp_code: phone.codeAt(open.clock.now()),
      session_token: '',
      session_jwt: '',
    })
    expect(answer).to.include({ session_token: '', session_jwt: '', session: null })
  })
})
