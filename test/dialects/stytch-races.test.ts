import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import type { StytchErrorType } from '../../lib/dialects/stytch.js'
import { wrongCode } from '../support/app.js'
import { InterleavingStorage } from '../support/interleaving-storage.js'
import { beginEnrolment, enrolUser } from '../support/service.js'
import { activeTotp, createTotp, type StytchTest, stytchErrorOf, stytchTests } from '../support/stytch.js'

const user_id = 'is in two places'

describe('stytchDialect, when somebody else is first,', () => {
  const { start } = stytchTests()
  let storage: InterleavingStorage
  let test: StytchTest
  /** Another process, at the same storage. */
  let elsewhere: StytchTest
  beforeEach(async () => {
    storage = new InterleavingStorage()
    test = await start({ secondFactor: { storage } })
    elsewhere = await start({ secondFactor: { storage, clock: test.clock } })
  })
  const refuses = async (call: Promise<unknown>, type: StytchErrorType) => {
    expect((await stytchErrorOf(call)).error_type).to.equal(type)
  }
  const status = () => test.secondFactor.status(user_id)
  const authenticate = (totp_code: string) => test.client.totps.authenticate({ user_id, totp_code })

  it('creates no TOTP beside one that is active by now', async () => {
    storage.before('insert', () => enrolUser(elsewhere, user_id))
    await refuses(test.client.totps.create({ user_id }), 'active_totp_exists')
    expect((await status()).authenticators).to.have.length(1)
  })

  it('creates no TOTP beside one that waits by now', async () => {
    storage.before('insert', () => createTotp(elsewhere, user_id))
    await refuses(test.client.totps.create({ user_id }), 'pending_totp_exists')
    expect((await status()).authenticators).to.have.length(1)
  })

  it('confirms no TOTP that is deleted by now', async () => {
    const { phone, totp_id } = await createTotp(test, user_id)
    storage.before('replace', () => elsewhere.client.users.deleteTOTP({ totp_id }))
    await refuses(authenticate(phone.codeAt(test.clock.now())), 'totps_not_found_for_user')
    expect((await status()).enabled).to.equal(false)
  })

  it('confirms no TOTP that has expired by now', async () => {
    const { phone } = await createTotp(test, user_id)
    const now = test.clock.now()
    storage.before('replace', async () => {
      const totp_code = wrongCode(phone, now)
      await stytchErrorOf(elsewhere.client.totps.authenticate({ user_id, totp_code }))
      test.clock.advance(86_400)
    })
    await refuses(authenticate(phone.codeAt(now)), 'expired_totp')
    expect((await status()).enabled).to.equal(false)
  })

  it('confirms no TOTP beside one that is active by now, and checks the code against that one', async () => {
    const { phone } = await createTotp(test, user_id)
    const other = await beginEnrolment(test, user_id)
    const code = (of: typeof phone) => of.codeAt(test.clock.now())
    storage.before('replace', async () => {
      await elsewhere.secondFactor.confirm(user_id, other.authenticator.id, code(other.phone))
    })
    await refuses(authenticate(code(phone)), 'unable_to_authenticate_totp')
    expect((await status()).authenticators.filter(({ verified }) => verified)).to.have.length(1)
  })

  it('takes no code of a second factor that is off by now', async () => {
    const { phone } = await activeTotp(test, user_id)
    storage.before('replace', () => elsewhere.secondFactor.reset(user_id))
    await refuses(authenticate(phone.codeAt(test.clock.now())), 'totps_not_found_for_user')
    const { recovery_code } = await activeTotp(test, user_id)
    storage.before('replace', () => elsewhere.secondFactor.reset(user_id))
    const recovered = test.client.totps.recover({ user_id, recovery_code })
    await refuses(recovered, 'no_active_recovery_code_backed_factor')
  })
})
