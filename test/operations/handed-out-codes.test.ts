import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { MemoryStorage, type NewAuthenticator } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { CountingStorage } from '../support/counting-storage.js'
import {
  enrolUser,
  newService,
  reasonOf,
  rejection,
  succeeded,
  tally,
  type TestService,
} from '../support/service.js'

describe('backup codes that are handed out with an enrolment', () => {
  let service: TestService
  let begun: NewAuthenticator & { readonly backupCodes?: readonly string[] }
  let codes: readonly string[]
  beforeEach(async () => {
    service = newService()
    begun = succeeded(await service.secondFactor.enrol('u', { backupCodes: true }))
    codes = begun.backupCodes ?? []
  })

  const confirm = () => {
    const code = new TestAuthenticator(begun.uri).codeAt(service.clock.now())
    return service.secondFactor.confirm('u', begun.id, code)
  }
  const verify = (code: string) => service.secondFactor.verify('u', code)

  it('are ten, and none where nobody asked for them', async () => {
    expect(new Set(codes).size).to.equal(10)
    expect(succeeded(await service.secondFactor.enrol('u'))).not.to.have.property('backupCodes')
    expect((await service.secondFactor.status('u')).backupCodes).to.equal(null)
  })

  it('count for nothing before the confirmation, each once after it', async () => {
    for (const code of codes) expect(reasonOf(await verify(code))).to.equal('not_enrolled')
    expect(succeeded(await confirm())).not.to.have.property('backupCodes')
    for (const code of codes) expect(reasonOf(await verify(code))).to.equal('ok')
    for (const code of codes)
      expect(await verify(code)).to.include({ reason: 'invalid_code', replayed: true })
  })

  it('count once in 20 parallel verifications', async () => {
    succeeded(await confirm())
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => verify(codes[0] ?? '')))
    expect(tally(outcomes)).to.deep.equal({ ok: 1, invalid_code: 19 })
  })

  it('are void when the enrolment is given up, or lapses', async () => {
    service.clock.advance(600)
    expect(reasonOf(await confirm())).to.equal('enrolment_expired')
    await enrolUser(service, 'u')
    for (const code of codes.slice(0, 3)) expect(reasonOf(await verify(code))).to.equal('invalid_code')
  })

  it('are void where others are left', async () => {
    const { backupCodes } = await enrolUser(service, 'owner')
    begun = succeeded(await service.secondFactor.enrol('owner', { backupCodes: true }))
    const code = new TestAuthenticator(begun.uri).codeAt(service.clock.now())
    succeeded(await service.secondFactor.confirm('owner', begun.id, code))
    const tries = [begun.backupCodes?.[0] ?? '', backupCodes[0] ?? '']
    const outcomes = await Promise.all(tries.map((one) => service.secondFactor.verify('owner', one)))
    expect(outcomes.map(reasonOf)).to.deep.equal(['invalid_code', 'ok'])
  })
})

describe('an enrolment', () => {
  for (const pendingSeconds of [60, 86_400]) {
    it(`waits for its confirmation for as long as it was given: ${pendingSeconds} s`, async () => {
      const { secondFactor, clock } = newService()
      const { id, uri, expiresAt } = succeeded(await secondFactor.enrol('u', { pendingSeconds }))
      expect(expiresAt).to.equal(clock.now() + pendingSeconds * 1000)
      clock.advance(pendingSeconds - 1)
      expect((await secondFactor.status('u')).authenticators[0]).to.include({ id, expiresAt })
      const code = new TestAuthenticator(uri).codeAt(clock.now())
      expect(reasonOf(await secondFactor.confirm('u', id, code))).to.equal('ok')
    })
  }

  for (const pendingSeconds of [59, 86_401, 60.5, Number.NaN, '60' as unknown as number]) {
    it(`cannot be given ${pendingSeconds} s of type ${typeof pendingSeconds}`, async () => {
      const storage = new CountingStorage(new MemoryStorage())
      const error = await rejection(newService({ storage }).secondFactor.enrol('u', { pendingSeconds }))
      expect(error).to.be.instanceOf(TypeError).with.property('message').that.includes('pendingSeconds')
      expect((await newService({ storage }).secondFactor.status('u')).authenticators).to.deep.equal([])
    })
  }

  it('hands out no backup codes where its confirmation is asked not to', async () => {
    const { secondFactor, clock } = newService()
    const { id, uri } = succeeded(await secondFactor.enrol('u'))
    const code = new TestAuthenticator(uri).codeAt(clock.now())
    const confirmed = succeeded(await secondFactor.confirm('u', id, code, { backupCodes: false }))
    expect(confirmed).not.to.have.property('backupCodes')
    expect((await secondFactor.status('u')).backupCodes).to.equal(null)
  })
})

describe('a verification of one kind of code', () => {
  const kinds = ['totp', 'backup_code'] as const
  for (const method of kinds) {
    it(`takes a ${method} and takes the other kind for none, which is not spent and costs nothing`, async () => {
      const service = newService()
      const { phone, backupCodes } = await enrolUser(service, 'u')
      const right = { totp: phone.codeAt(service.clock.now()), backup_code: backupCodes[0] ?? '' }
      const other = method === 'totp' ? 'backup_code' : 'totp'
      const verify = (code: string, only?: (typeof kinds)[number]) =>
        service.secondFactor.verify('u', code, { method: only })
      const before = service.events.length
      for (let count = 0; count < 7; count++) {
        expect(reasonOf(await verify(right[other], method))).to.equal('invalid_request')
      }
      expect(service.events).to.have.length(before)
      expect(await verify(right[method], method)).to.include({ ok: true, method })
      expect(reasonOf(await verify(right[other]))).to.equal('ok')
    })
  }
})

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
})
