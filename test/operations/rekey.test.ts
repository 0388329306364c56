import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import {
  MemoryStorage,
  type SecondFactor,
  SecondFactorError,
  type SecondFactorRecord,
} from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { wrongCode } from '../support/app.js'
import type { FakeClock } from '../support/clock.js'
import { CountingStorage } from '../support/counting-storage.js'
import {
  type BegunEnrolment,
  type CompletedEnrolment,
  enrolUser,
  newService,
  reasonOf,
  rejection,
  succeeded,
  tally,
  type TestService,
} from '../support/service.js'
import {
  beginsUnder,
  changeStored,
  SEALED_PLACES,
  type SealedName,
  sealedValues,
  storedRecord,
  withBitChanged,
  withSealed,
} from '../support/stored.js'

const OLD = 'the secret of last year, of more than 32 bytes'
const NEW = 'the secret of this year, of more than 32 bytes'
const LOST = 'a secret that nobody has kept, of 32 bytes'
const UNTOUCHED = { insert: 0, replace: 0, remove: 0 }

/** Somebody with everything that can be sealed, some of it not confirmed yet. */
interface Person extends CompletedEnrolment {
  readonly fresh: { readonly id: string; readonly codes: readonly string[] }
  readonly pending: BegunEnrolment
  readonly handedOut: readonly string[]
}

/** Enrol, and begin everything that can be begun. */
async function prepare(service: TestService, userId = 'u'): Promise<Person> {
  const enrolled = await enrolUser(service, userId, 'Phone')
  const fresh = succeeded(await service.secondFactor.generateBackupCodes(userId))
  const details = { label: 'Tablet', backupCodes: true }
  const authenticator = succeeded(await service.secondFactor.enrol(userId, details))
  const pending = { authenticator, phone: new TestAuthenticator(authenticator.uri) }
  return { ...enrolled, fresh, pending, handedOut: authenticator.backupCodes ?? [] }
}

