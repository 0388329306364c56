import { expect } from 'chai'
import { describe, it } from 'mocha'
import { wrongCode } from '../support/app.js'
import { CountingStorage } from '../support/counting-storage.js'
import { enrolUser, newService, reasonOf, succeeded } from '../support/service.js'

describe('a verification of one kind of code', () => {
  const kinds = ['totp', 'backup_code'] as const
  for (const method of kinds) {
    it(`takes a ${method} and takes the other kind for none, which is not spent and costs nothing`, async () => {
      const storage = new CountingStorage()
      const service = newService({ storage })
      const { phone, backupCodes } = await enrolUser(service, 'u')
      const right = { totp: phone.codeAt(service.clock.now()), backup_code: backupCodes[0] ?? '' }
      const other = method === 'totp' ? 'backup_code' : 'totp'
      const verify = (code: string, only?: (typeof kinds)[number]) =>
        service.secondFactor.verify('u', code, { method: only })
      const before = service.events.length
      storage.reset()
      for (let count = 0; count < 7; count++) {
        expect(reasonOf(await verify(right[other], method))).to.equal('invalid_request')
      }
      expect(service.events).to.have.length(before)
      expect(storage.counts).to.deep.equal({ read: 7, insert: 0, replace: 0, remove: 0 })
      expect(await verify(right[method], method)).to.include({ ok: true, method })
      expect(reasonOf(await verify(right[other]))).to.equal('ok')
    })
  }

  it('goes by what digits are to the user: a backup code of another system, where no authenticator shows so many', async () => {
    const service = newService()
    const { secondFactor } = service
    succeeded(await secondFactor.importTotp('u', { base32: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }))
    succeeded(await secondFactor.importBackupCodes('u', ['48213907']))
    service.events.length = 0
    expect(reasonOf(await secondFactor.verify('u', '48213907', { method: 'totp' }))).to.equal(
      'invalid_request',
    )
    expect(service.events).to.deep.equal([])
    const outcome = await secondFactor.verify('u', '48213907', { method: 'backup_code' })
    expect(outcome).to.include({ ok: true, method: 'backup_code' })
  })

  it('takes the other kind for none also while locked, and of somebody without a second factor', async () => {
    const service = newService()
    const { phone, backupCodes } = await enrolUser(service, 'u')
    const { secondFactor, clock } = service
    for (let count = 0; count < 5; count++) await secondFactor.verify('u', wrongCode(phone, clock.now()))
    const code = phone.codeAt(clock.now())
    expect(reasonOf(await secondFactor.verify('u', code, { method: 'totp' }))).to.equal('locked')
    for (const userId of ['u', 'nobody']) {
      const outcome = await secondFactor.verify(userId, code, { method: 'backup_code' })
      expect(reasonOf(outcome), userId).to.equal('invalid_request')
    }
    const [backupCode = ''] = backupCodes
    expect(reasonOf(await secondFactor.verify('u', backupCode, { method: 'backup_code' }))).to.equal('ok')
  })
})
