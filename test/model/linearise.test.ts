import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Entry, History, Operation, Outcome } from './history.js'
import { complaintOf, countedTwice } from './judge.js'
import { linearise } from './linearise.js'
import type { Bounds } from './state.js'

const BOUNDS: Bounds = { freeAttempts: 5, weeklyBudget: 60, disableAfter: 100, codesInSet: 3 }

/** `during` is when it was called and when answered; undefined as outcome: the answer was lost. */
const entry = (
  during: readonly [number, number],
  operation: Operation,
  outcome: Outcome | undefined,
): Entry => ({ worker: 'worker', called: during[0], answered: during[1], operation, outcome })

const ok = (shown: Partial<Outcome> = {}): Outcome => ({ answer: 'ok', ...shown })
const refused = (answer: string): Outcome => ({ answer })

const LABEL = 'Authenticator 1'
const ENROLLED: History = [
  entry([0, 1], { kind: 'enrol' }, ok({ authenticator: 'A1', label: LABEL })),
  entry(
    [2, 3],
    { kind: 'confirm', authenticator: 'A1', matches: [{ authenticator: 'A1', step: -1 }] },
    ok({ label: LABEL, epoch: 'E1', codes: 'S1' }),
  ),
]
const code = (step: number): Operation => ({ kind: 'verify', matches: [{ authenticator: 'A1', step }] })
const WRONG: Operation = { kind: 'verify', matches: [] }
const backupCode = (index: number): Operation => ({ kind: 'use', code: { codes: 'S1', index } })
const verified = ok({ authenticator: 'A1', remaining: 3, epoch: 'E1' })
const used = (remaining: number, epoch: string) => ok({ remaining, epoch })

const complaint = (...entries: History) => complaintOf([...ENROLLED, ...entries], BOUNDS)

describe('linearise', () => {
  it('takes operations at the same time in whatever order explains them', () => {
    const right = entry([4, 7], code(0), verified)
    const replayed = entry([5, 6], code(0), refused('invalid_code'))
    expect(complaint(right, replayed)).to.equal(undefined)
    expect(complaint(replayed, right)).to.equal(undefined)
  })

  it('lets nothing come after what began when it had ended', () => {
    const replayed = entry([4, 5], code(0), refused('invalid_code'))
    const right = entry([6, 7], code(0), verified)
    expect(complaint(replayed, right)).to.contain('No order explains')
  })

  it('lets an operation whose answer was lost have happened, or not', () => {
    const lost = entry([4, 5], backupCode(0), undefined)
    expect(complaint(lost, entry([6, 7], backupCode(0), refused('invalid_code')))).to.equal(undefined)
    expect(complaint(lost, entry([6, 7], backupCode(0), used(2, 'E2')))).to.equal(undefined)
  })

  it('lets it happen long after it was given up', () => {
    const lost = entry([4, 5], { kind: 'reset' }, undefined)
    const before = entry([6, 7], backupCode(0), used(2, 'E2'))
    const after = entry([8, 9], backupCode(1), refused('not_enrolled'))
    expect(complaint(lost, before, after)).to.equal(undefined)
    expect(complaint(before, after)).to.contain('No order explains')
  })

  it('lets it happen once only, and not before it was called', () => {
    const lost = entry([6, 7], backupCode(0), undefined)
    const first = entry([8, 9], backupCode(1), used(1, 'E2'))
    expect(complaint(lost, first)).to.equal(undefined)
    expect(complaint(lost, entry([8, 9], backupCode(1), used(0, 'E2')))).to.contain('No order explains')
    expect(complaint(entry([4, 5], backupCode(1), used(1, 'E2')), lost)).to.contain('No order explains')
  })

  it('goes as far as an order goes, and says what could not come next', () => {
    const history = [...ENROLLED, entry([4, 5], code(-1), verified)]
    const found = linearise<number>(history, {
      initial: 0,
      step: (done) => (done < 2 ? done + 1 : undefined),
      changesNothing: () => false,
    })
    expect(found).to.deep.equal({ explained: false, order: ENROLLED, last: 2, stuck: history.slice(2) })
  })

  it('does not take for ever to find that nothing explains sixty operations of eight workers', () => {
    const guesses = Array.from({ length: 56 }, (_, index) => {
      const round = 10 + 20 * Math.floor(index / 8)
      return entry(
        [round + (index % 8), round + 10 + (index % 8)],
        backupCode(index % 3),
        refused('invalid_code'),
      )
    })
    const before = [0, 1, 2].map((index) =>
      entry([4, 9], backupCode(index), used(2 - index, `E${index + 2}`)),
    )
    expect(complaint(...before, ...guesses)).to.equal(undefined)
    expect(complaint(...before.slice(1), ...guesses)).to.contain('No order explains')
  })
})