describe('a ring of secrets, the newest first', () => {
  let memory: MemoryStorage
  let storage: CountingStorage
  let clock: FakeClock
  let person: Person
  /** Knows both secrets. */
  let service: TestService
  let secondFactor: SecondFactor
  beforeEach(async () => {
    memory = new MemoryStorage()
    storage = new CountingStorage(memory)
    const before = newService({ storage, secret: OLD })
    person = await prepare(before)
    clock = before.clock
    service = newService({ storage, clock, secret: [NEW, OLD] })
    ;({ secondFactor } = service)
    storage.reset()
  })

  const sealed = async (userId = 'u') => sealedValues(await storedRecord(memory, userId))
  const countUnder = async (secret: string, userId = 'u') =>
    (await sealed(userId)).filter((value) => value.startsWith(beginsUnder(secret))).length
  const now = () => clock.now()

  /** What is in force of the person works where only this secret is known. */
  async function worksUnder(secret: string): Promise<void> {
    const alone = newService({ storage, clock, secret }).secondFactor
    clock.advance(3600)
    expect(reasonOf(await alone.verify('u', person.phone.codeAt(now())))).to.equal('ok')
    expect(reasonOf(await alone.verify('u', person.backupCodes[9] ?? ''))).to.equal('ok')
  }

  it('leaves everything as it is while nobody uses it', async () => {
    await secondFactor.status('u')
    expect(await countUnder(OLD)).to.equal(5)
  })

  const uses: Readonly<Record<string, () => Promise<{ ok: boolean; reason?: string }>>> = {
    'a right TOTP code': () => secondFactor.verify('u', person.phone.codeAt(now())),
    'a wrong TOTP code': () => secondFactor.verify('u', wrongCode(person.phone, now())),
    'a replayed TOTP code': () => secondFactor.verify('u', person.phone.codeAt(now() - 30_000)),
    'a right backup code': () => secondFactor.verify('u', person.backupCodes[0] ?? ''),
    'a wrong backup code': () => secondFactor.verify('u', 'AAAAA-AAAAA-AAAAA-AAAAA-AAAAA'),
    'a wrong first code': () =>
      secondFactor.confirm('u', person.pending.authenticator.id, wrongCode(person.pending.phone, now())),
    'a right first code': () =>
      secondFactor.confirm('u', person.pending.authenticator.id, person.pending.phone.codeAt(now())),
    'another label': () => secondFactor.rename('u', person.authenticator.id, 'Old phone'),
    'a removal': () => secondFactor.remove('u', person.pending.authenticator.id),
    'another enrolment': () => secondFactor.enrol('u'),
    'an import': () => secondFactor.importTotp('u', { base32: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }),
    'another fresh set of backup codes': () => secondFactor.generateBackupCodes('u'),
    'the confirmation of one': () => secondFactor.confirmBackupCodes('u', person.fresh.id),
  }
  for (const [use, act] of Object.entries(uses)) {
    it(`is left behind by ${use}: everything is sealed under the newest`, async () => {
      await act()
      expect(await countUnder(OLD)).to.equal(0)
      expect(await countUnder(NEW)).to.equal((await sealed()).length)
      expect((await sealed()).length).to.be.at.least(3)
    })
  }

  it('works on with the newest alone after one wrong code', async () => {
    await secondFactor.verify('u', wrongCode(person.phone, now()))
    await worksUnder(NEW)
  })

  it('is of no help to what is sealed under none of them, which is left as it is while the rest is used', async () => {
    await prepare(newService({ storage, clock, secret: LOST }), 'other')
    const before = await sealed('other')
    const { authenticators } = await secondFactor.status('other')
    const outcome = await secondFactor.rename('other', authenticators[0]?.id ?? '', 'Lost phone')
    expect(outcome).to.include({ ok: true, label: 'Lost phone' })
    expect(await sealed('other')).to.deep.equal(before)
  })

  describe('rekey', () => {
    it('seals everything of a user under the newest, and says that it has', async () => {
      expect(await secondFactor.rekey('u')).to.deep.equal({ ok: true, changed: true })
      expect(await countUnder(NEW)).to.equal(5)
      await worksUnder(NEW)
    })

    it('changes nothing besides', async () => {
      const blank = (record: SecondFactorRecord) =>
        SEALED_PLACES.reduce<SecondFactorRecord>((rest, place) => withSealed(rest, place, () => ''), {
          ...record,
          authenticators: record.authenticators.map((one) => ({ ...one, secret: '' })),
        })
      const before = await storedRecord(memory, 'u')
      await secondFactor.rekey('u')
      expect(blank(await storedRecord(memory, 'u'))).to.deep.equal(blank(before))
      expect(service.events).to.deep.equal([])
    })

    it('lets the codes count that came with the authenticator that waits, once they are due', async () => {
      await secondFactor.rekey('u')
      await secondFactor.removeBackupCodes('u')
      const alone = newService({ storage, clock, secret: NEW }).secondFactor
      const { authenticator, phone } = person.pending
      expect(await alone.confirm('u', authenticator.id, phone.codeAt(now()))).not.to.have.property(
        'backupCodes',
      )
      expect(reasonOf(await alone.verify('u', person.handedOut[4] ?? ''))).to.equal('ok')
    })

    it('lets the set that waits, and the authenticator that waits, be confirmed afterwards', async () => {
      await secondFactor.rekey('u')
      const alone = newService({ storage, clock, secret: NEW }).secondFactor
      const { pending, fresh } = person
      const code = pending.phone.codeAt(now())
      expect(reasonOf(await alone.confirm('u', pending.authenticator.id, code))).to.equal('ok')
      expect(reasonOf(await alone.confirmBackupCodes('u', fresh.id))).to.equal('ok')
      expect(reasonOf(await alone.verify('u', fresh.codes[0] ?? ''))).to.equal('ok')
    })

    it('does it once: a second time changes and writes nothing', async () => {
      await secondFactor.rekey('u')
      storage.reset()
      expect(await secondFactor.rekey('u')).to.deep.equal({ ok: true, changed: false })
      expect(storage.counts).to.deep.equal({ ...UNTOUCHED, read: 1 })
    })

    it('is one read and one guarded write', async () => {
      await secondFactor.rekey('u')
      expect(storage.counts).to.deep.equal({ ...UNTOUCHED, read: 1, replace: 1 })
    })

    it('does nothing for somebody without a record', async () => {
      expect(await secondFactor.rekey('nobody')).to.deep.equal({ ok: true, changed: false })
      expect(storage.counts).to.deep.equal({ ...UNTOUCHED, read: 1 })
      expect(await memory.read('nobody')).to.equal(undefined)
    })

    it('is refused as a TypeError for what is no user id', async () => {
      for (const userId of ['', 'x'.repeat(256), undefined, 7]) {
        expect(await rejection(secondFactor.rekey(userId as string))).to.be.instanceOf(TypeError)
      }
    })

    it('tells an administrator’s loop how many there were to change', async () => {
      const before = newService({ storage, clock, secret: OLD })
      const users = Array.from({ length: 8 }, (_, number) => `user ${number}`)
      for (const userId of users.slice(0, 5)) await enrolUser(before, userId)
      for (const userId of users.slice(5)) await enrolUser(service, userId)
      const loop = async () => {
        let changed = 0
        for (const userId of users) if ((await secondFactor.rekey(userId)).changed) changed++
        return changed
      }
      expect(await loop()).to.equal(5)
      expect(await loop()).to.equal(0)
      for (const userId of users) expect(await countUnder(NEW, userId)).to.equal(2)
    })

    it('is one change of 40 at once in two processes', async () => {
      const another = newService({ storage, clock, secret: [NEW, OLD] }).secondFactor
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, number) => (number % 2 === 0 ? secondFactor : another).rekey('u')),
      )
      expect(outcomes.filter(({ changed }) => changed)).to.have.length(1)
    })

    it('C4 makes no code count twice that is verified meanwhile', async () => {
      const [code = ''] = person.backupCodes
      const verified = Array.from({ length: 20 }, () => secondFactor.verify('u', code))
      const rekeyed = Array.from({ length: 20 }, () => secondFactor.rekey('u'))
      await Promise.all(rekeyed)
      expect(tally(await Promise.all(verified))).to.deep.equal({ ok: 1, invalid_code: 19 })
    })

    /** The value in this place as it is for somebody else. */
    const valueOfAnother = async (secret: string, place: SealedName): Promise<string> => {
      await prepare(newService({ storage, clock, secret }), 'other')
      let found = ''
      withSealed(await storedRecord(memory, 'other'), place, (value) => (found = value))
      return found
    }
    const troubles: readonly (readonly [
      title: string,
      code: string,
      change: (place: SealedName) => Promise<(sealed: string) => string>,
    ])[] = [
      [
        'was sealed under a secret that is gone',
        'sealing_key_missing',
        async (place) => {
          const lost = await valueOfAnother(LOST, place)
          return () => lost
        },
      ],
      ['has one bit changed', 'sealed_value_rejected', () => Promise.resolve(withBitChanged)],
      [
        'was moved from another user',
        'sealed_value_rejected',
        async (place) => {
          const moved = await valueOfAnother(OLD, place)
          return () => moved
        },
      ],
    ]
    for (const place of SEALED_PLACES) {
      for (const [title, code, changeOf] of troubles) {
        it(`C14 rejects with ${code}, and writes nothing, when what is sealed of ${place} ${title}`, async () => {
          const change = await changeOf(place)
          await changeStored(memory, 'u', (record) => withSealed(record, place, change))
          const before = await memory.read('u')
          const error = (await rejection(secondFactor.rekey('u'))) as SecondFactorError
          expect(error).to.be.instanceOf(SecondFactorError)
          expect(error).to.include({ code, status: 503 })
          expect(error.message).to.not.include.oneOf([OLD, NEW, LOST])
          expect(await memory.read('u')).to.deep.equal(before)
          expect(service.events).to.deep.equal([{ type: 'unavailable', code, userId: 'u', at: now() }])
        })
      }

      it(`C14 rejects when one bit of what is sealed of ${place} was changed since it is under the newest`, async () => {
        await secondFactor.rekey('u')
        await changeStored(memory, 'u', (record) => withSealed(record, place, withBitChanged))
        expect(await rejection(secondFactor.rekey('u'))).to.include({ code: 'sealed_value_rejected' })
      })
    }

    it('C14 rejects a whole record that was moved to another user, before and after', async () => {
      for (const thief of ['thief', 'late thief']) {
        const { revision, record } = (await memory.read('u')) ?? expect.fail('Nothing is stored.')
        await memory.insert(thief, { revision, record })
        const error = await rejection(secondFactor.rekey(thief))
        expect(error, thief).to.include({ code: 'sealed_value_rejected' })
        await secondFactor.rekey('u')
      }
    })
  })
})
