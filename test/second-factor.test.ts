import { expect } from 'chai'
import fc from 'fast-check'
import { beforeEach, describe, it } from 'mocha'
import {
  type Authority,
  MemoryStorage,
  type NewAuthenticator,
  type SecondFactor,
  SecondFactorError,
  type SecondFactorRecord,
  type StorageAdapter,
} from '../lib/index.js'
import { createKeyRing } from '../lib/key-ring.js'
import { createSealing } from '../lib/sealing.js'
import { TestAuthenticator } from '../lib/testing/index.js'
import { SECRET, wrongCode } from './support/app.js'
import type { FakeClock } from './support/clock.js'
import { CountingStorage } from './support/counting-storage.js'
import { FailingStorage, type Failure } from './support/failing-storage.js'
import { InterleavingStorage } from './support/interleaving-storage.js'
import {
  beginEnrolment,
  enrolUser,
  newService,
  reasonOf,
  rejection,
  succeeded,
  tally,
  type TestService,
} from './support/service.js'

const WRONG_BACKUP_CODE = '00000-00000-00000-00000-00000'
const WEEK_SECONDS = 7 * 24 * 3600

describe('createSecondFactor, the [service]', () => {
  let storage: CountingStorage
  let failing: FailingStorage
  let meanwhile: InterleavingStorage
  let service: TestService
  let secondFactor: SecondFactor
  let clock: FakeClock
  /** The same storage as another process of the application has it, past everything that fails or waits. */
  let elsewhere: TestService
  beforeEach(() => {
    const memory = new MemoryStorage()
    failing = new FailingStorage(memory)
    meanwhile = new InterleavingStorage(failing)
    storage = new CountingStorage(meanwhile)
    service = newService({ storage })
    ;({ secondFactor, clock } = service)
    elsewhere = newService({ storage: memory, clock })
  })

  const verifyAll = (codes: readonly string[], userId = 'u') =>
    Promise.all(codes.map((code) => secondFactor.verify(userId, code)))

  /** Wrong codes until one more would have to wait. */
  async function lockTotp(phone: TestAuthenticator): Promise<void> {
    const wrong = wrongCode(phone, clock.now())
    for (let attempt = 0; attempt < 5; attempt++) await secondFactor.verify('u', wrong)
  }

  describe('status', () => {
    it('is off for somebody unknown, and writes nothing', async () => {
      expect(await secondFactor.status('u')).to.deep.equal({
        enabled: false,
        epoch: undefined,
        authenticators: [],
        backupCodes: null,
        trustedDevices: [],
        readAt: clock.now(),
      })
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 0, remove: 0 })
    })

    it('is off while the only authenticator is pending', async () => {
      const { authenticator } = await beginEnrolment(service, 'u', 'Phone')
      const { enabled, authenticators } = await secondFactor.status('u')
      expect(enabled).to.equal(false)
      expect(authenticators).to.deep.equal([
        {
          id: authenticator.id,
          label: 'Phone',
          verified: false,
          disabled: false,
          algorithm: 'SHA1',
          digits: 6,
          period: 30,
          createdAt: clock.now(),
          updatedAt: clock.now(),
          expiresAt: clock.now() + 600_000,
        },
      ])
    })

    it('says what there is, and nothing secret, once the first code was confirmed', async () => {
      const start = clock.now()
      const { authenticator, epoch, backupCodes } = await enrolUser(service, 'u', 'Phone')
      const status = await secondFactor.status('u')
      expect(status).to.deep.include({ enabled: true, epoch, readAt: clock.now() })
      expect(status.authenticators).to.deep.equal([
        {
          id: authenticator.id,
          label: 'Phone',
          verified: true,
          disabled: false,
          algorithm: 'SHA1',
          digits: 6,
          period: 30,
          createdAt: start,
          updatedAt: start,
          lastUsedAt: start,
        },
      ])
      expect(status.backupCodes).to.include({ remaining: 10, total: 10, createdAt: start })
      const text = JSON.stringify(status)
      for (const secret of [authenticator.secret, ...backupCodes]) expect(text).not.to.include(secret)
    })

    it('counts backup codes and remembers the last use', async () => {
      const { phone, backupCodes } = await enrolUser(service, 'u')
      await verifyAll([phone.codeAt(clock.now()), ...backupCodes.slice(0, 3)])
      const status = await secondFactor.status('u')
      expect(status.backupCodes).to.include({ remaining: 7, total: 10 })
      expect(status.authenticators[0]).to.include({ lastUsedAt: clock.now() })
    })
  })

  describe('enrol', () => {
    it('gives a secret of 160 bits, a key URI and a QR code', async () => {
      const { secret, uri, qrCode, label } = succeeded(
        await secondFactor.enrol('u', { accountName: 'somebody@acme.example' }),
      )
      expect(secret).to.match(/^[A-Z2-7]{32}$/)
      expect(uri).to.equal(
        `otpauth://totp/ACME:somebody%40acme.example?secret=${secret}&issuer=ACME&algorithm=SHA1&digits=6&period=30`,
      )
      expect(qrCode).to.match(/^data:image\/png;base64,/)
      expect(label).to.equal('Authenticator 1')
    })

    it('names the account after the user unless told another name', async () => {
      const { uri } = succeeded(await secondFactor.enrol('user 7'))
      expect(new URL(uri).pathname).to.equal('/ACME:user%207')
    })

    it('numbers authenticators without a label, and trims those that have one', async () => {
      await enrolUser(service, 'u')
      expect((await enrolUser(service, 'u')).authenticator.label).to.equal('Authenticator 2')
      expect((await enrolUser(service, 'u', '  Tablet  ')).authenticator.label).to.equal('Tablet')
    })

    const refused: readonly object[] = [
      ...['', '   ', 'x'.repeat(65), 'a\nb', 'a\0', '\ud800', 7, null, {}, ['Phone']].map((label) => ({
        label,
      })),
      ...['', ' ', '\ud800', 'x'.repeat(1025), 'ä'.repeat(171), 7, {}].map((accountName) => ({
        accountName,
      })),
    ]
    for (const details of refused) {
      it(`is invalid_request with ${JSON.stringify(details).slice(0, 40)}, and asks nothing of the storage`, async () => {
        expect(reasonOf(await secondFactor.enrol('u', details))).to.equal('invalid_request')
        expect(storage.counts).to.deep.equal({ read: 0, insert: 0, replace: 0, remove: 0 })
      })
    }

    it('makes a QR code even of the longest names', async () => {
      const { secondFactor: longest } = newService({ issuer: 'x'.repeat(256), totp: { secretBytes: 64 } })
      const outcome = await longest.enrol('u', { accountName: 'x'.repeat(1024) })
      expect(succeeded(outcome).qrCode).to.match(/^data:image\/png;base64,/)
    })

    it('takes up to five authenticators, each of which counts', async () => {
      const phones: TestAuthenticator[] = []
      for (let number = 1; number <= 5; number++) {
        phones.push((await enrolUser(service, 'u', `Phone ${number}`)).phone)
      }
      expect(reasonOf(await secondFactor.enrol('u'))).to.equal('too_many_authenticators')
      expect(tally(await verifyAll(phones.map((phone) => phone.codeAt(clock.now()))))).to.deep.equal({
        ok: 5,
      })
      const { authenticators } = await secondFactor.status('u')
      expect(authenticators.map(({ label }) => label)).to.deep.equal(
        [1, 2, 3, 4, 5].map((number) => `Phone ${number}`),
      )
    })

    it('never disturbs a verified authenticator, however often it is begun', async () => {
      const { phone, authenticator } = await enrolUser(service, 'u', 'Phone')
      const begun: NewAuthenticator[] = []
      for (let time = 0; time < 12; time++) begun.push((await beginEnrolment(service, 'u')).authenticator)
      const { authenticators } = await secondFactor.status('u')
      expect(authenticators.map(({ id }) => id)).to.deep.equal([
        authenticator.id,
        ...begun.slice(-4).map(({ id }) => id),
      ])
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
    })

    it('forgets what nobody confirmed in ten minutes', async () => {
      await beginEnrolment(service, 'u')
      clock.advance(599)
      expect((await secondFactor.status('u')).authenticators).to.have.length(1)
      clock.advance(1)
      expect((await secondFactor.status('u')).authenticators).to.have.length(0)
    })
  })

  describe('confirm', () => {
    it('makes the authenticator count and hands out the first backup codes', async () => {
      const { phone, authenticator } = await beginEnrolment(service, 'u')
      const outcome = succeeded(await secondFactor.confirm('u', authenticator.id, phone.codeAt(clock.now())))
      expect(outcome).to.include({ id: authenticator.id, verified: true })
      expect(outcome).not.to.have.any.keys('secret', 'uri', 'qrCode', 'expiresAt')
      expect(new Set(outcome.backupCodes).size).to.equal(10)
      for (const code of outcome.backupCodes ?? []) {
        expect(code).to.match(/^(?:[0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/)
      }
    })

    it('hands out none while some are left, and a fresh set when all are used', async () => {
      const { backupCodes } = await enrolUser(service, 'u')
      expect((await enrolUser(service, 'u')).backupCodes).to.deep.equal([])
      await verifyAll(backupCodes.slice(0, 9))
      expect((await enrolUser(service, 'u')).backupCodes).to.deep.equal([])
      await verifyAll(backupCodes.slice(9))
      const fresh = (await enrolUser(service, 'u')).backupCodes
      expect(fresh).to.have.length(10)
      expect(reasonOf(await secondFactor.verify('u', fresh[0] ?? ''))).to.equal('ok')
    })

    it('leaves the epoch as it is', async () => {
      const first = await enrolUser(service, 'u')
      expect((await enrolUser(service, 'u')).epoch).to.equal(first.epoch)
    })

    it('C8 spends the code that confirmed', async () => {
      const { phone, authenticator } = await beginEnrolment(service, 'u')
      const code = phone.codeAt(clock.now())
      succeeded(await secondFactor.confirm('u', authenticator.id, code))
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('invalid_code')
      clock.advance(30)
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('invalid_code')
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
    })

    it('is invalid_code for a wrong code, charged to the pending authenticator alone', async () => {
      const { phone } = await enrolUser(service, 'u')
      const pending = await beginEnrolment(service, 'u')
      const wrong = wrongCode(pending.phone, clock.now())
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, () => secondFactor.confirm('u', pending.authenticator.id, wrong)),
      )
      expect(tally(outcomes)).to.deep.equal({ invalid_code: 5, locked: 3 })
      const right = pending.phone.codeAt(clock.now())
      expect(await secondFactor.confirm('u', pending.authenticator.id, right)).to.deep.equal({
        ok: false,
        reason: 'locked',
        retryAt: clock.now() + 30_000,
        retryAfterSeconds: 30,
      })
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
    })

    it('is possible again when the wait is over', async () => {
      const { phone, authenticator } = await beginEnrolment(service, 'u')
      const wrong = wrongCode(phone, clock.now())
      for (let time = 0; time < 5; time++) await secondFactor.confirm('u', authenticator.id, wrong)
      clock.advance(30)
      const code = phone.codeAt(clock.now())
      expect(reasonOf(await secondFactor.confirm('u', authenticator.id, code))).to.equal('ok')
    })

    it('is not_found for an id that nobody has, or another user', async () => {
      const { phone, authenticator } = await beginEnrolment(service, 'u')
      const code = phone.codeAt(clock.now())
      for (const [userId, id] of [
        ['u', 'nobody'],
        ['u', ''],
        ['u', '__proto__'],
        ['somebody else', authenticator.id],
      ] as const) {
        expect(reasonOf(await secondFactor.confirm(userId, id, code)), `${userId} ${id}`).to.equal(
          'not_found',
        )
      }
    })

    it('is already_verified the second time', async () => {
      const { phone, authenticator } = await enrolUser(service, 'u')
      const outcome = await secondFactor.confirm('u', authenticator.id, phone.codeAt(clock.now()))
      expect(reasonOf(outcome)).to.equal('already_verified')
    })

    it('is enrolment_expired after ten minutes, and not a second earlier', async () => {
      const { phone, authenticator } = await beginEnrolment(service, 'u')
      clock.advance(600)
      const code = phone.codeAt(clock.now())
      expect(reasonOf(await secondFactor.confirm('u', authenticator.id, code))).to.equal('enrolment_expired')
      clock.advance(-1)
      const earlier = phone.codeAt(clock.now())
      expect(reasonOf(await secondFactor.confirm('u', authenticator.id, earlier))).to.equal('ok')
    })

    it('is invalid_request for a backup code, and for digits of another number', async () => {
      const { authenticator } = await beginEnrolment(service, 'u')
      for (const code of [WRONG_BACKUP_CODE, '12345', '1234567', '12345678', '123456789']) {
        expect(reasonOf(await secondFactor.confirm('u', authenticator.id, code)), code).to.equal(
          'invalid_request',
        )
      }
      expect(storage.counts.replace).to.equal(0)
    })

    it('is one success of 50 at once', async () => {
      const { phone, authenticator } = await beginEnrolment(service, 'u')
      const code = phone.codeAt(clock.now())
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          (index % 2 ? secondFactor : elsewhere.secondFactor).confirm('u', authenticator.id, code),
        ),
      )
      expect(tally(outcomes)).to.deep.equal({ ok: 1, already_verified: 49 })
      expect(outcomes.filter((outcome) => 'backupCodes' in outcome)).to.have.length(1)
    })
  })

  describe('verify', () => {
    it('says by which authenticator, and how many backup codes are left', async () => {
      const first = await enrolUser(service, 'u')
      const second = await enrolUser(service, 'u')
      expect(await secondFactor.verify('u', second.phone.codeAt(clock.now()))).to.deep.equal({
        ok: true,
        method: 'totp',
        authenticatorId: second.authenticator.id,
        backupCodesRemaining: 10,
        epoch: first.epoch,
        at: clock.now(),
      })
    })

    it('takes a backup code, and starts a new epoch with it', async () => {
      const { epoch, backupCodes } = await enrolUser(service, 'u')
      const outcome = succeeded(await secondFactor.verify('u', backupCodes[0] ?? ''))
      expect(outcome).to.deep.include({ method: 'backup_code', backupCodesRemaining: 9, at: clock.now() })
      expect(outcome).not.to.have.property('authenticatorId')
      expect(outcome.epoch).not.to.equal(epoch)
      expect((await secondFactor.status('u')).epoch).to.equal(outcome.epoch)
    })

    it('leaves the epoch as it is with a TOTP code', async () => {
      const { phone, epoch } = await enrolUser(service, 'u')
      const outcome = succeeded(await secondFactor.verify('u', phone.codeAt(clock.now())))
      expect(outcome.epoch).to.equal(epoch)
      expect((await secondFactor.status('u')).epoch).to.equal(epoch)
    })

    const typings: readonly (readonly [string, (code: string) => string])[] = [
      ['in lower case', (code) => code.toLowerCase()],
      ['without dashes', (code) => code.replaceAll('-', '')],
      ['with spaces for dashes', (code) => code.replaceAll('-', ' ')],
      ['with spaces around it', (code) => `  ${code}\n`],
      ['with O for 0 and I for 1', (code) => code.replaceAll('0', 'O').replaceAll('1', 'I')],
      ['with o for 0 and l for 1', (code) => code.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l')],
    ]
    for (const [how, type] of typings) {
      it(`takes a backup code typed ${how}, once`, async () => {
        const { backupCodes } = await enrolUser(service, 'u')
        for (const code of backupCodes.slice(0, 3)) {
          expect(reasonOf(await secondFactor.verify('u', type(code)))).to.equal('ok')
          expect(reasonOf(await secondFactor.verify('u', code))).to.equal('invalid_code')
        }
      })
    }

    it('takes a TOTP code typed with spaces, once', async () => {
      const { phone } = await enrolUser(service, 'u')
      const code = phone.codeAt(clock.now())
      const spaced = ` ${code.slice(0, 3)} ${code.slice(3)}\t`
      expect(reasonOf(await secondFactor.verify('u', spaced))).to.equal('ok')
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('invalid_code')
    })

    for (const [steps, expected] of [
      [-2, 'invalid_code'],
      [-1, 'ok'],
      [0, 'ok'],
      [1, 'ok'],
      [2, 'invalid_code'],
    ] as const) {
      it(`is ${expected} for a code of ${steps} time steps from now`, async () => {
        const { phone } = await enrolUser(service, 'u')
        clock.advance(300)
        const code = phone.codeAt(clock.now() + steps * 30_000)
        expect(reasonOf(await secondFactor.verify('u', code))).to.equal(expected)
      })
    }

    it('is not_enrolled for somebody unknown, and while the only authenticator is pending', async () => {
      expect(reasonOf(await secondFactor.verify('u', '123456'))).to.equal('not_enrolled')
      const { phone } = await beginEnrolment(service, 'u')
      for (const code of [phone.codeAt(clock.now()), WRONG_BACKUP_CODE]) {
        expect(reasonOf(await secondFactor.verify('u', code))).to.equal('not_enrolled')
      }
    })

    it('does not take the code of a pending authenticator', async () => {
      await enrolUser(service, 'u')
      const pending = await beginEnrolment(service, 'u')
      const code = pending.phone.codeAt(clock.now())
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('invalid_code')
      expect(reasonOf(await secondFactor.confirm('u', pending.authenticator.id, code))).to.equal('ok')
    })

    it('is invalid_request for digits that no authenticator of the user has, uncharged', async () => {
      const { phone } = await enrolUser(service, 'u')
      expect(tally(await verifyAll(Array.from({ length: 20 }, () => '12345678')))).to.deep.equal({
        invalid_request: 20,
      })
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
    })

    it('looks at a user who has authenticators of six and of eight digits', async () => {
      const long = newService({ storage, clock, totp: { digits: 8, algorithm: 'SHA256', period: 60 } })
      const { phone: shortPhone } = await enrolUser(service, 'u')
      const { phone: longPhone } = await enrolUser(long, 'u')
      clock.advance(60)
      for (const code of [shortPhone.codeAt(clock.now()), longPhone.codeAt(clock.now())]) {
        expect(reasonOf(await secondFactor.verify('u', code)), `${code.length} digits`).to.equal('ok')
      }
    })

    it('C3 C6 takes a backup code once, ever', async () => {
      const { backupCodes } = await enrolUser(service, 'u')
      const [code = ''] = backupCodes
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('ok')
      clock.advance(WEEK_SECONDS)
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('invalid_code')
    })

    it('C8 C12 C22 C23 C30 takes a TOTP code once, and charges nothing for a second time', async () => {
      const { phone } = await enrolUser(service, 'u')
      const code = phone.codeAt(clock.now())
      const outcomes = []
      for (let time = 0; time < 20; time++) outcomes.push(await secondFactor.verify('u', code))
      expect(tally(outcomes)).to.deep.equal({ ok: 1, invalid_code: 19 })
      clock.advance(30)
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
    })

    it('C9 refuses a code in the next time step that was used in its own', async () => {
      const { phone } = await enrolUser(service, 'u')
      const code = phone.codeAt(clock.now())
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('ok')
      clock.advance(30)
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('invalid_code')
    })

    it('C9 refuses every time step up to the one that was used, also a fresh one', async () => {
      const { phone } = await enrolUser(service, 'u')
      clock.advance(300)
      const now = clock.now()
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(now + 30_000)))).to.equal('ok')
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(now)))).to.equal('invalid_code')
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(now - 30_000)))).to.equal('invalid_code')
    })

    it('C9 refuses a used code when the clock steps back', async () => {
      const { phone } = await enrolUser(service, 'u')
      const code = phone.codeAt(clock.now())
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('ok')
      clock.advance(-30)
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('invalid_code')
    })

    it('C14 does not take the codes of another user, nor use them up', async () => {
      const mine = await enrolUser(service, 'u')
      await enrolUser(service, 'somebody else')
      const totp = mine.phone.codeAt(clock.now())
      const [backupCode = ''] = mine.backupCodes
      for (const code of [totp, backupCode]) {
        expect(reasonOf(await secondFactor.verify('somebody else', code))).to.equal('invalid_code')
        expect(reasonOf(await secondFactor.verify('u', code))).to.equal('ok')
      }
    })

    it('C14 does not open what was moved from another user', async () => {
      const { phone, backupCodes } = await enrolUser(service, 'u')
      const entry = await storage.read('u')
      await storage.insert('thief', entry ?? expect.fail('nothing is stored'))
      for (const code of [phone.codeAt(clock.now()), backupCodes[0] ?? '']) {
        const error = await rejection(secondFactor.verify('thief', code))
        expect(error).to.be.instanceOf(SecondFactorError).with.property('code', 'sealed_value_rejected')
      }
    })

    it('C42 takes the same digits from two users at the same time', async () => {
      const bytes = Buffer.from('the same 20 bytes...')
      const sealing = createSealing(createKeyRing([SECRET]))
      const record = (userId: string): SecondFactorRecord => ({
        schema: 1,
        epoch: 'e',
        authenticators: [
          {
            id: 'a',
            label: 'Phone',
            secret: sealing.seal(bytes, { userId, kind: 'totp', id: 'a' }),
            algorithm: 'SHA1',
            digits: 6,
            period: 30,
            createdAt: 0,
            updatedAt: 0,
            verifiedAt: 0,
          },
        ],
      })
      for (const userId of ['one', 'two']) {
        await storage.insert(userId, { revision: userId, record: record(userId) })
      }
      const code = new TestAuthenticator('ORUGKIDTMFWWKIBSGAQGE6LUMVZS4LRO').codeAt(clock.now())
      const outcomes = await Promise.all(
        ['one', 'two', 'one', 'two'].map((userId) => secondFactor.verify(userId, code)),
      )
      expect(outcomes.map(reasonOf)).to.deep.equal(['ok', 'ok', 'invalid_code', 'invalid_code'])
    })
  })

  describe('a code that cannot be one', () => {
    const impossible: readonly unknown[] = [
      undefined,
      null,
      '',
      ' ',
      123456,
      ['123456'],
      ['1', '2', '3', '4', '5', '6'],
      { code: '123456' },
      { toString: () => '123456' },
      '12345',
      '123456789',
      '+12345',
      '-123456',
      '12345x',
      '12345.',
      '101e12',
      '0x1234',
      '１２３４５６',
      '१२३४५६',
      '123456\0',
      '1'.repeat(129),
      `${' '.repeat(130)}123456`,
      'ABCDE-ABCDE-ABCDE-ABCDE-ABCD',
      'ABCDE-ABCDE-ABCDE-ABCDE-ABCDEF',
      'UUUUU-UUUUU-UUUUU-UUUUU-UUUUU',
      true,
      10n,
      NaN,
    ]
    beforeEach(async () => {
      await enrolUser(service, 'u')
      storage.reset()
    })

    /** What a backup code of another system might look like: only the record tells that there is none. */
    const foreign = (code: unknown) =>
      typeof code === 'string' && code.length <= 128 && /^[0-9A-Za-z]{8,64}$/.test(code.replace(/[\s-]/g, ''))

    for (const [index, code] of impossible.entries()) {
      const read = foreign(code) ? 1 : 0
      const title = typeof code === 'string' ? code.slice(0, 40) : typeof code
      it(`C40 is invalid_request, ${read ? 'read once' : 'unread'} and uncharged: ${index} ${JSON.stringify(title)}`, async () => {
        expect(reasonOf(await secondFactor.verify('u', code as string))).to.equal('invalid_request')
        expect(reasonOf(await secondFactor.confirm('u', 'a', code as string))).to.equal('invalid_request')
        expect(storage.counts).to.deep.equal({ read, insert: 0, replace: 0, remove: 0 })
      })
    }

    it('C41 is invalid_request whatever it is, and never throws', async () => {
      const anything = fc.oneof(
        fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.stringMatching(/^[0-9A-Za-z \-+.]{0,40}$/),
      )
      const possible = (code: unknown) =>
        typeof code === 'string' &&
        /^(?:[0-9]{6,8}|[0-9a-z]{25})$/i.test(code.replace(/\s/g, '').replaceAll('-', ''))
      let read = 0
      await fc.assert(
        fc.asyncProperty(
          anything.filter((code) => !possible(code)),
          async (code) => {
            if (foreign(code)) read++
            const outcome = await secondFactor.verify('u', code as string)
            expect(outcome).to.have.all.keys('ok', 'reason', 'detail')
            expect(reasonOf(outcome)).to.equal('invalid_request')
            expect(reasonOf(await secondFactor.confirm('u', 'a', code as string))).to.equal('invalid_request')
          },
        ),
        { numRuns: 500 },
      )
      expect(storage.counts).to.deep.equal({ read, insert: 0, replace: 0, remove: 0 })
    })

    it('is not repeated in the answer', async () => {
      expect(JSON.stringify(await secondFactor.verify('u', 'open sesame'))).not.to.include('sesame')
    })
  })

  describe('a user id that is none', () => {
    const userIds: readonly unknown[] = [undefined, null, '', 7, {}, ['u'], 'x'.repeat(256), 'u\ud800']
    const calls: Readonly<Record<string, (userId: string) => Promise<unknown>>> = {
      status: (userId) => secondFactor.status(userId),
      enrol: (userId) => secondFactor.enrol(userId, { accountName: 'somebody' }),
      confirm: (userId) => secondFactor.confirm(userId, 'a', '123456'),
      'confirm with a code that is none': (userId) => secondFactor.confirm(userId, 'a', ''),
      verify: (userId) => secondFactor.verify(userId, '123456'),
      'verify with a code that is none': (userId) => secondFactor.verify(userId, ''),
      generateBackupCodes: (userId) => secondFactor.generateBackupCodes(userId),
      confirmBackupCodes: (userId) => secondFactor.confirmBackupCodes(userId, 'a'),
      rename: (userId) => secondFactor.rename(userId, 'a', 'Phone'),
      'rename with a label that is none': (userId) => secondFactor.rename(userId, 'a', ''),
      remove: (userId) => secondFactor.remove(userId, 'a'),
      reset: (userId) => secondFactor.reset(userId),
    }
    for (const [method, call] of Object.entries(calls)) {
      it(`rejects with a TypeError and asks nothing of the storage: ${method}`, async () => {
        for (const userId of userIds) {
          const error = await rejection(call(userId as string))
          expect(error)
            .to.be.instanceOf(TypeError)
            .with.property('message')
            .match(/user id/)
        }
        expect(storage.counts).to.deep.equal({ read: 0, insert: 0, replace: 0, remove: 0 })
      })
    }

    it('is not what an awkward one is', async () => {
      for (const userId of ['__proto__', 'constructor', ' u ', '0', 'a:b', '日本', 'x'.repeat(255)]) {
        const { phone } = await enrolUser(service, userId)
        expect(reasonOf(await secondFactor.verify(userId, phone.codeAt(clock.now()))), userId).to.equal('ok')
      }
    })
  })

  describe('guessing', () => {
    it('C10 is locked after five wrong codes, for right ones too', async () => {
      const { phone } = await enrolUser(service, 'u')
      await lockTotp(phone)
      expect(await secondFactor.verify('u', phone.codeAt(clock.now()))).to.deep.equal({
        ok: false,
        reason: 'locked',
        retryAt: clock.now() + 30_000,
        retryAfterSeconds: 30,
      })
    })

    it('C10 does not use up a right code that came while locked', async () => {
      const { phone } = await enrolUser(service, 'u')
      await lockTotp(phone)
      clock.advance(15)
      const code = phone.codeAt(clock.now() + 15_000)
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('locked')
      clock.advance(15)
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('ok')
    })

    it('waits longer after each further wrong code, up to an hour', async () => {
      const { phone } = await enrolUser(service, 'u')
      await lockTotp(phone)
      const waits: number[] = []
      for (let time = 0; time < 9; time++) {
        const outcome = await secondFactor.verify('u', wrongCode(phone, clock.now()))
        if (outcome.ok || outcome.reason !== 'locked') expect.fail(reasonOf(outcome))
        waits.push(outcome.retryAfterSeconds)
        clock.advance(outcome.retryAfterSeconds)
        await secondFactor.verify('u', wrongCode(phone, clock.now()))
      }
      expect(waits).to.deep.equal([30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
    })

    it('C25 goes on where it was, in another process and another session', async () => {
      const { phone } = await enrolUser(service, 'u')
      const wrong = wrongCode(phone, clock.now())
      const outcomes = []
      for (let time = 0; time < 10; time++) {
        const restarted = newService({ storage, clock })
        outcomes.push(await restarted.secondFactor.verify('u', wrong))
      }
      expect(tally(outcomes)).to.deep.equal({ invalid_code: 5, locked: 5 })
    })

    it('C26 is bounded for the user, not for each of 10 processes: 5 of 200 wrong codes are looked at', async () => {
      const { phone } = await enrolUser(service, 'u')
      const wrong = wrongCode(phone, clock.now())
      const processes = Array.from({ length: 10 }, () => newService({ storage, clock }))
      const outcomes = await Promise.all(
        processes.flatMap((one) => Array.from({ length: 20 }, () => one.secondFactor.verify('u', wrong))),
      )
      expect(tally(outcomes)).to.deep.equal({ invalid_code: 5, locked: 195 })
    })

    it('looks at exactly 5 of 200 wrong codes at once', async () => {
      const { phone } = await enrolUser(service, 'u')
      const wrong = wrongCode(phone, clock.now())
      const outcomes = await verifyAll(Array.from({ length: 200 }, () => wrong))
      expect(tally(outcomes)).to.deep.equal({ invalid_code: 5, locked: 195 })
    })

    it('looks at exactly 5 of 200 wrong backup codes at once', async () => {
      await enrolUser(service, 'u')
      const outcomes = await verifyAll(Array.from({ length: 200 }, () => WRONG_BACKUP_CODE))
      expect(tally(outcomes)).to.deep.equal({ invalid_code: 5, locked: 195 })
    })

    it('with short backup codes, whose digests are slow, is no way to keep the process busy', async () => {
      const short = newService({ storage, clock, backupCodes: { length: 13 }, storageTimeoutSeconds: 4 })
      await enrolUser(short, 'u')
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, () => short.secondFactor.verify('u', '0000000000000')),
      )
      expect(tally(outcomes)).to.deep.equal({ invalid_code: 5, locked: 195 })
    })

    it('at TOTP codes leaves backup codes alone, and the other way round', async () => {
      const { phone, backupCodes } = await enrolUser(service, 'u')
      await lockTotp(phone)
      expect(reasonOf(await secondFactor.verify('u', backupCodes[0] ?? ''))).to.equal('ok')
      clock.advance(30)
      await verifyAll(Array.from({ length: 6 }, () => WRONG_BACKUP_CODE))
      expect(reasonOf(await secondFactor.verify('u', backupCodes[1] ?? ''))).to.equal('locked')
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
    })

    it('C36 is forgiven to the user who showed a right code, and to nobody else', async () => {
      const { phone } = await enrolUser(service, 'u')
      const other = await enrolUser(service, 'somebody else')
      for (const [userId, one] of [
        ['u', phone],
        ['somebody else', other.phone],
      ] as const) {
        const wrong = wrongCode(one, clock.now())
        await verifyAll([wrong, wrong, wrong, wrong], userId)
      }
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
      const wrongs = (userId: string, one: TestAuthenticator) =>
        verifyAll(
          Array.from({ length: 6 }, () => wrongCode(one, clock.now())),
          userId,
        )
      expect(tally(await wrongs('u', phone))).to.deep.equal({ invalid_code: 5, locked: 1 })
      expect(tally(await wrongs('somebody else', other.phone))).to.deep.equal({ invalid_code: 1, locked: 5 })
    })

    it('is over after 100 wrong codes in a row: the authenticators are disabled, the second factor stays on', async () => {
      const { phone, authenticator, backupCodes } = await enrolUser(service, 'u')
      let looked = 0
      while (looked < 100) {
        const outcome = await secondFactor.verify('u', wrongCode(phone, clock.now()))
        if (!outcome.ok && outcome.reason === 'locked') clock.advance(outcome.retryAfterSeconds)
        else looked++
        if (looked < 100) expect((await secondFactor.status('u')).authenticators[0]?.disabled).to.equal(false)
      }
      clock.advance(WEEK_SECONDS)
      const right = phone.codeAt(clock.now())
      expect(reasonOf(await secondFactor.verify('u', right))).to.equal('authenticator_disabled')
      const status = await secondFactor.status('u')
      expect(status.enabled).to.equal(true)
      expect(status.authenticators[0]).to.include({ id: authenticator.id, verified: true, disabled: true })

      // A backup code is the way back: with it, another authenticator is enrolled.
      expect(reasonOf(await secondFactor.verify('u', backupCodes[0] ?? ''))).to.equal('ok')
      const next = await enrolUser(service, 'u')
      expect(reasonOf(await secondFactor.verify('u', next.phone.codeAt(clock.now())))).to.equal('ok')
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('invalid_code')
    })

    it('is never over for backup codes, which nobody guesses', async () => {
      const { backupCodes } = await enrolUser(service, 'u')
      for (let looked = 0; looked < 150; looked++) {
        const outcome = await secondFactor.verify('u', WRONG_BACKUP_CODE)
        expect(reasonOf(outcome)).to.equal('invalid_code')
        clock.advance(3600)
      }
      expect(reasonOf(await secondFactor.verify('u', backupCodes[0] ?? ''))).to.equal('ok')
    })

    it('at backup codes makes the owner wait a short time only, however often it was tried', async () => {
      const { backupCodes } = await enrolUser(service, 'u')
      for (let looked = 0; looked < 30; looked++) {
        await secondFactor.verify('u', WRONG_BACKUP_CODE)
        clock.advance(3600)
      }
      await secondFactor.verify('u', WRONG_BACKUP_CODE)
      clock.advance(60)
      expect(reasonOf(await secondFactor.verify('u', backupCodes[0] ?? ''))).to.equal('ok')
    })
  })

  describe('at the same moment', () => {
    /** The same code from two processes in turn. */
    const everywhere = (code: string, times: number) =>
      Promise.all(
        Array.from({ length: times }, (_, index) =>
          (index % 2 ? secondFactor : elsewhere.secondFactor).verify('u', code),
        ),
      )

    it('C4 C20 one backup code is one success of 50', async () => {
      const { backupCodes } = await enrolUser(service, 'u')
      expect(tally(await everywhere(backupCodes[0] ?? '', 50))).to.deep.equal({ ok: 1, invalid_code: 49 })
      expect((await secondFactor.status('u')).backupCodes?.remaining).to.equal(9)
    })

    it('C24 one TOTP code is one success of 50', async () => {
      const { phone } = await enrolUser(service, 'u')
      expect(tally(await everywhere(phone.codeAt(clock.now()), 50))).to.deep.equal({
        ok: 1,
        invalid_code: 49,
      })
    })

    it('C43 a TOTP code and a backup code both succeed', async () => {
      const { phone, backupCodes } = await enrolUser(service, 'u')
      const code = phone.codeAt(clock.now())
      meanwhile.before('replace', () => elsewhere.secondFactor.verify('u', backupCodes[0] ?? ''))
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('ok')
      expect((await secondFactor.status('u')).backupCodes?.remaining).to.equal(9)
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('invalid_code')
    })

    it('C43 ten backup codes are ten successes', async () => {
      const { backupCodes } = await enrolUser(service, 'u')
      const outcomes = await Promise.all(
        backupCodes.map((code, index) =>
          (index % 2 ? secondFactor : elsewhere.secondFactor).verify('u', code),
        ),
      )
      expect(tally(outcomes)).to.deep.equal({ ok: 10 })
      expect((await secondFactor.status('u')).backupCodes?.remaining).to.equal(0)
    })

    it('C43 codes of two authenticators both succeed', async () => {
      const first = await enrolUser(service, 'u')
      const second = await enrolUser(service, 'u')
      const outcomes = await Promise.all([
        secondFactor.verify('u', first.phone.codeAt(clock.now())),
        elsewhere.secondFactor.verify('u', second.phone.codeAt(clock.now())),
      ])
      expect(tally(outcomes)).to.deep.equal({ ok: 2 })
    })

    it('a verification does not touch what was enrolled after a reset meanwhile', async () => {
      const old = await enrolUser(service, 'u')
      let stored: unknown
      meanwhile.before('replace', async () => {
        await elsewhere.secondFactor.reset('u')
        await enrolUser(elsewhere, 'u')
        stored = await storage.read('u')
      })
      // Charged to the new enrolment: a code of the old one is as wrong as any other.
      expect(reasonOf(await secondFactor.verify('u', old.phone.codeAt(clock.now())))).to.equal('invalid_code')
      const { record } = (await storage.read('u')) ?? expect.fail('nothing is stored')
      const { totpThrottle, ...untouched } = record
      expect(totpThrottle).to.include({ failures: 1 })
      expect(stored).to.have.property('record').that.deep.equals(untouched)
    })

    it('a backup code does not touch what was enrolled after a reset meanwhile', async () => {
      const old = await enrolUser(service, 'u')
      meanwhile.before('replace', async () => {
        await elsewhere.secondFactor.reset('u')
        await enrolUser(elsewhere, 'u')
      })
      expect(reasonOf(await secondFactor.verify('u', old.backupCodes[0] ?? ''))).to.equal('invalid_code')
      expect((await secondFactor.status('u')).backupCodes?.remaining).to.equal(10)
    })

    it('a verification brings nothing back that was reset meanwhile', async () => {
      const { phone } = await enrolUser(service, 'u')
      meanwhile.before('replace', () => elsewhere.secondFactor.reset('u'))
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('not_enrolled')
      expect(await storage.read('u')).to.equal(undefined)
    })

    it('a confirmation does not confirm what was begun after a reset meanwhile', async () => {
      const old = await beginEnrolment(service, 'u')
      meanwhile.before('replace', async () => {
        await elsewhere.secondFactor.reset('u')
        await beginEnrolment(elsewhere, 'u')
      })
      const code = old.phone.codeAt(clock.now())
      expect(reasonOf(await secondFactor.confirm('u', old.authenticator.id, code))).to.equal('not_found')
      expect((await secondFactor.status('u')).enabled).to.equal(false)
    })

    it('two first authenticators bring one set of backup codes: the one that works', async () => {
      const mine = await beginEnrolment(service, 'u')
      const other = await beginEnrolment(service, 'u')
      const confirm = (by: TestService, { phone, authenticator }: typeof mine) =>
        by.secondFactor.confirm('u', authenticator.id, phone.codeAt(clock.now()))
      let theirs: readonly string[] = []
      meanwhile.before('replace', async () => {
        theirs = succeeded(await confirm(elsewhere, other)).backupCodes ?? []
      })
      expect(succeeded(await confirm(service, mine))).not.to.have.property('backupCodes')
      expect(tally(await verifyAll(theirs))).to.deep.equal({ ok: 10 })
    })

    it('two users who enrol do not meet', async () => {
      const users = Array.from({ length: 20 }, (_, index) => `user ${index}`)
      const begun = await Promise.all(users.map((userId) => beginEnrolment(service, userId)))
      const outcomes = await Promise.all(
        begun.map(({ phone, authenticator }, index) =>
          secondFactor.confirm(users[index] ?? '', authenticator.id, phone.codeAt(clock.now())),
        ),
      )
      expect(tally(outcomes)).to.deep.equal({ ok: 20 })
    })

    it('no more than five authenticators come of 20 enrolments and confirmations', async () => {
      const begun = await Promise.all(Array.from({ length: 20 }, () => beginEnrolment(service, 'u')))
      const outcomes = await Promise.all(
        begun.map(({ phone, authenticator }) =>
          secondFactor.confirm('u', authenticator.id, phone.codeAt(clock.now())),
        ),
      )
      expect(tally(outcomes)).to.deep.equal({ not_found: 15, ok: 5 })
      expect(outcomes.filter((outcome) => 'backupCodes' in outcome)).to.have.length(1)
    })
  })

  describe('generateBackupCodes and confirmBackupCodes', () => {
    it('lay a fresh set beside the old one, and put it in force', async () => {
      const { backupCodes } = await enrolUser(service, 'u')
      const fresh = succeeded(await secondFactor.generateBackupCodes('u'))
      expect(fresh).to.include({
        confirmed: false,
        createdAt: clock.now(),
        expiresAt: clock.now() + 600_000,
      })
      expect(new Set([...fresh.codes, ...backupCodes]).size).to.equal(20)
      expect(tally(await verifyAll([fresh.codes[0] ?? '', backupCodes[0] ?? '']))).to.deep.equal({
        invalid_code: 1,
        ok: 1,
      })
      expect(await secondFactor.confirmBackupCodes('u', fresh.id)).to.deep.equal({
        ok: true,
        confirmed: true,
        id: fresh.id,
        remaining: 10,
        total: 10,
        createdAt: fresh.createdAt,
      })
      expect(tally(await verifyAll([fresh.codes[0] ?? '', backupCodes[1] ?? '']))).to.deep.equal({
        invalid_code: 1,
        ok: 1,
      })
    })

    it('leave the epoch as it is', async () => {
      const { epoch } = await enrolUser(service, 'u')
      const { id } = succeeded(await secondFactor.generateBackupCodes('u'))
      await secondFactor.confirmBackupCodes('u', id)
      expect((await secondFactor.status('u')).epoch).to.equal(epoch)
    })

    it('may be confirmed twice, which changes nothing', async () => {
      await enrolUser(service, 'u')
      const { id, codes } = succeeded(await secondFactor.generateBackupCodes('u'))
      await secondFactor.confirmBackupCodes('u', id)
      await secondFactor.verify('u', codes[0] ?? '')
      expect(await secondFactor.confirmBackupCodes('u', id)).to.include({ ok: true, remaining: 9 })
    })

    it('are one set: a second one takes the place of an unconfirmed first', async () => {
      await enrolUser(service, 'u')
      const first = succeeded(await secondFactor.generateBackupCodes('u'))
      const second = succeeded(await secondFactor.generateBackupCodes('u'))
      expect(reasonOf(await secondFactor.confirmBackupCodes('u', first.id))).to.equal('not_found')
      expect(reasonOf(await secondFactor.confirmBackupCodes('u', second.id))).to.equal('ok')
    })

    it('are not_enrolled without a verified authenticator', async () => {
      for (let time = 0; time < 2; time++) {
        expect(reasonOf(await secondFactor.generateBackupCodes('u'))).to.equal('not_enrolled')
        expect(reasonOf(await secondFactor.confirmBackupCodes('u', 'a'))).to.equal('not_enrolled')
        await beginEnrolment(service, 'u')
      }
    })

    it('are not_found for a set that nobody has, or another user', async () => {
      await enrolUser(service, 'u')
      await enrolUser(service, 'somebody else')
      const { id } = succeeded(await secondFactor.generateBackupCodes('somebody else'))
      for (const unknown of [id, '', '__proto__']) {
        expect(reasonOf(await secondFactor.confirmBackupCodes('u', unknown))).to.equal('not_found')
      }
    })

    it('are enrolment_expired after ten minutes, and the old set works on', async () => {
      const { backupCodes } = await enrolUser(service, 'u')
      const { id } = succeeded(await secondFactor.generateBackupCodes('u'))
      clock.advance(600)
      expect(reasonOf(await secondFactor.confirmBackupCodes('u', id))).to.equal('enrolment_expired')
      expect(reasonOf(await secondFactor.verify('u', backupCodes[0] ?? ''))).to.equal('ok')
    })

    it('work with shorter codes, whose digests are slow, and as many as asked for', async () => {
      const short = newService({ storage, clock, backupCodes: { count: 3, length: 14, groupLength: 7 } })
      const { backupCodes } = await enrolUser(short, 'u')
      expect(backupCodes).to.have.length(3)
      const [first = '', second = ''] = backupCodes
      expect(first).to.match(/^[0-9A-Z]{7}-[0-9A-Z]{7}$/)
      const outcomes = await Promise.all(
        [first, first.toLowerCase().replaceAll('-', ''), second, '0000000-0000000'].map((code) =>
          short.secondFactor.verify('u', code),
        ),
      )
      expect(tally(outcomes)).to.deep.equal({ ok: 2, invalid_code: 2 })
      expect((await short.secondFactor.status('u')).backupCodes).to.include({ remaining: 1, total: 3 })
    })
  })

  describe('rename', () => {
    it('gives another label and leaves all else', async () => {
      const { authenticator, phone, epoch } = await enrolUser(service, 'u', 'Phone')
      const [before] = (await secondFactor.status('u')).authenticators
      expect(await secondFactor.rename('u', authenticator.id, ' Old phone ')).to.deep.equal({
        ok: true,
        ...before,
        label: 'Old phone',
        updatedAt: clock.now(),
      })
      expect((await secondFactor.status('u')).epoch).to.equal(epoch)
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
    })

    it('is for pending authenticators too', async () => {
      const { authenticator } = await beginEnrolment(service, 'u')
      expect(await secondFactor.rename('u', authenticator.id, 'Phone')).to.include({
        ok: true,
        label: 'Phone',
      })
    })

    it('is invalid_request for a label that cannot be one', async () => {
      const { authenticator } = await enrolUser(service, 'u')
      for (const label of ['', ' ', 'x'.repeat(65), 'a\u0007', 7, null, undefined]) {
        expect(reasonOf(await secondFactor.rename('u', authenticator.id, label as string))).to.equal(
          'invalid_request',
        )
      }
    })

    it('C37 is not_found for the authenticator of another user', async () => {
      const { authenticator } = await enrolUser(service, 'somebody else')
      await enrolUser(service, 'u')
      expect(reasonOf(await secondFactor.rename('u', authenticator.id, 'Mine'))).to.equal('not_found')
      expect(reasonOf(await secondFactor.rename('unknown', authenticator.id, 'Mine'))).to.equal('not_found')
    })
  })

  describe('remove', () => {
    it('takes the epoch with a verified authenticator; the others work on', async () => {
      const first = await enrolUser(service, 'u')
      const second = await enrolUser(service, 'u')
      const { epoch } = succeeded(await secondFactor.remove('u', first.authenticator.id))
      expect(epoch).to.be.a('string').that.does.not.equal(first.epoch)
      expect((await secondFactor.status('u')).epoch).to.equal(epoch)
      const codes = [first, second].map(({ phone }) => phone.codeAt(clock.now()))
      expect((await verifyAll(codes)).map(reasonOf)).to.deep.equal(['invalid_code', 'ok'])
    })

    it('leaves the epoch with a pending authenticator', async () => {
      const { epoch } = await enrolUser(service, 'u')
      const { authenticator } = await beginEnrolment(service, 'u')
      expect(succeeded(await secondFactor.remove('u', authenticator.id)).epoch).to.equal(epoch)
      expect((await secondFactor.status('u')).authenticators).to.have.length(1)
    })

    it('turns everything off with the last verified authenticator, pending ones and backup codes included', async () => {
      const { authenticator, backupCodes } = await enrolUser(service, 'u')
      await beginEnrolment(service, 'u')
      expect(succeeded(await secondFactor.remove('u', authenticator.id)).epoch).to.equal(undefined)
      expect(await storage.read('u')).to.equal(undefined)
      expect(reasonOf(await secondFactor.verify('u', backupCodes[0] ?? ''))).to.equal('not_enrolled')
    })

    it('C37 is not_found for the authenticator of another user', async () => {
      const other = await enrolUser(service, 'somebody else')
      await enrolUser(service, 'u')
      for (const userId of ['u', 'unknown']) {
        expect(reasonOf(await secondFactor.remove(userId, other.authenticator.id))).to.equal('not_found')
      }
      expect((await secondFactor.status('somebody else')).enabled).to.equal(true)
    })

    it('is one success of 20 at once', async () => {
      const { authenticator } = await enrolUser(service, 'u')
      await enrolUser(service, 'u')
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () => secondFactor.remove('u', authenticator.id)),
      )
      expect(tally(outcomes)).to.deep.equal({ ok: 1, not_found: 19 })
    })
  })

  describe('reset', () => {
    it('turns everything off, and is a success for somebody unknown too', async () => {
      const { phone } = await enrolUser(service, 'u')
      expect(await secondFactor.reset('u')).to.deep.equal({ ok: true })
      expect(await secondFactor.reset('u')).to.deep.equal({ ok: true })
      expect(await storage.read('u')).to.equal(undefined)
      expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('not_enrolled')
    })

    it('leaves nothing of an epoch to the enrolment after it', async () => {
      const before = await enrolUser(service, 'u')
      await secondFactor.reset('u')
      const after = await enrolUser(service, 'u')
      expect(after.epoch).not.to.equal(before.epoch)
      expect(after.authenticator.id).not.to.equal(before.authenticator.id)
    })
  })

  describe('authority', () => {
    let authenticatorId: string
    let epoch: string
    let backupCode: string
    let setId: string
    beforeEach(async () => {
      const enrolled = await enrolUser(service, 'u')
      authenticatorId = enrolled.authenticator.id
      epoch = enrolled.epoch
      backupCode = enrolled.backupCodes[0] ?? ''
      setId = succeeded(await secondFactor.generateBackupCodes('u')).id
    })

    const operations: Readonly<Record<string, (authority?: Authority) => Promise<{ ok: boolean }>>> = {
      enrol: (authority) => secondFactor.enrol('u', {}, given(authority)),
      confirm: async (authority) => {
        const { phone, authenticator } = await beginEnrolment(elsewhere, 'u')
        return secondFactor.confirm('u', authenticator.id, phone.codeAt(clock.now()), given(authority))
      },
      generateBackupCodes: (authority) => secondFactor.generateBackupCodes('u', given(authority)),
      confirmBackupCodes: (authority) => secondFactor.confirmBackupCodes('u', setId, given(authority)),
      rename: (authority) => secondFactor.rename('u', authenticatorId, 'Phone', given(authority)),
      remove: (authority) => secondFactor.remove('u', authenticatorId, given(authority)),
      reset: (authority) => secondFactor.reset('u', given(authority)),
    }
    const given = (authority: Authority | undefined) => (authority ? { authority } : {})

    for (const [method, operate] of Object.entries(operations)) {
      it(`C19 of the first factor is not enough once enrolled: ${method}`, async () => {
        expect(reasonOf(await operate({ shown: 'first_factor' }))).to.equal('second_factor_required')
      })

      it(`of another epoch is not enough: ${method}`, async () => {
        for (const wrong of ['', 'another']) {
          expect(reasonOf(await operate({ shown: 'second_factor', epoch: wrong }))).to.equal(
            'second_factor_required',
          )
        }
      })

      it(`of an epoch that ends meanwhile is not enough: ${method}`, async () => {
        for (const change of ['replace', 'remove'] as const) {
          meanwhile.before(change, () => elsewhere.secondFactor.verify('u', backupCode))
        }
        expect(reasonOf(await operate({ shown: 'second_factor', epoch }))).to.equal('second_factor_required')
      })

      it(`of the present epoch is enough: ${method}`, async () => {
        expect(reasonOf(await operate({ shown: 'second_factor', epoch }))).to.equal('ok')
      })

      it(`may be absent: ${method}`, async () => {
        expect(reasonOf(await operate())).to.equal('ok')
      })
    }

    it('of the first factor is enough for the first authenticator', async () => {
      const authority = { shown: 'first_factor' } as const
      const begun = succeeded(await secondFactor.enrol('new', {}, { authority }))
      const code = new TestAuthenticator(begun.uri).codeAt(clock.now())
      expect(reasonOf(await secondFactor.confirm('new', begun.id, code, { authority }))).to.equal('ok')
      expect(reasonOf(await secondFactor.enrol('new', {}, { authority }))).to.equal('second_factor_required')
    })

    it('C37 of the first factor is judged by the record that is changed, not by the one that was read before', async () => {
      const basis = await secondFactor.status('new')
      await enrolUser(elsewhere, 'new')
      const outcome = await secondFactor.enrol('new', {}, { authority: { shown: 'first_factor' }, basis })
      expect(reasonOf(outcome)).to.equal('second_factor_required')
      expect((await secondFactor.status('new')).authenticators).to.have.length(1)
    })

    it('of a second factor is nothing without a record', async () => {
      const authority = { shown: 'second_factor', epoch } as const
      await secondFactor.reset('u')
      expect(reasonOf(await secondFactor.enrol('u', {}, { authority }))).to.equal('second_factor_required')
      expect(reasonOf(await secondFactor.reset('u', { authority }))).to.equal('second_factor_required')
    })

    it('changes nothing when it does not reach', async () => {
      const before = await storage.read('u')
      for (const [method, operate] of Object.entries(operations)) {
        if (method !== 'confirm') await operate({ shown: 'first_factor' })
      }
      expect(await storage.read('u')).to.deep.equal(before)
    })
  })

  describe('basis', () => {
    it('of another user is not relied upon', async () => {
      const mine = await enrolUser(service, 'u')
      const other = await enrolUser(service, 'somebody else')
      const basis = await secondFactor.status('somebody else')
      storage.reset()
      const code = other.phone.codeAt(clock.now())
      expect(reasonOf(await secondFactor.verify('u', code, { basis }))).to.equal('invalid_code')
      expect(reasonOf(await secondFactor.verify('u', mine.phone.codeAt(clock.now()), { basis }))).to.equal(
        'ok',
      )
      expect(storage.counts).to.deep.equal({ read: 2, insert: 0, replace: 2, remove: 0 })
    })

    it('of another second factor, or made by hand, is not relied upon', async () => {
      const { phone } = await enrolUser(service, 'u')
      const real = await secondFactor.status('u')
      for (const basis of [await elsewhere.secondFactor.status('u'), { ...real }]) {
        storage.reset()
        await secondFactor.verify('u', phone.codeAt(clock.now()), { basis })
        expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 1, remove: 0 })
      }
    })

    it('that is stale costs one retry and nothing else', async () => {
      const { phone, backupCodes } = await enrolUser(service, 'u')
      const basis = await secondFactor.status('u')
      await elsewhere.secondFactor.verify('u', backupCodes[0] ?? '')
      storage.reset()
      const outcome = await secondFactor.verify('u', phone.codeAt(clock.now()), { basis })
      expect(outcome).to.include({ ok: true, backupCodesRemaining: 9 })
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 2, remove: 0 })
    })

    it('does not let a code count again that was used since', async () => {
      const { phone } = await enrolUser(service, 'u')
      const basis = await secondFactor.status('u')
      const code = phone.codeAt(clock.now())
      const outcomes = []
      for (let time = 0; time < 10; time++) outcomes.push(await secondFactor.verify('u', code, { basis }))
      expect(tally(outcomes)).to.deep.equal({ ok: 1, invalid_code: 9 })
    })

    it('does not let 50 at once guess more often', async () => {
      const { phone } = await enrolUser(service, 'u')
      const basis = await secondFactor.status('u')
      const wrong = wrongCode(phone, clock.now())
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, () => secondFactor.verify('u', wrong, { basis })),
      )
      expect(tally(outcomes)).to.deep.equal({ invalid_code: 5, locked: 45 })
    })
  })

  describe('the cost of a verification', () => {
    const ONE_EACH = { read: 1, insert: 0, replace: 1, remove: 0 }

    it('is one read and one write, for a right, a replayed and a wrong code alike', async () => {
      const { phone, backupCodes } = await enrolUser(service, 'u')
      const right = phone.codeAt(clock.now())
      const [backupCode = ''] = backupCodes
      const codes = {
        right,
        replayed: right,
        wrong: wrongCode(phone, clock.now()),
        'right backup code': backupCode,
        'used backup code': backupCode,
        'wrong backup code': WRONG_BACKUP_CODE,
      }
      for (const [kind, code] of Object.entries(codes)) {
        storage.reset()
        await secondFactor.verify('u', code)
        expect(storage.counts, kind).to.deep.equal(ONE_EACH)
      }
    })

    it('is one write when the status was read before', async () => {
      const { phone } = await enrolUser(service, 'u')
      for (const code of [phone.codeAt(clock.now()), wrongCode(phone, clock.now())]) {
        const basis = await secondFactor.status('u')
        storage.reset()
        await secondFactor.verify('u', code, { basis })
        expect(storage.counts).to.deep.equal({ ...ONE_EACH, read: 0 })
      }
    })

    it('is one read while locked, also when the status was read before', async () => {
      const { phone } = await enrolUser(service, 'u')
      await lockTotp(phone)
      const basis = await secondFactor.status('u')
      for (const options of [{}, { basis }]) {
        storage.reset()
        await secondFactor.verify('u', phone.codeAt(clock.now()), options)
        expect(storage.counts).to.deep.equal({ ...ONE_EACH, replace: 0 })
      }
    })

    it('is one read for somebody who has no second factor', async () => {
      await secondFactor.verify('u', '123456')
      expect(storage.counts).to.deep.equal({ ...ONE_EACH, replace: 0 })
    })
  })

  describe('a storage that fails', () => {
    const failures: readonly (readonly [string, Failure, string])[] = [
      ['rejects', 'reject', 'storage_unavailable'],
      ['throws', 'throw', 'storage_unavailable'],
      ['answers undefined', { answer: undefined }, 'storage_contention'],
      ['answers null', { answer: null }, 'storage_contention'],
      ['answers 1', { answer: 1 }, 'storage_contention'],
      ['answers false', { answer: false }, 'storage_contention'],
    ]
    for (const [does, how, code] of failures) {
      it(`C28 is ${code} and never a success when a write ${does}`, async () => {
        const { phone, authenticator, backupCodes } = await enrolUser(service, 'u')
        const pending = await beginEnrolment(service, 'u')
        const set = succeeded(await secondFactor.generateBackupCodes('u'))
        const before = await storage.read('u')
        failing.fail(how, { methods: ['insert', 'replace', 'remove'] })
        const attempts: readonly (() => Promise<unknown>)[] = [
          () => secondFactor.verify('u', phone.codeAt(clock.now())),
          () => secondFactor.verify('u', backupCodes[0] ?? ''),
          () => secondFactor.verify('u', wrongCode(phone, clock.now())),
          () => secondFactor.enrol('u'),
          () => secondFactor.enrol('new'),
          () => secondFactor.confirm('u', pending.authenticator.id, pending.phone.codeAt(clock.now())),
          () => secondFactor.generateBackupCodes('u'),
          () => secondFactor.confirmBackupCodes('u', set.id),
          () => secondFactor.rename('u', authenticator.id, 'Phone'),
          () => secondFactor.remove('u', authenticator.id),
          () => secondFactor.reset('u'),
        ]
        for (const attempt of attempts) {
          const error = await rejection(attempt())
          expect(error).to.be.instanceOf(SecondFactorError).with.property('code', code)
        }
        failing.recover()
        expect(await storage.read('u')).to.deep.equal(before)
        expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
      })
    }

    const answers: readonly (readonly [string, unknown, string])[] = [
      ['null', null, 'storage_unavailable'],
      ['an entry without a record', { revision: 'r' }, 'record_invalid'],
      ['a record without its entry', { schema: 1, epoch: 'e', authenticators: [] }, 'storage_unavailable'],
      ['text', '{}', 'storage_unavailable'],
      ['a list', [], 'storage_unavailable'],
      ['false', false, 'storage_unavailable'],
      ['true', true, 'storage_unavailable'],
    ]
    for (const [what, answer, code] of answers) {
      it(`C28 is ${code} and never a success when a read answers ${what}`, async () => {
        const { phone, backupCodes } = await enrolUser(service, 'u')
        failing.fail({ answer }, { methods: ['read'] })
        for (const typed of [phone.codeAt(clock.now()), backupCodes[0] ?? '']) {
          const outcome: unknown = await secondFactor.verify('u', typed).catch((error: unknown) => error)
          expect(outcome).to.be.instanceOf(SecondFactorError).with.property('code', code)
        }
        failing.recover()
        expect(reasonOf(await secondFactor.verify('u', phone.codeAt(clock.now())))).to.equal('ok')
      })
    }

    it('C15 loses no wrong code that was charged before', async () => {
      const { phone } = await enrolUser(service, 'u')
      const wrong = wrongCode(phone, clock.now())
      for (let time = 0; time < 4; time++) {
        await secondFactor.verify('u', wrong)
        failing.fail('reject', { methods: ['replace'] })
        await rejection(secondFactor.verify('u', wrong))
        failing.recover()
      }
      expect(tally(await verifyAll(Array.from({ length: 6 }, () => wrong)))).to.deep.equal({
        invalid_code: 1,
        locked: 5,
      })
    })

    it('C15 charges a wrong code whose answer was lost', async () => {
      const impatient = newService({ storage, clock, storageTimeoutSeconds: 0.05 })
      const { phone } = await enrolUser(impatient, 'u')
      const wrong = wrongCode(phone, clock.now())
      failing.fail('lose answer', { methods: ['replace'] })
      for (let time = 0; time < 5; time++) await rejection(impatient.secondFactor.verify('u', wrong))
      failing.recover()
      expect(reasonOf(await impatient.secondFactor.verify('u', wrong))).to.equal('locked')
    })

    it('C18 looks at no code while the counter cannot be written', async () => {
      const { phone } = await enrolUser(service, 'u')
      failing.fail('reject', { methods: ['replace'] })
      const wrong = wrongCode(phone, clock.now())
      // A wrong and a right code cannot be told apart by the answer: neither has one.
      for (const code of [wrong, phone.codeAt(clock.now())]) {
        for (let time = 0; time < 20; time++) {
          const error = await rejection(secondFactor.verify('u', code))
          expect(error).to.include({ code: 'storage_unavailable', message: 'The storage failed.' })
        }
      }
    })

    it('C18 does not say that there is no second factor when it cannot be read', async () => {
      await enrolUser(service, 'u')
      failing.fail('reject', { methods: ['read'] })
      const error = await rejection(secondFactor.status('u'))
      expect(error).to.be.instanceOf(SecondFactorError).with.property('code', 'storage_unavailable')
    })
  })

  describe('what it stores', () => {
    it('C13 holds no secret and no code, in no notation', async () => {
      const { phone, authenticator, backupCodes } = await enrolUser(service, 'u')
      const { codes } = succeeded(await secondFactor.generateBackupCodes('u'))
      await verifyAll([phone.codeAt(clock.now()), backupCodes[0] ?? ''])
      const text = JSON.stringify(await storage.read('u'))
      for (const code of [...backupCodes, ...codes]) {
        expect(text).not.to.include(code)
        expect(text).not.to.include(code.replaceAll('-', ''))
      }
      expect(text).not.to.include(authenticator.secret)
      expect(text).not.to.include(phone.codeAt(clock.now()))
    })

    it('keeps what a later version put beside what it knows', async () => {
      const { phone } = await enrolUser(service, 'u')
      const entry = (await storage.read('u')) ?? expect.fail('nothing is stored')
      const record = { ...entry.record, later: { trustedDevices: [1] } }
      await storage.replace('u', { revision: 'later', record }, entry.revision)
      succeeded(await secondFactor.verify('u', phone.codeAt(clock.now())))
      expect((await storage.read('u'))?.record).to.deep.include({ later: { trustedDevices: [1] } })
    })

    it('is the application’s storage and no more: methods are called on the object itself', async () => {
      class PrivateStorage implements StorageAdapter {
        readonly #inner = new MemoryStorage()
        read(userId: string) {
          return this.#inner.read(userId)
        }
        insert(...given: Parameters<StorageAdapter['insert']>) {
          return this.#inner.insert(...given)
        }
        replace(...given: Parameters<StorageAdapter['replace']>) {
          return this.#inner.replace(...given)
        }
        remove(...given: Parameters<StorageAdapter['remove']>) {
          return this.#inner.remove(...given)
        }
      }
      const { authenticator } = await enrolUser(newService({ storage: new PrivateStorage() }), 'u')
      expect(authenticator.id).to.be.a('string')
    })
  })
})