describe('the judgement of a history', () => {
  const unexplained: Readonly<Record<string, History>> = {
    'a lost update': [
      entry([4, 7], backupCode(0), used(2, 'E2')),
      entry([5, 6], backupCode(1), used(2, 'E3')),
    ],
    'a code that was spent by the confirmation': [entry([4, 5], code(-1), verified)],
    'an older step after a newer one': [entry([4, 5], code(1), verified), entry([6, 7], code(0), verified)],
    'a sixth guess that is looked at': [0, 1, 2, 3, 4, 5].map((guess) => {
      return entry([4 + 2 * guess, 5 + 2 * guess], WRONG, refused('invalid_code'))
    }),
    'a lock that came too early': [entry([4, 5], WRONG, { answer: 'locked', retryAfterSeconds: 30 })],
    'a backup code that starts no new epoch': [entry([4, 5], backupCode(0), used(2, 'E1'))],
    'an authenticator that came back': [
      entry([4, 5], { kind: 'reset' }, ok()),
      entry([6, 7], code(0), verified),
    ],
    'a removal of the last authenticator that leaves something': [
      entry([4, 5], { kind: 'remove', authenticator: 'A1' }, ok({ epoch: 'E2' })),
    ],
    'an old set after a new one was confirmed': [
      entry([4, 5], { kind: 'generate' }, ok({ codes: 'S2' })),
      entry([6, 7], { kind: 'confirm set', set: 'S2' }, ok({ set: { id: 'S2', remaining: 3, total: 3 } })),
      entry([8, 9], backupCode(0), used(2, 'E2')),
    ],
  }
  for (const [what, entries] of Object.entries(unexplained)) {
    it(`does not let ${what} pass`, () => {
      expect(complaint(...entries)).to.be.a('string')
    })
  }

  it('needs no model to see that a code counted twice', () => {
    const twice = [entry([4, 7], code(0), verified), entry([5, 6], code(0), verified)]
    expect(countedTwice([...ENROLLED, ...twice])).to.equal('A1@0')
    expect(complaint(...twice)).to.contain('A1@0 counted twice')
    const confirmed = entry([4, 5], code(-1), verified)
    expect(countedTwice([...ENROLLED, confirmed])).to.equal('A1@-1')
    const recoveries = [
      entry([4, 5], backupCode(0), used(2, 'E2')),
      entry([6, 7], backupCode(0), used(1, 'E3')),
    ]
    expect(countedTwice([...ENROLLED, ...recoveries])).to.equal('S1[0]')
  })

  it('forgives wrong codes for a right one, and lets nothing but wrong ones lock', () => {
    const outcomes = [
      ...Array.from({ length: 4 }, () => [WRONG, refused('invalid_code')] as const),
      [code(0), verified] as const,
      ...Array.from({ length: 9 }, () => [code(0), refused('invalid_code')] as const),
      ...Array.from({ length: 5 }, () => [WRONG, refused('invalid_code')] as const),
      [code(1), { answer: 'locked', retryAfterSeconds: 30 }] as const,
      [backupCode(0), used(2, 'E2')] as const,
    ]
    const entries = outcomes.map(([operation, outcome], index) => {
      return entry([4 + 2 * index, 5 + 2 * index], operation, outcome)
    })
    expect(complaint(...entries)).to.equal(undefined)
  })

  it('says what could not come next, and what would have been right', () => {
    const text = complaint(entry([4, 5], code(-1), verified)) ?? ''
    expect(text).to.contain('verify the code A1@-1 → ok')
    expect(complaint(entry([4, 5], { kind: 'rename', authenticator: 'A2', label: 'New' }, ok()))).to.contain(
      'where this is right: not_found',
    )
  })
})
