import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { setImmediate as turn } from 'node:timers/promises'
import { decodeBase32 } from '../lib/base32.js'
import { MemoryStorage, type SecondFactorErrorCode, type SecondFactorEvent } from '../lib/index.js'
import type { TestAuthenticator } from '../lib/testing/index.js'
import { wrongCode } from './support/app.js'
import { FailingStorage, type Failure } from './support/failing-storage.js'
import { InterleavingStorage } from './support/interleaving-storage.js'
import {
  beginEnrolment,
  enrolUser,
  newService,
  reasonOf,
  rejection,
  succeeded,
  type TestService,
  unhandledRejections,
} from './support/service.js'

const WRONG_BACKUP_CODE = '00000-00000-00000-00000-00000'

describe('events', () => {
  let storage: FailingStorage
  let service: TestService
  beforeEach(() => {
    storage = new FailingStorage()
    service = newService({ storage })
  })

  /** What is told while `work` runs. */
  async function toldBy(work: () => Promise<unknown>): Promise<readonly SecondFactorEvent[]> {
    service.events.length = 0
    await work()
    return [...service.events]
  }

  const told = (event: object) => ({ ...event, userId: 'u', at: service.clock.now() })
  const verify = (code: string) => service.secondFactor.verify('u', code)
  const rightCode = (phone: TestAuthenticator) => phone.codeAt(service.clock.now())
  const guess = (phone: TestAuthenticator) => verify(wrongCode(phone, service.clock.now()))

  it('are none when an enrolment begins', async () => {
    expect(await toldBy(() => beginEnrolment(service, 'u'))).to.deep.equal([])
  })

  it('tell that an authenticator was enrolled', async () => {
    const { phone, authenticator } = await beginEnrolment(service, 'u')
    expect(
      await toldBy(() => service.secondFactor.confirm('u', authenticator.id, rightCode(phone))),
    ).to.deep.equal([told({ type: 'enrolled', authenticatorId: authenticator.id })])
  })

  it('tell that a first code was wrong', async () => {
    const { phone, authenticator } = await beginEnrolment(service, 'u')
    const wrong = wrongCode(phone, service.clock.now())
    expect(await toldBy(() => service.secondFactor.confirm('u', authenticator.id, wrong))).to.deep.equal([
      told({ type: 'failed', method: 'totp', during: 'enrolment' }),
    ])
  })

  it('tell that a code was right, and then that it came again', async () => {
    const { phone, authenticator } = await enrolUser(service, 'u')
    const code = rightCode(phone)
    expect(await toldBy(() => verify(code))).to.deep.equal([
      told({ type: 'verified', method: 'totp', authenticatorId: authenticator.id }),
    ])
    expect(await toldBy(() => verify(code))).to.deep.equal([told({ type: 'replayed', method: 'totp' })])
  })

  it('tell of a backup code how many are left, from three on that they are few', async () => {
    const { backupCodes } = await enrolUser(service, 'u')
    for (const [index, code] of backupCodes.entries()) {
      const remaining = 9 - index
      expect(await toldBy(() => verify(code)), `${remaining} left`).to.deep.equal([
        told({ type: 'verified', method: 'backup_code' }),
        told({ type: 'backup_code_used', remaining }),
        ...(remaining <= 3 ? [told({ type: 'backup_codes_low', remaining })] : []),
      ])
    }
    expect(await toldBy(() => verify(backupCodes[0] ?? ''))).to.deep.equal([
      told({ type: 'replayed', method: 'backup_code' }),
    ])
  })

  it('tell of each wrong code, of the lock that the fifth brings, and nothing of codes that are not looked at', async () => {
    const { phone } = await enrolUser(service, 'u')
    const failed = told({ type: 'failed', method: 'totp', during: 'challenge' })
    for (let time = 0; time < 4; time++) expect(await toldBy(() => guess(phone))).to.deep.equal([failed])
    const retryAt = service.clock.now() + 30_000
    expect(await toldBy(() => guess(phone))).to.deep.equal([
      failed,
      told({ type: 'locked', method: 'totp', retryAt }),
    ])
    expect(await toldBy(() => guess(phone))).to.deep.equal([])
    expect(await toldBy(() => verify(rightCode(phone)))).to.deep.equal([])
  })

  it('tell the same of backup codes', async () => {
    await enrolUser(service, 'u')
    const failed = told({ type: 'failed', method: 'backup_code', during: 'challenge' })
    const wrong = () => verify(WRONG_BACKUP_CODE)
    for (let time = 0; time < 4; time++) expect(await toldBy(wrong)).to.deep.equal([failed])
    const retryAt = service.clock.now() + 30_000
    expect(await toldBy(wrong)).to.deep.equal([
      failed,
      told({ type: 'locked', method: 'backup_code', retryAt }),
    ])
    expect(await toldBy(wrong)).to.deep.equal([])
  })

  it('tell that the authenticators were disabled, with the last wrong code', async () => {
    service = newService({ storage, throttle: { freeAttempts: 3, disableAfter: 3 } })
    const { phone } = await enrolUser(service, 'u')
    await guess(phone)
    await guess(phone)
    expect(await toldBy(() => guess(phone))).to.deep.equal([
      told({ type: 'failed', method: 'totp', during: 'challenge' }),
      told({ type: 'disabled' }),
    ])
    expect(await toldBy(() => verify(rightCode(phone)))).to.deep.equal([])
  })

  it('tell that backup codes were regenerated when the new set is in force, and once', async () => {
    await enrolUser(service, 'u')
    const { secondFactor } = service
    let id = ''
    expect(
      await toldBy(async () => {
        id = succeeded(await secondFactor.generateBackupCodes('u')).id
      }),
    ).to.deep.equal([])
    const confirm = () => secondFactor.confirmBackupCodes('u', id)
    expect(await toldBy(confirm)).to.deep.equal([told({ type: 'backup_codes_regenerated' })])
    expect(await toldBy(confirm)).to.deep.equal([])
  })

  it('tell that a verified authenticator was removed, and nothing of a pending one', async () => {
    const { authenticator } = await enrolUser(service, 'u')
    await enrolUser(service, 'u')
    const pending = await beginEnrolment(service, 'u')
    const remove = (id: string) => () => service.secondFactor.remove('u', id)
    expect(await toldBy(remove(pending.authenticator.id))).to.deep.equal([])
    expect(await toldBy(remove(authenticator.id))).to.deep.equal([
      told({ type: 'removed', authenticatorId: authenticator.id }),
    ])
  })

  it('tell of a reset, also when the last authenticator was removed, and not when there was nothing', async () => {
    const { authenticator } = await enrolUser(service, 'u')
    expect(await toldBy(() => service.secondFactor.remove('u', authenticator.id))).to.deep.equal([
      told({ type: 'reset' }),
    ])
    await enrolUser(service, 'u')
    const reset = () => service.secondFactor.reset('u')
    expect(await toldBy(reset)).to.deep.equal([told({ type: 'reset' })])
    expect(await toldBy(reset)).to.deep.equal([])
  })

  it('are none for what was refused', async () => {
    const { secondFactor } = service
    const { authenticator } = await enrolUser(service, 'u')
    const authority = { shown: 'first_factor' } as const
    const refused: readonly (() => Promise<{ ok: boolean; reason?: string }>)[] = [
      () => verify('no code'),
      () => secondFactor.confirm('u', authenticator.id, '123456'),
      () => secondFactor.confirm('u', 'nobody', '123456'),
      () => secondFactor.confirmBackupCodes('u', 'nothing'),
      () => secondFactor.remove('u', 'nobody'),
      () => secondFactor.remove('u', authenticator.id, { authority }),
      () => secondFactor.reset('u', { authority }),
    ]
    for (const attempt of refused) {
      expect(await toldBy(async () => expect(reasonOf(await attempt())).not.to.equal('ok'))).to.deep.equal([])
    }
  })

  it('come after the write, and before the answer', async () => {
    const memory = new MemoryStorage()
    const order: string[] = []
    const { phone } = await enrolUser(newService({ storage: memory, clock: service.clock }), 'u')
    const watched = new InterleavingStorage(memory)
    const { secondFactor } = newService({
      storage: {
        read: (userId) => watched.read(userId),
        insert: (userId, entry) => watched.insert(userId, entry),
        remove: (userId, revision) => watched.remove(userId, revision),
        replace: async (userId, entry, revision) => {
          await turn()
          const won = await watched.replace(userId, entry, revision)
          order.push(`written: ${won}`)
          return won
        },
      },
      clock: service.clock,
      onEvent: ({ type }) => {
        order.push(type)
      },
    })
    // The first write loses, and nothing is told of it.
    watched.before('replace', async () => {
      const entry = (await memory.read('u')) ?? expect.fail('nothing is stored')
      await memory.replace('u', { revision: 'somebody else', record: entry.record }, entry.revision)
    })
    await secondFactor.verify('u', rightCode(phone))
    order.push('answered')
    expect(order).to.deep.equal(['written: false', 'written: true', 'verified', 'answered'])
  })

  const failures: readonly (readonly [Failure, SecondFactorErrorCode])[] = [
    ['reject', 'storage_unavailable'],
    ['throw', 'storage_unavailable'],
    ['lose answer', 'storage_timeout'],
    ['hang', 'storage_timeout'],
    [{ answer: false }, 'storage_contention'],
    [{ answer: undefined }, 'storage_contention'],
  ]
  for (const [how, code] of failures) {
    it(`tell of a failed write that it is ${code}, and nothing else (${JSON.stringify(how)})`, async () => {
      service = newService({ storage, storageTimeoutSeconds: 0.05 })
      const { secondFactor, clock } = service
      const { phone, backupCodes, authenticator } = await enrolUser(service, 'u')
      const attempts = [
        () => verify(rightCode(phone)),
        () => guess(phone),
        () => verify(backupCodes[0] ?? ''),
        () => secondFactor.remove('u', authenticator.id),
      ]
      for (const attempt of attempts) {
        storage.fail(how, { methods: ['insert', 'replace', 'remove'] })
        expect(await toldBy(() => rejection(attempt()))).to.deep.equal([told({ type: 'unavailable', code })])
        storage.recover()
        clock.advance(60)
      }
    })
  }

  it('tell that a read failed, whoever asked', async () => {
    const { phone } = await enrolUser(service, 'u')
    storage.fail('reject', { methods: ['read'] })
    const unavailable = told({ type: 'unavailable', code: 'storage_unavailable' })
    for (const attempt of [() => service.secondFactor.status('u'), () => verify(rightCode(phone))]) {
      expect(await toldBy(() => rejection(attempt()))).to.deep.equal([unavailable])
    }
  })

  it('tell that a secret cannot be opened', async () => {
    const { phone } = await enrolUser(service, 'u')
    const { clock } = service
    service = newService({ storage, clock, secret: 'another secret, and also of 32 bytes or more' })
    expect(await toldBy(() => rejection(verify(rightCode(phone))))).to.deep.equal([
      told({ type: 'unavailable', code: 'sealing_key_missing' }),
    ])
  })

  it('are none for what an application does wrong', async () => {
    expect(await toldBy(() => rejection(service.secondFactor.status('')))).to.deep.equal([])
    expect(await toldBy(() => rejection(service.secondFactor.verify('', '123456')))).to.deep.equal([])
  })

  const listeners: Readonly<Record<string, () => void | Promise<void>>> = {
    throws: () => {
      throw new Error('the listener has its own trouble')
    },
    'throws what is no error': () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- As a listener of an application may.
      throw undefined
    },
    rejects: () => Promise.reject(new Error('the listener has its own trouble')),
  }
  for (const [does, onEvent] of Object.entries(listeners)) {
    it(`change nothing when their listener ${does}`, async () => {
      service = newService({ storage, onEvent })
      const unhandled = await unhandledRejections(async () => {
        const { phone, backupCodes } = await enrolUser(service, 'u')
        expect(reasonOf(await verify(rightCode(phone)))).to.equal('ok')
        expect(reasonOf(await verify(rightCode(phone)))).to.equal('invalid_code')
        expect(reasonOf(await verify(backupCodes[0] ?? ''))).to.equal('ok')
        expect(reasonOf(await service.secondFactor.reset('u'))).to.equal('ok')
      })
      expect(unhandled).to.deep.equal([])
    })

    it(`are all told, also to a listener that ${does}`, async () => {
      const types: string[] = []
      const listen = ({ type }: SecondFactorEvent) => {
        types.push(type)
        return onEvent()
      }
      service = newService({ storage, onEvent: listen })
      await unhandledRejections(async () => {
        const { backupCodes } = await enrolUser(service, 'u')
        await verify(backupCodes[0] ?? '')
      })
      expect(types).to.deep.equal(['enrolled', 'verified', 'backup_code_used'])
    })
  }

  it('may use the second factor themselves', async () => {
    const statuses: boolean[] = []
    const asked: Promise<unknown>[] = []
    service = newService({
      storage,
      onEvent: ({ userId }) => {
        asked.push(
          service.secondFactor.status(userId).then(({ enabled }) => {
            statuses.push(enabled)
          }),
        )
      },
    })
    await enrolUser(service, 'u')
    await service.secondFactor.reset('u')
    await Promise.all(asked)
    expect(statuses).to.deep.equal([true, false])
  })

  it('hold no secret and no code, in a whole life of a user', async () => {
    const { secondFactor, clock, events } = service
    const { phone, authenticator, backupCodes } = await enrolUser(service, 'u', 'Phone')
    const second = await enrolUser(service, 'u', 'Tablet')
    const typed = [rightCode(phone), wrongCode(phone, clock.now()), WRONG_BACKUP_CODE, backupCodes[0] ?? '']
    for (const code of [...typed, ...typed]) await verify(code)
    const fresh = succeeded(await secondFactor.generateBackupCodes('u'))
    await secondFactor.confirmBackupCodes('u', fresh.id)
    for (const code of fresh.codes) await verify(code)
    for (let time = 0; time < 6; time++) await guess(phone)
    await secondFactor.remove('u', second.authenticator.id)
    await secondFactor.reset('u')

    const types = new Set(events.map(({ type }) => type))
    expect([...types].sort()).to.deep.equal([
      'backup_code_used',
      'backup_codes_low',
      'backup_codes_regenerated',
      'enrolled',
      'failed',
      'locked',
      'removed',
      'replayed',
      'reset',
      'verified',
    ])
    const text = JSON.stringify(events)
    const secrets = [authenticator.secret, second.authenticator.secret]
    const forbidden = [
      ...secrets,
      ...secrets.map((secret) => decodeBase32(secret)?.toString('hex') ?? expect.fail()),
      ...[...backupCodes, ...fresh.codes].flatMap((code) => [code, code.replaceAll('-', '')]),
    ]
    for (const secret of forbidden) expect(text.toLowerCase()).not.to.include(secret.toLowerCase())
    // Instants and counts are numbers; a code would be text.
    for (const event of events) {
      for (const value of Object.values<unknown>(event)) {
        if (typeof value === 'string' || typeof value === 'number')
          expect(typed).not.to.include(String(value))
      }
      expect(Object.keys(event)).not.to.include.members(['code'])
    }
  })
})
