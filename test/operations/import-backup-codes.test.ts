import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { MemoryStorage, type SecondFactor } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { wrongCode } from '../support/app.js'
import type { FakeClock } from '../support/clock.js'
import { CountingStorage } from '../support/counting-storage.js'
import { enrolUser, newService, reasonOf, succeeded, tally, type TestService } from '../support/service.js'
import { storedRecord } from '../support/stored.js'

const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const PHONE = new TestAuthenticator(BASE32)
const NUMBERS = ['48213907', '90017744', '00000042', '73519862', '20468135']
const WRONG = 'zzzzz-zzzzz'
const UNTOUCHED = { read: 0, insert: 0, replace: 0, remove: 0 }

/** Sets as other systems make them, and other ways to type the first code of each. */
const SETS: Readonly<Record<string, { codes: readonly string[]; typed: readonly string[] }>> = {
  'numbers of 8 digits': { codes: NUMBERS, typed: ['4821 3907', ' 48213907 ', '4821-3907'] },
  'numbers of 10 digits': { codes: ['4821390755', '0000000042'], typed: ['48213 90755', '48213-90755'] },
  'Logto’s 10 hexadecimal characters': {
    codes: ['a1b2c3d4e5', '0f9e8d7c6b'],
    typed: ['A1B2C3D4E5', 'a1b2c-3d4e5', 'A1B2 C3D4 E5'],
  },
  'letters and digits with a dash': {
    codes: ['abcde-fghij', 'klmno-pqrst'],
    typed: ['abcdefghij', 'ABCDE-FGHIJ', 'ABCDE FGHIJ', '\tAbcdeFghij\n', 'a-b-c-d-e-f-g-h-i-j'],
  },
  'codes in capitals': { codes: ['ABCD1234', 'EFGH5678'], typed: ['abcd1234', 'abcd-1234'] },
  'codes that look like ours': {
    codes: ['0123456789ABCDEFGHJKMNPQR', '1123456789ABCDEFGHJKMNPQR'],
    typed: ['01234-56789-abcde-fghjk-mnpqr'],
  },
  'codes of 64 characters': { codes: ['x'.repeat(64), 'y'.repeat(64)], typed: ['X'.repeat(64)] },
}

