import { expect } from 'chai'
import { describe, it } from 'mocha'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { CountingStorage } from '../support/counting-storage.js'
import { enrolUser, newService, reasonOf, rejection, succeeded, tally } from '../support/service.js'

describe('removeBackupCodes', () => {
  it('takes them away, and leaves the second factor on', async () => {
    const service = newService()
    const { phone, backupCodes } = await enrolUser(service, 'u')
    const { secondFactor } = service
    const fresh = succeeded(await secondFactor.generateBackupCodes('u'))
    expect(await secondFactor.removeBackupCodes('u')).to.deep.equal({ ok: true })
    expect(service.events.at(-1)).to.include({ type: 'backup_codes_removed', userId: 'u' })
    expect(await secondFactor.status('u')).to.include({ enabled: true, backupCodes: null })
    expect(reasonOf(await secondFactor.confirmBackupCodes('u', fresh.id))).to.equal('not_found')
    expect(reasonOf(await secondFactor.verify('u', backupCodes[0] ?? ''))).to.equal('invalid_code')
    expect(reasonOf(await secondFactor.verify('u', phone.codeAt(service.clock.now())))).to.equal('ok')
  })

  it('is refused to whoever has shown too little', async () => {
    const service = newService()
    await enrolUser(service, 'u')
    const authority = { shown: 'first_factor' } as const
    const outcome = await service.secondFactor.removeBackupCodes('u', { authority })
    expect(reasonOf(outcome)).to.equal('second_factor_required')
    expect(reasonOf(await service.secondFactor.removeBackupCodes('nobody'))).to.equal('not_enrolled')
  })

  it('writes nothing, and tells nothing, where there are none', async () => {
    const storage = new CountingStorage()
    const service = newService({ storage })
    await enrolUser(service, 'u')
    await service.secondFactor.removeBackupCodes('u')
    service.events.length = 0
    storage.reset()
    expect(await service.secondFactor.removeBackupCodes('u')).to.deep.equal({ ok: true })
    expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 0, remove: 0 })
    expect(service.events).to.deep.equal([])
  })

  it('leaves those alone that were handed out with an authenticator that waits', async () => {
    const service = newService()
    const { secondFactor, clock } = service
    await enrolUser(service, 'u')
    const begun = succeeded(await secondFactor.enrol('u', { backupCodes: true }))
    succeeded(await secondFactor.removeBackupCodes('u'))
    const code = new TestAuthenticator(begun.uri).codeAt(clock.now())
    succeeded(await secondFactor.confirm('u', begun.id, code))
    expect(reasonOf(await secondFactor.verify('u', begun.backupCodes?.[0] ?? ''))).to.equal('ok')
  })

  it('is told once, and no code counts after it, in a race with 20 verifications of one code', async () => {
    const service = newService()
    const { secondFactor } = service
    const [code = ''] = (await enrolUser(service, 'u')).backupCodes
    const verified = Promise.all(Array.from({ length: 20 }, () => secondFactor.verify('u', code)))
    const removed = await Promise.all(Array.from({ length: 20 }, () => secondFactor.removeBackupCodes('u')))
    expect(tally(removed)).to.deep.equal({ ok: 20 })
    expect(tally(await verified)['ok'] ?? 0).to.be.at.most(1)
    expect(service.events.filter(({ type }) => type === 'backup_codes_removed')).to.have.length(1)
    expect(await secondFactor.status('u')).to.include({ enabled: true, backupCodes: null })
  })

  it('is an error of the program for what is no user id', async () => {
    expect(await rejection(newService().secondFactor.removeBackupCodes(''))).to.be.instanceOf(TypeError)
  })
})
