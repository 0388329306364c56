import { expect } from 'chai'
import { describe, it } from 'mocha'
import { SecondFactorError } from '../lib/index.js'
import { FailingStorage } from './support/failing-storage.js'
import { beginEnrolment, enrolUser, newService, rejection, succeeded, tally } from './support/service.js'
import { NOT_FOUND, trustingService } from './support/trusting-service.js'

const THIRTY_DAYS = 30 * 86_400
const TOKEN = /^[\w-]{16}\.[\w-]{43}$/
const UNKNOWN_TOKEN = `${'A'.repeat(16)}.${'A'.repeat(43)}`

describe('trusted devices, the [trusted device]', () => {
  const { storage, service, anna, now, forget, trust, bring, rotate, trustedIds, told } = trustingService()

  describe('trustDevice', () => {
    it('answers with a token, and keeps it nowhere', async () => {
      const { token, ...shown } = await trust()
      const at = now()
      expect(token).to.match(TOKEN)
      expect(shown).to.deep.equal({
        ok: true,
        id: token.split('.')[0],
        label: 'Browser',
        createdAt: at,
        lastUsedAt: at,
        expiresAt: at + THIRTY_DAYS * 1000,
      })
      const { ok: _ok, ...listed } = shown
      expect(await service().secondFactor.trustedDevices('anna')).to.deep.equal([listed])
      const kept = JSON.stringify([await storage().read('anna'), service().events])
      expect(kept).to.not.include(token.split('.')[1])
    })

    it('tells the listener of the device by its id alone', async () => {
      const { id } = await trust()
      expect(service().events).to.deep.equal([told({ type: 'trusted', deviceId: id })])
    })

    it('trusts nobody who has no second factor', async () => {
      await beginEnrolment(service(), 'berta')
      for (const userId of ['nobody', 'berta']) {
        expect(await service().secondFactor.trustDevice(userId)).to.deep.equal({
          ok: false,
          reason: 'not_enrolled',
        })
      }
      expect(service().events).to.deep.equal([])
    })

    it('keeps ten; the one that was there first gives way', async () => {
      const first = await trust()
      const later = []
      for (let count = 0; count < 10; count++) later.push((await trust()).id)
      expect(await trustedIds()).to.deep.equal(later)
      expect(await bring(first.token)).to.deep.equal(NOT_FOUND)
    })

    const labels: readonly [string, unknown, string][] = [
      ['what it was given', 'Firefox on Linux', 'Firefox on Linux'],
      ['it without control characters', ' Fire\u0000f\r\nox\u001b[31m ', 'Firefox[31m'],
      ['it without half characters', 'Fire\ud83dfox', 'Firefox'],
      ['its first 128 characters', 'x'.repeat(129), 'x'.repeat(128)],
      ['it without the half of a character that is cut there', `${'x'.repeat(127)}🦊`, 'x'.repeat(127)],
      ['Browser, where nothing is left of it', '\u0007 ', 'Browser'],
      ['Browser, where it is no text', ['Firefox'], 'Browser'],
    ]
    for (const [title, given, expected] of labels) {
      it(`calls the device ${title}`, async () => {
        const { label } = succeeded(
          await service().secondFactor.trustDevice('anna', { label: given as string }),
        )
        expect(label).to.equal(expected)
      })
    }
  })

  describe('recogniseDevice', () => {
    it('lets the browser in, and replaces the token, for the rest of the term', async () => {
      const { id, token, expiresAt } = await trust()
      service().clock.advance(3600)
      forget()
      const { next, ...recognised } = succeeded(await bring(token))
      expect(recognised).to.deep.equal({
        ok: true,
        method: 'trusted_device',
        deviceId: id,
        epoch: anna().epoch,
        at: now(),
      })
      expect(next?.expiresAt).to.equal(expiresAt)
      expect(next?.token).to.match(TOKEN).and.not.equal(token)
      expect(storage().counts).to.deep.equal({ read: 1, insert: 0, replace: 1, remove: 0 })
      expect(service().events).to.deep.equal([
        told({ type: 'verified', method: 'trusted_device', deviceId: id }),
      ])
      const [listed] = await service().secondFactor.trustedDevices('anna')
      expect(listed).to.include({ id, lastUsedAt: now(), expiresAt })
    })

    it('reads nothing where the status has just been read', async () => {
      const { token } = await trust()
      const basis = await service().secondFactor.status('anna')
      forget()
      succeeded(await service().secondFactor.recogniseDevice('anna', token, { basis }))
      expect(storage().counts).to.deep.equal({ read: 0, insert: 0, replace: 1, remove: 0 })
    })

    it('lets the token before in for a minute, without another', async () => {
      const { token } = await trust()
      await rotate(token)
      service().clock.advance(59)
      expect(succeeded(await bring(token))).to.not.have.property('next')
      service().clock.advance(0.999)
      succeeded(await bring(token))
    })

    it('ends the trust when the token before comes later, for whoever has the newest too', async () => {
      const { id, token } = await trust()
      const newest = await rotate(token)
      service().clock.advance(60)
      forget()
      expect(await bring(token)).to.deep.equal(NOT_FOUND)
      expect(service().events).to.deep.equal([told({ type: 'revoked', deviceId: id, because: 'reused' })])
      expect(await bring(newest)).to.deep.equal(NOT_FOUND)
      expect(await trustedIds()).to.deep.equal([])
    })

    it('ends the trust when the owner comes back after a thief who has replaced the token twice', async () => {
      const { id, token } = await trust()
      const stolen = await rotate(await rotate(token))
      forget()
      expect(await bring(token)).to.deep.equal(NOT_FOUND)
      expect(service().events).to.deep.equal([told({ type: 'revoked', deviceId: id, because: 'reused' })])
      expect(await bring(stolen)).to.deep.equal(NOT_FOUND)
    })

    it('ends one trust only', async () => {
      const { token } = await trust()
      const other = await trust()
      await rotate(await rotate(token))
      await bring(token)
      expect(await trustedIds()).to.deep.equal([other.id])
      succeeded(await bring(other.token))
    })

    it('lets in to the last instant of the term, which use does not prolong', async () => {
      const { token } = await trust()
      service().clock.advance(THIRTY_DAYS - 1)
      const newest = await rotate(token)
      expect(await trustedIds()).to.have.length(1)
      service().clock.advance(1)
      expect(await bring(newest)).to.deep.equal(NOT_FOUND)
      expect(await trustedIds()).to.deep.equal([])
    })

    const malformed: readonly [string, unknown][] = [
      ['nothing', undefined],
      ['a list', [UNKNOWN_TOKEN]],
      ['an empty text', ''],
      ['a text without a dot', 'A'.repeat(60)],
      ['too long a text', `${'A'.repeat(16)}.${'A'.repeat(1000)}`],
    ]
    for (const [title, token] of malformed) {
      it(`C41 refuses ${title}, and asks the storage nothing`, async () => {
        await trust()
        forget()
        expect(await bring(token as string)).to.deep.equal(NOT_FOUND)
        expect(storage().counts).to.deep.equal({ read: 0, insert: 0, replace: 0, remove: 0 })
      })
    }

    it('refuses a token of a device that is not known, and writes nothing', async () => {
      await trust()
      forget()
      expect(await bring(UNKNOWN_TOKEN)).to.deep.equal(NOT_FOUND)
      expect(await bring(UNKNOWN_TOKEN, 'nobody')).to.deep.equal(NOT_FOUND)
      expect(storage().counts).to.include({ insert: 0, replace: 0, remove: 0 })
      expect(service().events).to.deep.equal([])
    })

    it('C14 refuses another user’s token, which stays good for its owner', async () => {
      await enrolUser(service(), 'berta')
      const { token } = await trust()
      expect(await bring(token, 'berta')).to.deep.equal(NOT_FOUND)
      succeeded(await bring(token))
    })

    it('C14 refuses a token whose device was moved to another user’s record', async () => {
      await enrolUser(service(), 'berta')
      const { token } = await trust()
      const [from, to] = [await storage().read('anna'), await storage().read('berta')]
      const { trustedDevices = [] } = from?.record ?? {}
      if (to)
        await storage().replace(
          'berta',
          { revision: 'moved', record: { ...to.record, trustedDevices } },
          to.revision,
        )
      expect(await service().secondFactor.trustedDevices('berta')).to.have.length(1)
      expect(await bring(token, 'berta')).to.deep.equal(NOT_FOUND)
      succeeded(await bring(token))
    })

    it('C18 rejects while the storage is away, and the token stays good', async () => {
      const failing = new FailingStorage(storage())
      const { secondFactor } = newService({ storage: failing, clock: service().clock })
      const { token } = await trust()
      for (const methods of [['read'], ['replace']] as const) {
        failing.fail('reject', { methods })
        expect(await rejection(secondFactor.recogniseDevice('anna', token))).to.be.instanceOf(
          SecondFactorError,
        )
      }
      failing.recover()
      succeeded(await secondFactor.recogniseDevice('anna', token))
    })

    it('replaces a token once when 50 bring it at the same time to two processes, and lets all in', async () => {
      const elsewhere = newService({ storage: storage(), clock: service().clock })
      const { token } = await trust()
      const processes = [service(), elsewhere]
      const recognised = await Promise.all(
        Array.from({ length: 25 }, () =>
          processes.map(({ secondFactor }) => secondFactor.recogniseDevice('anna', token)),
        ).flat(),
      )
      expect(tally(recognised)).to.deep.equal({ ok: 50 })
      const replaced = recognised.flatMap((one) => (one.ok && one.next ? [one.next.token] : []))
      expect(replaced).to.have.length(1)
      service().clock.advance(60)
      succeeded(await bring(String(replaced[0])))
    })
  })

  describe('revocation', () => {
    it('ends one trust, and tells that it was asked for', async () => {
      const [one, other] = [await trust(), await trust()]
      forget()
      expect(await service().secondFactor.revokeTrustedDevice('anna', one.id)).to.deep.equal({ ok: true })
      expect(service().events).to.deep.equal([told({ type: 'revoked', deviceId: one.id, because: 'asked' })])
      expect(await bring(one.token)).to.deep.equal(NOT_FOUND)
      succeeded(await bring(other.token))
    })

    it('ends all trust at once', async () => {
      const devices = [await trust(), await trust()]
      forget()
      expect(await service().secondFactor.revokeTrustedDevices('anna')).to.deep.equal({ ok: true })
      expect(service().events).to.have.length(2)
      for (const { token } of devices) expect(await bring(token)).to.deep.equal(NOT_FOUND)
      expect(storage().counts).to.include({ replace: 1 })
    })

    it('C37 knows no device of another user', async () => {
      await enrolUser(service(), 'berta')
      const { id, token } = await trust()
      expect(await service().secondFactor.revokeTrustedDevice('berta', id)).to.deep.equal(NOT_FOUND)
      succeeded(await bring(token))
    })
  })
})
