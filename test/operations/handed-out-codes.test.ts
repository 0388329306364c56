import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { MemoryStorage, type NewAuthenticator } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { CountingStorage } from '../support/counting-storage.js'
import { InterleavingStorage } from '../support/interleaving-storage.js'
import {
  enrolUser,
  newService,
  reasonOf,
  rejection,
  succeeded,
  tally,
  type TestService,
} from '../support/service.js'
import { storedRecord } from '../support/stored.js'

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

  it('are void when their enrolment gives way to a later one', async () => {
    for (let count = 0; count < 5; count++) await service.secondFactor.enrol('u')
    expect(reasonOf(await confirm())).to.equal('not_found')
    await enrolUser(service, 'u')
    for (const code of codes.slice(0, 3)) expect(reasonOf(await verify(code))).to.equal('invalid_code')
  })

  it('are those of the enrolment that was confirmed, and of no other that waits', async () => {
    const another = succeeded(await service.secondFactor.enrol('u', { backupCodes: true }))
    succeeded(await confirm())
    const [first = ''] = another.backupCodes ?? []
    expect(await verify(first)).to.deep.equal({ ok: false, reason: 'invalid_code' })
    expect(succeeded(await verify(codes[0] ?? ''))).to.include({ backupCodesRemaining: 9 })
  })

  it('are put in force, although the confirmation is asked for none', async () => {
    const code = new TestAuthenticator(begun.uri).codeAt(service.clock.now())
    succeeded(await service.secondFactor.confirm('u', begun.id, code, { backupCodes: false }))
    expect(reasonOf(await verify(codes[0] ?? ''))).to.equal('ok')
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

describe('backup codes that are handed out with a further enrolment', () => {
  // Room for 20 codes that come too early, and the one that counts.
  const throttle = { freeAttempts: 40, disableAfter: 100 }
  let service: TestService
  beforeEach(() => {
    service = newService({ throttle })
  })

  /** Somebody without backup codes who enrols another phone. */
  async function begin() {
    const { phone } = await enrolUser(service, 'u')
    succeeded(await service.secondFactor.removeBackupCodes('u'))
    const begun = succeeded(await service.secondFactor.enrol('u', { backupCodes: true }))
    const confirm = () =>
      service.secondFactor.confirm(
        'u',
        begun.id,
        new TestAuthenticator(begun.uri).codeAt(service.clock.now()),
      )
    return { phone, codes: begun.backupCodes ?? [], confirm }
  }
  const verify = (code: string) => service.secondFactor.verify('u', code)

  it('are as wrong as any before the confirmation, and each counts once after it', async () => {
    const { codes, confirm } = await begin()
    service.events.length = 0
    for (const code of codes) {
      expect(await verify(code)).to.deep.equal({ ok: false, reason: 'invalid_code' })
      expect(service.events.at(-1)).to.include({ type: 'failed', method: 'backup_code' })
    }
    expect((await service.secondFactor.status('u')).backupCodes).to.equal(null)
    succeeded(await confirm())
    for (const code of codes) {
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => verify(code)))
      expect(tally(outcomes)).to.deep.equal({ ok: 1, invalid_code: 19 })
    }
    expect((await service.secondFactor.status('u')).backupCodes).to.include({ remaining: 0, total: 10 })
  })

  it('count, if at all, once the confirmation has won: one success in a race with it', async () => {
    const { codes, confirm } = await begin()
    const [code = ''] = codes
    const verified = Promise.all(Array.from({ length: 20 }, () => verify(code)))
    const confirmed = await Promise.all(Array.from({ length: 20 }, confirm))
    expect(tally(confirmed)).to.deep.equal({ ok: 1, already_verified: 19 })
    expect(tally(await verified)['ok'] ?? 0).to.be.at.most(1)
    await verify(code)
    expect((await service.secondFactor.status('u')).backupCodes?.remaining).to.equal(9)
  })

  it('are void where a fresh set was confirmed meanwhile', async () => {
    const { codes, confirm } = await begin()
    const fresh = succeeded(await service.secondFactor.generateBackupCodes('u'))
    succeeded(await service.secondFactor.confirmBackupCodes('u', fresh.id))
    succeeded(await confirm())
    expect(reasonOf(await verify(codes[0] ?? ''))).to.equal('invalid_code')
    expect(reasonOf(await verify(fresh.codes[0] ?? ''))).to.equal('ok')
  })

  it('are the ones that were written, when somebody else was first', async () => {
    const storage = new InterleavingStorage()
    service = newService({ storage, throttle })
    const elsewhere = newService({ storage, clock: service.clock }).secondFactor
    storage.before('insert', () => elsewhere.importTotp('u', { base32: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }))
    const begun = succeeded(await service.secondFactor.enrol('u', { backupCodes: true }))
    succeeded(
      await service.secondFactor.confirm(
        'u',
        begun.id,
        new TestAuthenticator(begun.uri).codeAt(service.clock.now()),
      ),
    )
    for (const code of begun.backupCodes ?? []) expect(reasonOf(await verify(code))).to.equal('ok')
  })

  it('are none for who is refused', async () => {
    service = newService({ totp: { maxAuthenticators: 1 } })
    await enrolUser(service, 'u')
    expect(await service.secondFactor.enrol('u', { backupCodes: true })).to.deep.equal({
      ok: false,
      reason: 'too_many_authenticators',
    })
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

  it('keeps a time of its own until it is confirmed, where that is not the usual one', async () => {
    const storage = new MemoryStorage()
    const { secondFactor, clock } = newService({ storage })
    const last = async () => (await storedRecord(storage, 'u')).authenticators.at(-1)
    succeeded(await secondFactor.enrol('u', { pendingSeconds: 600 }))
    expect(await last()).not.to.have.property('pendingUntil')
    const { id, uri } = succeeded(await secondFactor.enrol('u', { pendingSeconds: 601 }))
    expect(await last()).to.have.property('pendingUntil', clock.now() + 601_000)
    succeeded(await secondFactor.confirm('u', id, new TestAuthenticator(uri).codeAt(clock.now())))
    expect(await last()).not.to.have.property('pendingUntil')
  })

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
