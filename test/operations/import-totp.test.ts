import { expect } from 'chai'
import { before, beforeEach, describe, it } from 'mocha'
import speakeasy from 'speakeasy'
import { decodeBase32, encodeBase32 } from '../../lib/base32.js'
import { MemoryStorage, type SecondFactor, type TotpAlgorithm, type TotpImport } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { type TestApp, whoAmI, wrongCode } from '../support/app.js'
import type { FakeClock } from '../support/clock.js'
import { CountingStorage } from '../support/counting-storage.js'
import {
  beginEnrolment,
  enrolUser,
  newService,
  reasonOf,
  rejection,
  succeeded,
  tally,
  type TestService,
} from '../support/service.js'
import { storedRecord } from '../support/stored.js'
import { appsOnRedis } from '../support/suite.js'

/** RFC 6238 Appendix B. */
const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const PHONE = new TestAuthenticator(BASE32)
/** 80 bits, as the first authenticators had. */
const WEAK = BASE32.slice(0, 16)

describe('importTotp', () => {
  let memory: MemoryStorage
  let storage: CountingStorage
  let service: TestService
  let secondFactor: SecondFactor
  let clock: FakeClock
  beforeEach(() => {
    memory = new MemoryStorage()
    storage = new CountingStorage(memory)
    service = newService({ storage })
    ;({ secondFactor, clock } = service)
  })

  const importOf = async (given: TotpImport, userId = 'u') => secondFactor.importTotp(userId, given)
  const verify = (code: string, userId = 'u') => secondFactor.verify(userId, code)

  it('takes an authenticator over that counts at once', async () => {
    const outcome = succeeded(await importOf({ base32: BASE32, label: ' Old phone ' }))
    expect(outcome).to.deep.equal({
      ok: true,
      id: outcome.id,
      label: 'Old phone',
      verified: true,
      disabled: false,
      algorithm: 'SHA1',
      digits: 6,
      period: 30,
      createdAt: clock.now(),
      updatedAt: clock.now(),
    })
    const { ok: _ok, ...authenticator } = outcome
    expect(await secondFactor.status('u')).to.deep.include({ enabled: true, authenticators: [authenticator] })
    const verified = succeeded(await verify(PHONE.codeAt(clock.now())))
    expect(verified).to.include({ method: 'totp', authenticatorId: outcome.id, backupCodesRemaining: 0 })
  })

  const systems: readonly (readonly [TotpAlgorithm, number, number])[] = [
    ['SHA1', 6, 30],
    ['SHA1', 8, 30],
    ['SHA256', 6, 30],
    ['SHA256', 7, 60],
    ['SHA512', 8, 60],
    ['SHA512', 6, 15],
  ]
  for (const encoding of ['ascii', 'hex', 'base32'] as const) {
    for (const [algorithm, digits, period] of systems) {
      it(`takes the codes that speakeasy computes of its ${encoding} secret (${algorithm}, ${digits}, ${period} s)`, async () => {
        const secret = speakeasy.generateSecret({ length: 32 })[encoding]
        const given = { [encoding]: secret, algorithm, digits, period } as unknown as TotpImport
        expect(succeeded(await importOf(given))).to.include({ algorithm, digits, period })
        const name = algorithm.toLowerCase() as 'sha1' | 'sha256' | 'sha512'
        for (let round = 0; round < 3; round++) {
          const time = clock.now() / 1000
          const code = speakeasy.totp({ secret, encoding, algorithm: name, digits, step: period, time })
          expect(reasonOf(await verify(code))).to.equal('ok')
          clock.advance(period)
        }
      })
    }
  }

  it('takes the codes of the key URI that speakeasy makes', async () => {
    const { ascii, otpauth_url: uri = '' } = speakeasy.generateSecret({ name: 'ACME (somebody)' })
    succeeded(await importOf({ uri }))
    const code = speakeasy.totp({ secret: ascii, encoding: 'ascii', time: clock.now() / 1000 })
    expect(reasonOf(await verify(code))).to.equal('ok')
  })

  it('takes the codes of the key URI that this package makes', async () => {
    const other = newService({ totp: { algorithm: 'SHA512', digits: 8, period: 60 }, clock })
    const { authenticator, phone } = await beginEnrolment(other, 'somebody')
    succeeded(await importOf({ uri: authenticator.uri }))
    expect(reasonOf(await verify(phone.codeAt(clock.now())))).to.equal('ok')
  })

  it('takes the codes of the app that better-auth gave its key to', async () => {
    const kept = 'xJ4k_9fQ-LmZ2vT7wRc0aYbN8eHs3uPd'
    succeeded(await importOf({ ascii: kept }))
    const app = new TestAuthenticator(encodeBase32(Buffer.from(kept, 'utf8')))
    expect(reasonOf(await verify(app.codeAt(clock.now())))).to.equal('ok')
  })

  it('C8 lets a code count once, the first one included', async () => {
    succeeded(await importOf({ base32: BASE32 }))
    const code = PHONE.codeAt(clock.now())
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => verify(code)))
    expect(tally(outcomes)).to.deep.equal({ ok: 1, invalid_code: 49 })
    clock.advance(30)
    expect(reasonOf(await verify(code))).to.equal('invalid_code')
  })

  it('C11 marks a secret of less than 128 bits as weak, and no other', async () => {
    expect(succeeded(await importOf({ base32: WEAK }))).to.include({ weak: true })
    expect(succeeded(await importOf({ base32: BASE32 }))).to.not.have.property('weak')
    const { authenticators } = await secondFactor.status('u')
    expect(authenticators.map(({ weak }) => weak)).to.deep.equal([true, undefined])
    const codes = [WEAK, BASE32].map((secret) => new TestAuthenticator(secret).codeAt(clock.now()))
    for (const code of codes) expect(reasonOf(await verify(code))).to.equal('ok')
    expect((await secondFactor.status('u')).authenticators[0]).to.include({ weak: true })
  })

  it('C11 refuses less than 80 bits, and anything that is none, and asks nothing of the storage', async () => {
    const refused: readonly TotpImport[] = [
      { base32: BASE32.slice(0, 15) },
      { ascii: '123456789' },
      { hex: '00'.repeat(9) },
      { uri: `otpauth://hotp/ACME?secret=${BASE32}&counter=1` },
      { base32: BASE32, label: '' },
      { base32: BASE32, label: 'a\nb' },
    ]
    for (const given of refused) expect(reasonOf(await importOf(given))).to.equal('invalid_request')
    expect(storage.counts).to.deep.equal({ read: 0, insert: 0, replace: 0, remove: 0 })
  })

  it('is a TypeError for what is no user id', async () => {
    for (const userId of ['', 'x'.repeat(256)]) {
      expect(await rejection(importOf({ base32: BASE32 }, userId))).to.be.instanceOf(TypeError)
    }
  })

  it('changes nothing when it is done again, in whatever form, the use of it meanwhile included', async () => {
    const first = succeeded(await importOf({ base32: BASE32, label: 'Phone' }))
    succeeded(await verify(PHONE.codeAt(clock.now())))
    const stored = await memory.read('u')
    const hex = decodeBase32(BASE32)?.toString('hex') ?? ''
    for (const again of [{ base32: BASE32 }, { hex }, { ascii: '12345678901234567890', digits: 8 }]) {
      const outcome = succeeded(await importOf({ ...again, label: 'Another name' }))
      expect(outcome).to.deep.equal({ ...first, lastUsedAt: clock.now() })
    }
    expect(await memory.read('u')).to.deep.equal(stored)
    expect(service.events.map(({ type }) => type)).to.deep.equal(['imported', 'verified'])
    // Were it new, its last code would count once more.
    expect(reasonOf(await verify(PHONE.codeAt(clock.now())))).to.equal('invalid_code')
  })

  it('brings no authenticator back that wrong codes have disabled', async () => {
    const strict = newService({ storage, clock, throttle: { freeAttempts: 1, disableAfter: 1 } }).secondFactor
    succeeded(await importOf({ base32: BASE32 }))
    await strict.verify('u', wrongCode(PHONE, clock.now()))
    expect(succeeded(await importOf({ base32: BASE32 }))).to.include({ disabled: true })
    expect(reasonOf(await verify(PHONE.codeAt(clock.now())))).to.equal('authenticator_disabled')
  })

  it('is one authenticator of 20 imports at once in two processes', async () => {
    const another = newService({ storage, clock }).secondFactor
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        (number % 2 === 0 ? secondFactor : another).importTotp('u', { base32: BASE32 }),
      ),
    )
    expect(tally(outcomes)).to.deep.equal({ ok: 20 })
    expect(new Set(outcomes.map((outcome) => succeeded(outcome).id)).size).to.equal(1)
    expect((await storedRecord(memory, 'u')).authenticators).to.have.length(1)
  })

  it('is another authenticator for every user, and for another secret', async () => {
    const [one, other] = [await importOf({ base32: BASE32 }), await importOf({ base32: BASE32 }, 'v')]
    expect(succeeded(one).id).to.not.equal(succeeded(other).id)
    succeeded(await importOf({ base32: WEAK }))
    expect((await secondFactor.status('u')).authenticators).to.have.length(2)
  })

  it('is too_many_authenticators when the room is full; a pending one gives way', async () => {
    const secrets = Array.from({ length: 6 }, (_, number) => Buffer.alloc(20, number).toString('hex'))
    for (const hex of secrets.slice(0, 4)) succeeded(await importOf({ hex }))
    await beginEnrolment(service, 'u')
    expect(reasonOf(await importOf({ hex: secrets[4] ?? '' }))).to.equal('ok')
    expect(reasonOf(await importOf({ hex: secrets[5] ?? '' }))).to.equal('too_many_authenticators')
    // What is there already is no new one.
    expect(reasonOf(await importOf({ hex: secrets[0] ?? '' }))).to.equal('ok')
    expect((await secondFactor.status('u')).authenticators.every(({ verified }) => verified)).to.equal(true)
  })

  it('stands beside what was enrolled, under the same epoch', async () => {
    const { epoch, phone } = await enrolUser(service, 'u')
    expect(succeeded(await importOf({ base32: BASE32 })).label).to.equal('Authenticator 2')
    expect((await secondFactor.status('u')).epoch).to.equal(epoch)
    for (const one of [phone, PHONE]) expect(reasonOf(await verify(one.codeAt(clock.now())))).to.equal('ok')
  })

  it('tells that it was imported, and by no request', async () => {
    const { id } = succeeded(await importOf({ base32: BASE32 }))
    expect(service.events).to.deep.equal([
      { type: 'imported', authenticatorId: id, userId: 'u', at: clock.now() },
    ])
  })

  it('C13 keeps the secret sealed, and tells it nowhere', async () => {
    const outcome = await importOf({ base32: BASE32 })
    const text = JSON.stringify([await memory.read('u'), outcome, service.events]).toUpperCase()
    const key = decodeBase32(BASE32) ?? expect.fail()
    for (const secret of [
      BASE32,
      ...(['ascii', 'hex', 'base64url'] as const).map((one) => key.toString(one)),
    ]) {
      expect(text).to.not.include(secret.toUpperCase())
    }
  })

  describe('through the Router', () => {
    const { start } = appsOnRedis()
    let app: TestApp
    before(async () => {
      app = await start()
    })

    it('holds the person at once, shows the weak one as weak, and takes its code', async () => {
      const browser = app.browser()
      await browser.post('/login').send({ name: 'migrated' }).expect(204)
      expect(await whoAmI(browser)).to.include({ state: 'not_enrolled' })
      const { id } = succeeded(await app.secondFactor.importTotp('migrated', { base32: WEAK, label: 'Old' }))
      expect(await whoAmI(browser)).to.include({ authenticated: false, state: 'pending' })
      const code = new TestAuthenticator(WEAK).codeAt(app.clock.now())
      await browser.post('/2fa/verify').send({ code }).expect(200)
      const at = new Date(app.clock.now()).toISOString()
      const resource = { id, label: 'Old', verified: true, weak: true, createdAt: at, updatedAt: at }
      const status = await browser.get('/2fa').expect(200)
      expect(status.body).to.deep.include({ authenticators: [{ ...resource, lastUsedAt: at }] })
      const renamed = await browser.patch(`/2fa/totp/${id}`).send({ label: 'Older' }).expect(200)
      expect(renamed.body).to.include({ label: 'Older', weak: true })
    })
  })
})