describe('importBackupCodes', () => {
  let memory: MemoryStorage
  let storage: CountingStorage
  let service: TestService
  let secondFactor: SecondFactor
  let clock: FakeClock
  beforeEach(async () => {
    memory = new MemoryStorage()
    storage = new CountingStorage(memory)
    // Each code costs a slow digest, and those who come at once wait for each other.
    service = newService({ storage, storageTimeoutSeconds: 60 })
    ;({ secondFactor, clock } = service)
    succeeded(await secondFactor.importTotp('u', { base32: BASE32 }))
    service.events.length = 0
    storage.reset()
  })

  const importSet = async (codes: readonly string[]) =>
    succeeded(await secondFactor.importBackupCodes('u', codes))
  const verify = (code: string, userId = 'u') => secondFactor.verify(userId, code)
  const remaining = async () => (await secondFactor.status('u')).backupCodes?.remaining

  for (const [title, { codes, typed }] of Object.entries(SETS)) {
    it(`C3 takes ${title}, each once, however it is typed`, async () => {
      const [first = '', second = ''] = codes
      await importSet(codes)
      const shown = { method: 'backup_code', backupCodesRemaining: codes.length - 1 }
      expect(succeeded(await verify(typed.at(-1) ?? ''))).to.include(shown)
      for (const again of [first, ...typed]) {
        expect(reasonOf(await verify(again)), again).to.equal('invalid_code')
        // Known as the very code that was used, not as a wrong one.
        expect(service.events.at(-1), again).to.include({ type: 'replayed' })
      }
      expect(succeeded(await verify(second))).to.include({ backupCodesRemaining: codes.length - 2 })
    })
  }

  it('says what is in force, and tells that it was imported', async () => {
    const { ok, ...set } = await importSet(NUMBERS)
    expect(ok).to.equal(true)
    expect(set).to.deep.equal({ id: set.id, remaining: 5, total: 5, createdAt: clock.now() })
    expect((await secondFactor.status('u')).backupCodes).to.deep.equal(set)
    expect(service.events).to.deep.equal([{ type: 'imported', userId: 'u', at: clock.now() }])
  })

  it('C4 is one success of 50 at once with one code', async () => {
    await importSet(NUMBERS)
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => verify(NUMBERS[2] ?? '')))
    expect(tally(outcomes)).to.deep.equal({ ok: 1, invalid_code: 49 })
  })

  it('C43 is five successes of five different codes at once', async () => {
    await importSet(NUMBERS)
    expect(tally(await Promise.all(NUMBERS.map((code) => verify(code))))).to.deep.equal({ ok: 5 })
    expect(await remaining()).to.equal(0)
  })

  it('is a recovery: all marks are void, and it is told', async () => {
    await importSet(NUMBERS)
    const { epoch } = await secondFactor.status('u')
    service.events.length = 0
    expect(succeeded(await verify(NUMBERS[0] ?? '')).epoch).to.not.equal(epoch)
    expect(service.events.map(({ type }) => type)).to.deep.equal(['verified', 'backup_code_used'])
  })

  it('C14 is good for nobody else', async () => {
    await importSet(NUMBERS)
    await secondFactor.importTotp('v', { base32: BASE32 })
    succeeded(await secondFactor.importBackupCodes('v', ['11111111']))
    expect(reasonOf(await verify(NUMBERS[0] ?? '', 'v'))).to.equal('invalid_code')
    expect(await remaining()).to.equal(5)
  })

  it('C13 keeps no code in clear, and tells none', async () => {
    const codes = ['abcde-fghij', ...NUMBERS]
    const outcome = await importSet(codes)
    await verify('abcde-fghij')
    const text = JSON.stringify([await memory.read('u'), outcome, service.events]).toLowerCase()
    for (const code of [...codes, 'abcdefghij']) expect(text).to.not.include(code)
  })

  describe('tells a code of 8 digits', () => {
    it('from a TOTP code by what the authenticators show', async () => {
      await importSet(NUMBERS)
      expect(succeeded(await verify(PHONE.codeAt(clock.now())))).to.include({ method: 'totp' })
      expect(succeeded(await verify(NUMBERS[0] ?? ''))).to.include({ method: 'backup_code' })
    })

    it('as a TOTP code while an authenticator shows 8 digits', async () => {
      await importSet(NUMBERS)
      const uri = `otpauth://totp/ACME?secret=${BASE32.replace('G', 'H')}&digits=8`
      succeeded(await secondFactor.importTotp('u', { uri }))
      expect(reasonOf(await verify(NUMBERS[0] ?? ''))).to.equal('invalid_code')
      expect(service.events.at(-1)).to.include({ type: 'failed', method: 'totp' })
      expect(await remaining()).to.equal(5)
      const phone = new TestAuthenticator(uri)
      expect(succeeded(await verify(phone.codeAt(clock.now())))).to.include({ method: 'totp' })
    })

    it('as a backup code while the authenticator that shows 8 digits is pending, or disabled', async () => {
      const strict = newService({
        storage,
        clock,
        totp: { digits: 8 },
        throttle: { freeAttempts: 1, disableAfter: 1 },
      })
      await importSet(NUMBERS)
      const begun = succeeded(await strict.secondFactor.enrol('u'))
      expect(reasonOf(await verify(NUMBERS[0] ?? ''))).to.equal('ok')
      const phone = new TestAuthenticator(begun.uri)
      succeeded(await strict.secondFactor.confirm('u', begun.id, phone.codeAt(clock.now())))
      await strict.secondFactor.verify('u', wrongCode(PHONE, clock.now()))
      expect((await secondFactor.status('u')).authenticators.map(({ disabled }) => disabled)).to.deep.equal([
        true,
        true,
      ])
      expect(succeeded(await verify(NUMBERS[1] ?? ''))).to.include({ method: 'backup_code' })
    })

    it('from 6 and 7 digits, which cannot be one: they are malformed, and not charged', async () => {
      await secondFactor.importTotp('v', { base32: BASE32, digits: 8 })
      succeeded(await secondFactor.importBackupCodes('v', ['abcdefgh']))
      const before = await memory.read('v')
      for (const code of ['123456', '1234567']) {
        expect(reasonOf(await verify(code, 'v'))).to.equal('invalid_request')
      }
      expect(await memory.read('v')).to.deep.equal(before)
    })
  })

  it('leaves everybody without such a set as they were: foreign codes are malformed, and not charged', async () => {
    await enrolUser(service, 'own')
    const before = await memory.read('own')
    for (const code of [...NUMBERS, 'a1b2c3d4e5', 'abcde-fghij', WRONG, 'x'.repeat(64)]) {
      for (const userId of ['own', 'u']) {
        expect(reasonOf(await verify(code, userId)), code).to.equal('invalid_request')
      }
    }
    expect(await memory.read('own')).to.deep.equal(before)
    expect(service.events.filter(({ type }) => type === 'failed')).to.deep.equal([])
    for (const code of ['a1b2c3d4e5', '12345678']) {
      expect(reasonOf(await verify(code, 'nobody'))).to.equal('not_enrolled')
    }
  })

  describe('refuses', () => {
    it('who has no second factor, or a pending one only', async () => {
      expect(reasonOf(await secondFactor.importBackupCodes('nobody', NUMBERS))).to.equal('not_enrolled')
      await secondFactor.enrol('pending')
      expect(reasonOf(await secondFactor.importBackupCodes('pending', NUMBERS))).to.equal('not_enrolled')
      expect(await memory.read('nobody')).to.equal(undefined)
    })

    it('to take the place of a set in force, imported, own or used up: used codes would be good again', async () => {
      await importSet(NUMBERS)
      await enrolUser(service, 'own')
      for (const userId of ['u', 'own']) {
        const before = await memory.read(userId)
        const outcome = await secondFactor.importBackupCodes(userId, NUMBERS)
        expect(reasonOf(outcome)).to.equal('backup_codes_exist')
        expect(await memory.read(userId)).to.deep.equal(before)
      }
      for (const code of NUMBERS) await verify(code)
      expect(reasonOf(await secondFactor.importBackupCodes('u', NUMBERS))).to.equal('backup_codes_exist')
    })

    it('all but one of 20 imports at once', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, number) =>
          secondFactor.importBackupCodes('u', [`abcdef${10 + number}`]),
        ),
      )
      expect(tally(outcomes)).to.deep.equal({ ok: 1, backup_codes_exist: 19 })
    })

    const refused: Readonly<Record<string, unknown>> = {
      'no code': [],
      'more than 50': Array.from({ length: 51 }, (_, number) => `code${1000 + number}`),
      'what is no list': 'abcdefgh',
      nothing: undefined,
      'a code of 7': ['abcdefg', '73519862'],
      'a code of 7 and a dash': ['abc-defg', '73519862'],
      'a code of 65': ['x'.repeat(65)],
      'an empty code': ['', '73519862'],
      'a code of other letters': ['äbcdefgh', '73519862'],
      'a code with a sign': ['abcd_efgh', '73519862'],
      'a number': [73519862],
      'null among them': ['73519862', null],
      'a gap among them': Object.assign(['73519862'], { 2: '48213907' }),
      'one code twice': ['73519862', '48213907', '73519862'],
      'one code twice, written in two ways': ['ABCDE-FGHIJ', 'abcdefghij'],
      'what only begins as a digest of bcrypt': ['$2b$10$abcdefghijklmnop'],
    }
    for (const [title, codes] of Object.entries(refused)) {
      it(`${title}, repeats nothing of it, and asks nothing of the storage`, async () => {
        const outcome = await secondFactor.importBackupCodes('u', codes as string[])
        expect(reasonOf(outcome)).to.equal('invalid_request')
        for (const code of [codes].flat()) {
          if (String(code).length > 3) expect(JSON.stringify(outcome)).to.not.include(String(code))
        }
        expect(storage.counts).to.deep.equal(UNTOUCHED)
      })
    }
  })

  it('gives way to codes of our own, of which it is none any more', async () => {
    await importSet(NUMBERS)
    const { id, codes } = succeeded(await secondFactor.generateBackupCodes('u'))
    expect(reasonOf(await verify(NUMBERS[0] ?? ''))).to.equal('ok')
    succeeded(await secondFactor.confirmBackupCodes('u', id))
    expect(reasonOf(await verify(NUMBERS[1] ?? ''))).to.equal('invalid_request')
    expect(reasonOf(await verify(codes[0] ?? ''))).to.equal('ok')
    expect((await storedRecord(memory, 'u')).backupCodes).to.not.have.property('imported')
  })

  it('C10 looks at five guesses of 50 at once, and at a right one when the wait is over', async () => {
    await importSet(NUMBERS)
    const guesses = Array.from({ length: 50 }, () => verify(WRONG))
    expect(tally(await Promise.all(guesses))).to.deep.equal({ invalid_code: 5, locked: 45 })
    expect(reasonOf(await verify(NUMBERS[0] ?? ''))).to.equal('locked')
    expect(await remaining()).to.equal(5)
    clock.advance(30)
    expect(reasonOf(await verify(NUMBERS[0] ?? ''))).to.equal('ok')
  })
})
