import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import type { TestAuthenticator } from '../lib/testing/index.js'
import { SECRET, wrongCode } from './support/app.js'
import { newService, reasonOf, rejection, succeeded, tally, type TestService } from './support/service.js'
import { NOT_FOUND, trustingService } from './support/trusting-service.js'

describe('trust in a device', () => {
  const { storage, service, anna, now, trust, bring, trustedIds, told } = trustingService()
  const rightCode = (phone: TestAuthenticator) => phone.codeAt(now())

  describe('authority', () => {
    const operations: readonly [string, (authority: object) => Promise<{ readonly ok: boolean }>][] = [
      ['trustDevice', (options) => service().secondFactor.trustDevice('anna', {}, options)],
      ['revokeTrustedDevices', (options) => service().secondFactor.revokeTrustedDevices('anna', options)],
      [
        'revokeTrustedDevice',
        async (options) => {
          const [id] = await trustedIds()
          return service().secondFactor.revokeTrustedDevice('anna', String(id), options)
        },
      ],
    ]
    for (const [name, operate] of operations) {
      it(`C19 of ${name} is a second factor that was shown under the present epoch`, async () => {
        await trust()
        const before = await service().secondFactor.trustedDevices('anna')
        for (const authority of [{ shown: 'first_factor' }, { shown: 'second_factor', epoch: 'earlier' }]) {
          expect(reasonOf(await operate({ authority }))).to.equal('second_factor_required')
          expect(await service().secondFactor.trustedDevices('anna')).to.deep.equal(before)
        }
        const authority = { shown: 'second_factor', epoch: anna().epoch }
        expect(reasonOf(await operate({ authority }))).to.equal('ok')
      })
    }
  })

  describe('verify with trustDevice', () => {
    const verify = (code: string) =>
      service().secondFactor.verify('anna', code, { trustDevice: { label: 'Fire\nfox' } })

    it('trusts the browser by the same one read and one write', async () => {
      const { trustedDevice } = succeeded(await verify(rightCode(anna().phone)))
      expect(storage().counts).to.deep.equal({ read: 1, insert: 0, replace: 1, remove: 0 })
      expect(trustedDevice).to.include({ label: 'Firefox', createdAt: now() })
      expect(service().events).to.deep.equal([
        told({ type: 'verified', method: 'totp', authenticatorId: anna().authenticator.id }),
        told({ type: 'trusted', deviceId: trustedDevice?.id }),
      ])
      succeeded(await bring(String(trustedDevice?.token)))
    })

    it('trusts nobody who does not ask for it', async () => {
      const outcome = succeeded(await service().secondFactor.verify('anna', rightCode(anna().phone)))
      expect(outcome).to.not.have.property('trustedDevice')
      expect(await trustedIds()).to.deep.equal([])
    })

    it('never trusts for a backup code, which ends all trust that there was', async () => {
      const { token } = await trust()
      expect(succeeded(await verify(String(anna().backupCodes[0])))).to.not.have.property('trustedDevice')
      expect(await trustedIds()).to.deep.equal([])
      expect(await bring(token)).to.deep.equal(NOT_FOUND)
    })

    const refused: readonly [string, string, (phone: TestAuthenticator) => string][] = [
      ['a wrong code', 'invalid_code', (phone) => wrongCode(phone, now())],
      ['a code that cannot be one', 'invalid_request', () => 'x'],
      ['an unknown backup code', 'invalid_code', () => '00000-00000-00000-00000-00000'],
    ]
    for (const [title, reason, codeOf] of refused) {
      it(`trusts nobody for ${title}`, async () => {
        expect(reasonOf(await verify(codeOf(anna().phone)))).to.equal(reason)
        expect(await trustedIds()).to.deep.equal([])
      })
    }

    it('C24 trusts one of 50 that send the same code at once', async () => {
      const code = rightCode(anna().phone)
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => verify(code)))
      expect(tally(outcomes)).to.deep.equal({ ok: 1, invalid_code: 49 })
      expect(await trustedIds()).to.have.length(1)
    })
  })

  describe('secrets that change', () => {
    const OTHER = 'another secret of the tests, which has more than 32 bytes'

    it('let a browser in that is trusted under an older one, and replace its token under the newest', async () => {
      const { token } = await trust()
      const changed = newService({ storage: storage(), clock: service().clock, secret: [OTHER, SECRET] })
      const { next } = succeeded(await changed.secondFactor.recogniseDevice('anna', token))
      const later = newService({ storage: storage(), clock: service().clock, secret: OTHER })
      succeeded(await later.secondFactor.recogniseDevice('anna', String(next?.token)))
    })

    it('suspect nobody when the older one is taken away: a code is asked for again', async () => {
      const { token } = await trust()
      const later = newService({ storage: storage(), clock: service().clock, secret: OTHER })
      expect(await later.secondFactor.recogniseDevice('anna', token)).to.deep.equal(NOT_FOUND)
      expect(later.events).to.deep.equal([])
      succeeded(await bring(token))
    })
  })

  describe('trustedDeviceSeconds', () => {
    for (const seconds of [-1, 0.5, 365 * 86_400 + 1, NaN, Infinity, '30', null]) {
      it(`refuses ${JSON.stringify(seconds)} when it is made`, () => {
        expect(() => newService({ trustedDeviceSeconds: seconds as number })).to.throw(
          TypeError,
          'trustedDeviceSeconds',
        )
      })
    }

    for (const seconds of [1, 365 * 86_400]) {
      it(`of ${seconds} is the term`, async () => {
        const options = { storage: storage(), clock: service().clock, trustedDeviceSeconds: seconds }
        const outcome = await newService(options).secondFactor.trustDevice('anna')
        expect(succeeded(outcome).expiresAt).to.equal(now() + seconds * 1000)
      })
    }

    describe('of 0', () => {
      let off: TestService
      beforeEach(() => {
        off = newService({ storage: storage(), clock: service().clock, trustedDeviceSeconds: 0 })
      })

      it('makes trustDevice a mistake of the program', async () => {
        const error = await rejection(off.secondFactor.trustDevice('anna'))
        expect(error)
          .to.be.instanceOf(TypeError)
          .and.have.property('message')
          .that.includes('turned trust off')
      })

      it('lets a right code count, and earn no trust', async () => {
        const verified = await off.secondFactor.verify('anna', rightCode(anna().phone), { trustDevice: {} })
        expect(succeeded(verified)).to.not.have.property('trustedDevice')
        expect(await trustedIds()).to.deep.equal([])
      })

      it('recognises and lists nobody, though trusted before', async () => {
        const { token } = await trust()
        expect(await off.secondFactor.recogniseDevice('anna', token)).to.deep.equal(NOT_FOUND)
        expect(await off.secondFactor.trustedDevices('anna')).to.deep.equal([])
        expect(off.events).to.deep.equal([])
      })
    })
  })
})
