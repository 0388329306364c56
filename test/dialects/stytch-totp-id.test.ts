import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { readTotpId, totpIdOf } from '../../lib/dialects/stytch-totp-id.js'
import { isUserId } from '../../lib/user-id.js'
import { activeTotp, CREDENTIALS, send, stytchErrorOf, stytchTests } from '../support/stytch.js'

describe('a totp_id of stytchDialect', () => {
  const { start } = stytchTests()

  it('leads back to its user and authenticator, whatever their ids are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
        fc.stringMatching(/^[\w-]{1,30}$/),
        (userId, id) => {
          fc.pre(isUserId(userId))
          expect(readTotpId(totpIdOf(userId, id))).to.deep.equal({ userId, authenticatorId: id })
        },
      ),
    )
  })

  it('that is forged is not found, and nothing is thrown or changed', async () => {
    const test = await start()
    const { totp_id } = await activeTotp(test, 'owner')
    const encode = (text: string) => `totp-${Buffer.from(text).toString('base64url')}`
    const forged = [
      ...['.', '.owner', 'id', 'id.', 'owner', 'id.owner\0', 'id.\ufffd', `id.${'x'.repeat(256)}`].map(
        encode,
      ),
      `totp-${Buffer.from([0x69, 0x2e, 0xff]).toString('base64url')}`,
      ...[
        `${totp_id}=`,
        `${totp_id}%20`,
        `x${totp_id}`,
        totp_id.slice(5),
        totp_id.slice(0, -2),
        totp_id.toLowerCase(),
      ],
      encode('authenticator.owner'),
      ...['totp-', 'x', '%00', '%E2%80%A8', 'totp-test-41920359-8bbb-4fe8-8fa3-aaa83f35f02c'],
    ]
    for (const id of forged) {
      const { status, body } = await send(test, `/v1/users/totps/${id}`, {
        method: 'DELETE',
        headers: CREDENTIALS,
      })
      expect([status, body['error_type']], id).to.deep.equal([404, 'totp_not_found'])
    }
    expect(test.leftErrors).to.deep.equal([])
    expect((await test.secondFactor.status('owner')).enabled).to.equal(true)
  })

  it('is nobody else’s: another user in it is another TOTP', async () => {
    const test = await start()
    const { totp_id } = await activeTotp(test, 'owner')
    await activeTotp(test, 'somebody')
    const { authenticatorId = '' } = readTotpId(totp_id) ?? {}
    const error = await stytchErrorOf(
      test.client.users.deleteTOTP({ totp_id: totpIdOf('somebody', authenticatorId) }),
    )
    expect(error.error_type).to.equal('totp_not_found')
  })
})
