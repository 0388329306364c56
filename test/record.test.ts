import { expect } from 'chai'
import { describe, it } from 'mocha'
import { confirmBackupCodes, layBackupCodes, removeBackupCodes } from '../lib/core/backup-codes.js'
import { confirm, enrol, rename } from '../lib/core/enrolment.js'
import type { Transition } from '../lib/core/transition.js'
import { verify } from '../lib/core/verify.js'
import { SecondFactorError } from '../lib/errors.js'
import { parseRecord, type SecondFactorRecord } from '../lib/record.js'
import { newService } from './support/service.js'
import {
  backupCodeSet,
  deepFreeze,
  NOW,
  pendingAuthenticator,
  POLICY,
  verifiedAuthenticator,
  written,
} from './support/records.js'

const STEP = NOW / 30_000
const THROTTLE = { failures: 2, spent: 1.5, at: NOW }

/** A record that has every member that there is. */
const FULL = deepFreeze({
  schema: 1,
  epoch: 'epoch',
  authenticators: [
    verifiedAuthenticator({ disabledAt: NOW }),
    pendingAuthenticator({
      id: 'pending',
      throttle: THROTTLE,
      pendingUntil: NOW,
      backupCodes: backupCodeSet({ id: 'handed out', usedAt: {} }),
    }),
  ],
  backupCodes: backupCodeSet({ usedAt: { 0: NOW, 9: NOW } }),
  unconfirmedBackupCodes: backupCodeSet({ id: 'fresh', usedAt: {} }),
  totpThrottle: THROTTLE,
  backupCodeThrottle: THROTTLE,
})

const overStorage = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

function refusal(value: unknown): string | undefined {
  try {
    parseRecord(value)
    return undefined
  } catch (error) {
    if (!(error instanceof SecondFactorError)) throw error
    expect(error.message).to.not.include('sealed')
    return error.code
  }
}

/** The full record as JSON has it, with the member at a path changed, or gone. */
function damaged(path: readonly (string | number)[], value: unknown): unknown {
  const record = overStorage(FULL)
  const parents = path.slice(0, -1)
  const parent = parents.reduce<unknown>((one, name) => (one as Record<string, unknown>)[name], record)
  const name = path.at(-1) ?? ''
  if (value === undefined) Reflect.deleteProperty(parent as object, name)
  else (parent as Record<string, unknown>)[name] = value
  return record
}

const NO_TEXT = [undefined, null, 7, true, ['text'], {}]
const NO_NUMBER = [undefined, null, '7', true, [7], {}, Number.NaN, Infinity, new Date(NOW), -1]
const NO_INSTANT = [...NO_NUMBER, 253_402_300_800_000]
const NO_OBJECT = [null, 7, 'text', true]

type Damage = readonly [path: readonly (string | number)[], values: readonly unknown[]]

const authenticatorDamage = (index: number): readonly Damage[] => {
  const at = (name: string) => ['authenticators', index, name]
  return [
    ...['id', 'label', 'secret'].map((name): Damage => [at(name), NO_TEXT]),
    [at('algorithm'), [...NO_TEXT, '', 'MD5', 'sha1', 'constructor']],
    [at('digits'), [...NO_NUMBER, 5, 6.5, 9]],
    [at('period'), [...NO_NUMBER, 0, 0.5, 3601]],
    ...['createdAt', 'updatedAt'].map((name): Damage => [at(name), NO_INSTANT]),
    ...['verifiedAt', 'disabledAt', 'lastUsedAt', 'pendingUntil'].map((name): Damage => [
      at(name),
      NO_INSTANT.slice(1),
    ]),
    [at('lastStep'), [...NO_NUMBER.slice(1), 1.5, 2 ** 53]],
    [
      ['authenticators', index],
      [...NO_OBJECT, []],
    ],
  ]
}

const throttleDamage = (path: readonly (string | number)[]): readonly Damage[] => [
  [
    [...path, 'failures'],
    [...NO_NUMBER, 1.5],
  ],
  [
    [...path, 'spent'],
    [...NO_NUMBER, 1e7],
  ],
  [[...path, 'at'], NO_INSTANT],
  [path, [...NO_OBJECT, [], {}]],
]

const setDamage = (...path: (string | number)[]): readonly Damage[] => [
  ...['id', 'key'].map((member): Damage => [[...path, member], NO_TEXT]),
  [[...path, 'createdAt'], NO_INSTANT],
  [
    [...path, 'digests'],
    [undefined, null, 'digest', {}, [7], ['digest', null]],
  ],
  [
    [...path, 'usedAt'],
    [...NO_OBJECT, [null], { 0: null }, { 0: '7' }, { 0: true }, { 0: -1 }],
  ],
  [path, [...NO_OBJECT, [], {}]],
]

const DAMAGES: readonly Damage[] = [
  [['schema'], [undefined, null, 0, 2, '1', true]],
  [['epoch'], [...NO_TEXT, '']],
  [['authenticators'], [undefined, null, {}, 'text', { length: 0 }]],
  ...authenticatorDamage(0),
  ...authenticatorDamage(1),
  ...throttleDamage(['authenticators', 1, 'throttle']),
  ...setDamage('backupCodes'),
  ...setDamage('unconfirmedBackupCodes'),
  ...setDamage('authenticators', 1, 'backupCodes'),
  ...throttleDamage(['totpThrottle']),
  ...throttleDamage(['backupCodeThrottle']),
]

const show = (value: unknown) =>
  value === undefined ? 'gone' : typeof value === 'number' ? String(value) : JSON.stringify(value)

describe('record', () => {
  it('takes a record with every member that there is, as it is', () => {
    expect(parseRecord(overStorage(FULL))).to.deep.equal(FULL)
  })

  it('takes the least that there can be', () => {
    const least = { schema: 1, epoch: 'epoch', authenticators: [] }
    expect(parseRecord(overStorage(least))).to.deep.equal(least)
  })

  it('takes whatever the core writes, from the first entry on', () => {
    const { id, secret, algorithm, digits, period } = pendingAuthenticator()
    const enrolment = {
      authenticator: {
        ...{ id, secret, algorithm, digits, period },
        pendingUntil: NOW + 60_000,
        backupCodes: backupCodeSet({ id: 'handed out' }),
      },
      label: undefined,
      epoch: 'epoch',
    }
    const totp = (...steps: number[]) =>
      ({ method: 'totp', digits: 6, matches: steps.map((step) => ({ authenticatorId: id, step })) }) as const
    const backupCode = (index?: number) => ({ method: 'backup_code', index }) as const
    const decide = (evidence: Parameters<typeof verify>[1]) => (record: SecondFactorRecord | undefined) =>
      verify(record, evidence, 'next epoch', NOW, POLICY)

    const acts: readonly ((record: SecondFactorRecord | undefined) => Transition<unknown>)[] = [
      (record) => enrol(record, enrolment, NOW, POLICY),
      (record) => confirm(record, { id, step: undefined, backupCodes: undefined }, NOW, POLICY),
      (record) => confirm(record, { id, step: STEP, backupCodes: backupCodeSet() }, NOW, POLICY),
      (record) => rename(record, id, 'New label', NOW, POLICY),
      decide(totp()),
      decide(totp(STEP + 1)),
      decide(totp(STEP)),
      decide(backupCode()),
      decide(backupCode(3)),
      decide(backupCode(3)),
      (record) => layBackupCodes(record, backupCodeSet({ id: 'fresh' })),
      (record) => confirmBackupCodes(record, 'fresh', NOW, POLICY),
      (record) => removeBackupCodes(record),
    ]
    let record: SecondFactorRecord | undefined
    for (const act of acts) {
      const next = written(act(record))
      record = parseRecord(overStorage(next))
      // Plain JSON: nothing that was written gets lost on its way.
      expect(record).to.deep.equal(next)
    }
  })

  it('takes back what was written by a clock that has fractions of a millisecond', async () => {
    const { secondFactor } = newService({ now: () => NOW + 0.5 })
    await secondFactor.enrol('anna')
    expect((await secondFactor.status('anna')).authenticators.length).to.equal(1)
  })

  it('keeps members that it does not know, at every depth', () => {
    const later = { unknown: { deep: [null, 'text'] } }
    const record = {
      ...FULL,
      ...later,
      authenticators: FULL.authenticators.map((one) => ({ ...one, ...later })),
      backupCodes: { ...FULL.backupCodes, ...later },
      totpThrottle: { ...THROTTLE, ...later },
    }
    expect(parseRecord(overStorage(record))).to.deep.equal(record)
  })

  for (const value of [undefined, null, 1, true, '', 'text', JSON.stringify(FULL), [], [FULL], {}]) {
    it(`refuses what is no record: ${show(value).slice(0, 40)}`, () => {
      expect(refusal(value)).to.equal('record_invalid')
    })
  }

  for (const [path, values] of DAMAGES) {
    it(`refuses a record whose ${path.join('.')} is damaged`, () => {
      for (const value of values) {
        expect(refusal(damaged(path, value)), show(value)).to.equal('record_invalid')
      }
    })
  }

  const optional = [
    ['backupCodes'],
    ['unconfirmedBackupCodes'],
    ['totpThrottle'],
    ['backupCodeThrottle'],
    ['authenticators', 0, 'verifiedAt'],
    ['authenticators', 0, 'disabledAt'],
    ['authenticators', 0, 'lastUsedAt'],
    ['authenticators', 0, 'lastStep'],
    ['authenticators', 1, 'throttle'],
    ['authenticators', 1, 'pendingUntil'],
    ['authenticators', 1, 'backupCodes'],
    ['backupCodes', 'usedAt'],
  ]
  for (const path of optional) {
    it(`takes a record without ${path.join('.')}`, () => {
      expect(refusal(damaged(path, undefined))).to.equal(undefined)
    })
  }
})
