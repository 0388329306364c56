import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { keep, put, remove } from '../lib/core/transition.js'
import { type CoreEvent, MemoryStorage, SecondFactorError, type SecondFactorRecord } from '../lib/index.js'
import { createTransactor, type Decide, type Transactor } from '../lib/transact.js'
import { CountingStorage } from './support/counting-storage.js'
import { FailingStorage, type Failure, type StorageMethod } from './support/failing-storage.js'
import { InterleavingStorage } from './support/interleaving-storage.js'
import { rejection, unhandledRejections } from './support/service.js'

const TIMEOUT_SECONDS = 0.1
/** Far from the timeout, and far from twice the timeout for each of those who wait. */
const SOON_SECONDS = 0.6

const EMPTY: SecondFactorRecord = { schema: 1, epoch: 'e', authenticators: [] }
const numbered = (number: number): SecondFactorRecord => ({ ...EMPTY, epoch: `e${number}` })
const numberOf = (record: SecondFactorRecord | undefined): number => Number(record?.epoch.slice(1) ?? 0)

/** Count one up: the number that was written. */
const increment: Decide<number> = (record) => {
  const next = numberOf(record) + 1
  return put(next, numbered(next))
}

const look: Decide<number> = (record) => keep(numberOf(record))

const verdictOf = async (transactor: Transactor, userId: string, decide: Decide<number>): Promise<number> =>
  (await transactor.transact(userId, decide)).verdict

async function secondsOf(work: Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work
  return (performance.now() - before) / 1000
}

/** The code of the `SecondFactorError` that a promise must be rejected with. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await rejection(promise)
  expect(error).to.be.instanceOf(SecondFactorError)
  return (error as SecondFactorError).code
}

describe('createTransactor', () => {
  let storage: CountingStorage
  let failing: FailingStorage
  let meanwhile: InterleavingStorage
  let transactor: Transactor
  let another: Transactor
  beforeEach(() => {
    const memory = new MemoryStorage()
    failing = new FailingStorage(memory)
    meanwhile = new InterleavingStorage(failing)
    storage = new CountingStorage(meanwhile)
    transactor = createTransactor(storage, TIMEOUT_SECONDS)
    another = createTransactor(memory, TIMEOUT_SECONDS)
  })

  /** The next call of this method waits until the gate is open. */
  function holdNext(method: StorageMethod): { open(): void } {
    let open = (): void => undefined
    const opened = new Promise<void>((resolve) => (open = resolve))
    meanwhile.before(method, () => opened)
    return { open }
  }

  describe('what it writes', () => {
    it('inserts the first record, and replaces it from then on', async () => {
      await transactor.transact('u', increment)
      expect(storage.counts).to.deep.equal({ read: 1, insert: 1, replace: 0, remove: 0 })
      await transactor.transact('u', increment)
      expect(storage.counts).to.deep.equal({ read: 2, insert: 1, replace: 1, remove: 0 })
      expect((await transactor.read('u'))?.record).to.deep.equal(numbered(2))
    })

    it('removes the record', async () => {
      await transactor.transact('u', increment)
      await transactor.transact('u', () => remove('gone'))
      expect(storage.counts.remove).to.equal(1)
      expect(await transactor.read('u')).to.equal(undefined)
    })

    it('writes nothing to keep what there is, nor to remove what there is not', async () => {
      await transactor.transact('u', look)
      await transactor.transact('u', () => remove('gone'))
      expect(storage.counts).to.deep.equal({ read: 2, insert: 0, replace: 0, remove: 0 })
    })

    it('gives every write a revision of its own, also to an equal record', async () => {
      const revisions = new Set<string | undefined>()
      for (let write = 0; write < 20; write++) {
        await transactor.transact('u', () => put('same', EMPTY))
        revisions.add((await transactor.read('u'))?.revision)
      }
      expect(revisions.size).to.equal(20)
    })

    it('hands on the events of the decision that was written, and of no other', async () => {
      await transactor.transact('u', increment)
      meanwhile.before('replace', () => another.transact('u', increment))
      const { events } = await transactor.transact('u', (record) => {
        const event: CoreEvent = { type: 'backup_code_used', remaining: numberOf(record) }
        return put('used', numbered(9), event)
      })
      expect(events).to.deep.equal([{ type: 'backup_code_used', remaining: 2 }])
    })
  })

  describe('a lost write', () => {
    const losses: readonly { method: StorageMethod; decide: Decide<number>; verdict: number }[] = [
      { method: 'insert', decide: increment, verdict: 2 },
      { method: 'replace', decide: increment, verdict: 3 },
      { method: 'remove', decide: (record) => remove(numberOf(record)), verdict: 2 },
    ]
    for (const { method, decide, verdict } of losses) {
      it(`is decided again on the fresh record (${method})`, async () => {
        if (method !== 'insert') await transactor.transact('u', increment)
        storage.reset()
        meanwhile.before(method, () => another.transact('u', increment))
        expect(await verdictOf(transactor, 'u', decide)).to.equal(verdict)
        expect(storage.counts.read).to.equal(2)
      })
    }

    it('is an insert again after a removal', async () => {
      await transactor.transact('u', increment)
      storage.reset()
      meanwhile.before('replace', () => another.transact('u', () => remove('gone')))
      expect(await verdictOf(transactor, 'u', increment)).to.equal(1)
      expect(storage.counts).to.deep.equal({ read: 2, insert: 1, replace: 1, remove: 0 })
    })

    it('does not touch a record that was removed and made again, equal in everything', async () => {
      await transactor.transact('u', increment)
      storage.reset()
      meanwhile.before('replace', async () => {
        await another.transact('u', () => remove('gone'))
        await another.transact('u', increment)
      })
      const seen: number[] = []
      await transactor.transact('u', (record) => {
        seen.push(numberOf(record))
        return increment(record)
      })
      expect(seen).to.deep.equal([1, 1])
      expect(storage.counts).to.deep.equal({ read: 2, insert: 0, replace: 2, remove: 0 })
    })

    it('loses no update of 8 processes with 25 operations each', async () => {
      const memory = new MemoryStorage()
      const processes = Array.from({ length: 8 }, () => createTransactor(memory, 5))
      const verdicts = await Promise.all(
        processes.flatMap((one) => Array.from({ length: 25 }, () => verdictOf(one, 'u', increment))),
      )
      expect(verdicts.sort((a, b) => a - b)).to.deep.equal(
        Array.from({ length: 200 }, (_, index) => index + 1),
      )
    })

    it('ends in storage_contention when 64 attempts have lost', async () => {
      await transactor.transact('u', increment)
      storage.reset()
      failing.fail({ answer: false }, { methods: ['replace'] })
      expect(await codeOf(transactor.transact('u', increment))).to.equal('storage_contention')
      expect(storage.counts.replace).to.equal(64)
    })

    for (const answer of [undefined, null, 1, 'true', 'OK', {}, [true]]) {
      it(`C28 is what any other answer than true means: ${JSON.stringify(answer) as string | undefined}`, async () => {
        failing.fail({ answer }, { methods: ['insert', 'replace', 'remove'] })
        expect(await codeOf(transactor.transact('u', increment))).to.equal('storage_contention')
        failing.recover()
        await transactor.transact('u', increment)
        failing.fail({ answer }, { methods: ['insert', 'replace', 'remove'] })
        expect(await codeOf(transactor.transact('u', increment))).to.equal('storage_contention')
        expect(await codeOf(transactor.transact('u', () => remove('gone')))).to.equal('storage_contention')
      })
    }
  })

  describe('an entry that is known already', () => {
    it('saves the first read', async () => {
      await transactor.transact('u', increment)
      const entry = await transactor.read('u')
      storage.reset()
      expect((await transactor.transact('u', increment, { known: { entry } })).verdict).to.equal(2)
      expect(storage.counts).to.deep.equal({ read: 0, insert: 0, replace: 1, remove: 0 })
    })

    it('may be that there is none', async () => {
      expect((await transactor.transact('u', increment, { known: { entry: undefined } })).verdict).to.equal(1)
      expect(storage.counts).to.deep.equal({ read: 0, insert: 1, replace: 0, remove: 0 })
    })

    it('costs one retry when it is stale', async () => {
      await transactor.transact('u', increment)
      const entry = await transactor.read('u')
      await another.transact('u', increment)
      storage.reset()
      expect((await transactor.transact('u', increment, { known: { entry } })).verdict).to.equal(3)
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 2, remove: 0 })
    })

    it('is not relied upon by one who had to wait for another', async () => {
      const gate = holdNext('insert')
      const first = transactor.transact('u', increment)
      await turn()
      const second = transactor.transact('u', increment, { known: { entry: undefined } })
      gate.open()
      expect((await first).verdict).to.equal(1)
      expect((await second).verdict).to.equal(2)
      expect(storage.counts).to.deep.equal({ read: 2, insert: 1, replace: 1, remove: 0 })
    })

    it('is read again before it is the ground of a refusal', async () => {
      await transactor.transact('u', increment)
      const entry = await transactor.read('u')
      await another.transact('u', increment)
      storage.reset()
      expect((await transactor.transact('u', look, { known: { entry } })).verdict).to.equal(2)
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 0, remove: 0 })
    })

    it('may turn out to ask for a write only when it was read again', async () => {
      const entry = undefined
      await transactor.transact('u', increment)
      storage.reset()
      const raise: Decide<number> = (record) => (record ? increment(record) : look(record))
      expect((await transactor.transact('u', raise, { known: { entry } })).verdict).to.equal(2)
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 1, remove: 0 })
    })
  })

  describe('a refusal', () => {
    /** Refuses whoever has counted to one. */
    const refuse = (record: SecondFactorRecord | undefined) => (numberOf(record) === 1 ? -1 : undefined)
    const undecided: Decide<number> = () => {
      throw new Error('asked to decide')
    }
    beforeEach(async () => {
      await transactor.transact('u', increment)
      storage.reset()
    })

    it('asks for no decision and writes nothing', async () => {
      expect(await transactor.transact('u', undecided, { refuse })).to.deep.equal({ verdict: -1, events: [] })
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 0, remove: 0 })
    })

    it('is of the record that was read for it, whatever was known before', async () => {
      const known = { entry: await transactor.read('u') }
      storage.reset()
      expect((await transactor.transact('u', undecided, { known, refuse })).verdict).to.equal(-1)
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 0, remove: 0 })
      await another.transact('u', increment)
      storage.reset()
      expect((await transactor.transact('u', increment, { known, refuse })).verdict).to.equal(3)
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 1, remove: 0 })
    })

    it('leaves to the decision whoever it lets pass', async () => {
      await another.transact('u', increment)
      expect((await transactor.transact('u', increment, { refuse })).verdict).to.equal(3)
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 1, remove: 0 })
    })
  })

  describe('the queue of a user', () => {
    it('keeps the order in which operations came', async () => {
      const verdicts = await Promise.all(
        Array.from({ length: 30 }, () => verdictOf(transactor, 'u', increment)),
      )
      expect(verdicts).to.deep.equal(Array.from({ length: 30 }, (_, index) => index + 1))
    })

    it('lets no write of one process lose: whoever had to wait reads once more', async () => {
      await Promise.all(Array.from({ length: 30 }, () => transactor.transact('u', increment)))
      expect(storage.counts).to.deep.equal({ read: 30 + 29, insert: 1, replace: 29, remove: 0 })
    })

    it('is joined behind those who wait, also when the first has left', async () => {
      const atInsert = holdNext('insert')
      const first = transactor.transact('u', increment)
      const second = transactor.transact('u', increment)
      await turn()
      const atReplace = holdNext('replace')
      atInsert.open()
      await first
      await turn()
      const last = transactor.transact('u', increment)
      await turn()
      atReplace.open()
      expect((await second).verdict).to.equal(2)
      expect((await last).verdict).to.equal(3)
      expect(storage.counts).to.include({ insert: 1, replace: 2 })
    })

    it('does not hold up another user', async () => {
      const gate = holdNext('insert')
      const held = transactor.transact('slow', increment)
      await turn()
      expect(await verdictOf(transactor, 'quick', increment)).to.equal(1)
      gate.open()
      expect((await held).verdict).to.equal(1)
    })

    it('is not joined by whoever is refused, whatever the decision would be', async () => {
      await transactor.transact('u', increment)
      const gate = holdNext('replace')
      const held = transactor.transact('u', increment)
      await turn()
      const refuse = () => -1
      expect((await transactor.transact('u', increment, { refuse })).verdict).to.equal(-1)
      gate.open()
      expect((await held).verdict).to.equal(2)
    })

    /** Decides to write, loses, and cannot decide a second time. */
    function failInTurn(): Promise<unknown> {
      let asked = 0
      meanwhile.before('replace', () => another.transact('u', increment))
      return rejection(
        transactor.transact('u', (record) => {
          if (asked++ > 0) throw new Error('no decision')
          return increment(record)
        }),
      )
    }

    it('goes on after an operation that failed', async () => {
      await transactor.transact('u', increment)
      const failed = failInTurn()
      const next = verdictOf(transactor, 'u', increment)
      expect(await failed).to.have.property('message', 'no decision')
      expect(await next).to.equal(3)
    })

    // Whoever finds a queue has to wait, and so reads for itself: no read, no queue.
    const ends: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['a success', () => transactor.transact('u', increment)],
      ['many', () => Promise.all(Array.from({ length: 20 }, () => transactor.transact('u', increment)))],
      ['a decision that failed', failInTurn],
      ['a storage that failed', () => failToReplace('reject')],
      ['a storage that hung', () => failToReplace('hang')],
      ['others that always won', () => failToReplace({ answer: false })],
    ]
    const failToReplace = (how: Failure) => {
      failing.fail(how, { methods: ['replace'] })
      return rejection(transactor.transact('u', increment))
    }
    for (const [end, run] of ends) {
      it(`leaves nothing behind after ${end}`, async () => {
        await transactor.transact('u', increment)
        await run()
        await turn()
        failing.recover()
        const entry = await transactor.read('u')
        storage.reset()
        await transactor.transact('u', increment, { known: { entry } })
        expect(storage.counts).to.deep.equal({ read: 0, insert: 0, replace: 1, remove: 0 })
      })
    }
  })

  describe('a storage that fails', () => {
    const failures = ['reject', 'throw'] as const satisfies readonly Failure[]
    const asked: readonly { method: StorageMethod; run: () => Promise<unknown> }[] = [
      { method: 'read', run: () => transactor.read('u') },
      { method: 'read', run: () => transactor.transact('u', look) },
      { method: 'insert', run: () => transactor.transact('new', increment) },
      { method: 'replace', run: () => transactor.transact('u', increment) },
      { method: 'remove', run: () => transactor.transact('u', () => remove('gone')) },
    ]
    for (const how of failures) {
      for (const [index, { method, run }] of asked.entries()) {
        it(`is storage_unavailable, with its error as the cause (${how} ${method} ${index})`, async () => {
          await transactor.transact('u', increment)
          failing.fail(how, { methods: [method] })
          const error = await rejection(run())
          expect(error).to.be.instanceOf(SecondFactorError)
          expect(error).to.include({ code: 'storage_unavailable', cause: failing.trouble, status: 503 })
          failing.recover()
          expect(await verdictOf(transactor, 'u', look)).to.equal(1)
        })
      }
    }

    it('is not asked a second time, as nobody knows what the first did', async () => {
      await transactor.transact('u', increment)
      storage.reset()
      failing.fail('reject', { methods: ['replace'] })
      await rejection(transactor.transact('u', increment))
      expect(storage.counts).to.deep.equal({ read: 1, insert: 0, replace: 1, remove: 0 })
    })

    it('is heard when it fails after the time is up, and does no harm', async () => {
      const late = new FailingStorage()
      const slow = createTransactor(
        {
          read: async (userId) => {
            await delay(TIMEOUT_SECONDS * 2000)
            late.fail('reject')
            return late.read(userId)
          },
          insert: (userId, entry) => late.insert(userId, entry),
          replace: (userId, entry, revision) => late.replace(userId, entry, revision),
          remove: (userId, revision) => late.remove(userId, revision),
        },
        TIMEOUT_SECONDS,
      )
      const unhandled = await unhandledRejections(async () => {
        expect(await codeOf(slow.read('u'))).to.equal('storage_timeout')
        await delay(TIMEOUT_SECONDS * 2000)
      })
      expect(unhandled).to.deep.equal([])
    })
  })

  describe('an answer that cannot be understood', () => {
    const entry = { revision: 'r', record: EMPTY }
    const answers: readonly (readonly [unknown, string])[] = [
      [{ ...entry, record: { ...EMPTY, schema: 2 } }, 'record_invalid'],
      [{ ...entry, record: null }, 'record_invalid'],
      [{ ...entry, record: JSON.stringify(EMPTY) }, 'record_invalid'],
      [{ revision: 'r' }, 'record_invalid'],
      [{ ...entry, revision: '' }, 'storage_unavailable'],
      [{ ...entry, revision: 1 }, 'storage_unavailable'],
      [{ record: EMPTY }, 'storage_unavailable'],
      [EMPTY, 'storage_unavailable'],
      [[entry], 'storage_unavailable'],
      [[], 'storage_unavailable'],
      ['{}', 'storage_unavailable'],
      ['', 'storage_unavailable'],
      [false, 'storage_unavailable'],
      [true, 'storage_unavailable'],
      [0, 'storage_unavailable'],
      [null, 'storage_unavailable'],
    ]
    for (const [answer, code] of answers) {
      it(`is ${code} and writes nothing: ${JSON.stringify(answer)}`, async () => {
        failing.fail({ answer }, { methods: ['read'] })
        expect(await codeOf(transactor.read('u'))).to.equal(code)
        expect(await codeOf(transactor.transact('u', increment))).to.equal(code)
        expect(storage.counts).to.deep.equal({ read: 2, insert: 0, replace: 0, remove: 0 })
      })
    }

    it('is not what undefined is: there is no entry', async () => {
      failing.fail({ answer: undefined }, { methods: ['read'] })
      expect(await transactor.read('u')).to.equal(undefined)
      expect(await verdictOf(transactor, 'u', look)).to.equal(0)
    })
  })

  describe('a storage that hangs', () => {
    beforeEach(() => transactor.transact('u', increment))
    afterEach(() => {
      failing.recover()
    })

    const methods: readonly { method: StorageMethod; run: () => Promise<unknown> }[] = [
      { method: 'read', run: () => transactor.read('u') },
      { method: 'insert', run: () => transactor.transact('new', increment) },
      { method: 'replace', run: () => transactor.transact('u', increment) },
      { method: 'remove', run: () => transactor.transact('u', () => remove('gone')) },
    ]
    for (const { method, run } of methods) {
      it(`is storage_timeout when the time is up (${method})`, async () => {
        failing.fail('hang', { methods: [method] })
        const seconds = await secondsOf(
          codeOf(run()).then((code) => expect(code).to.equal('storage_timeout')),
        )
        expect(seconds).to.be.within(TIMEOUT_SECONDS * 0.9, SOON_SECONDS)
      })
    }

    it('lets everybody who waits for the same user go at the same moment', async () => {
      failing.fail('hang', { methods: ['replace'] })
      const codes: string[] = []
      const seconds = await secondsOf(
        Promise.all(
          Array.from({ length: 20 }, async () =>
            codes.push(await codeOf(transactor.transact('u', increment))),
          ),
        ),
      )
      expect(codes).to.deep.equal(Array.from({ length: 20 }, () => 'storage_timeout'))
      expect(seconds).to.be.below(SOON_SECONDS)
    })

    it('holds up nobody else', async () => {
      failing.fail('hang', { userId: 'u', methods: ['replace'] })
      const held = codeOf(transactor.transact('u', increment))
      expect(await verdictOf(transactor, 'somebody else', increment)).to.equal(1)
      expect(await held).to.equal('storage_timeout')
    })

    it('is as good as new for the same user when it answers again', async () => {
      failing.fail('hang')
      await rejection(transactor.transact('u', increment))
      failing.recover()
      expect(await verdictOf(transactor, 'u', increment)).to.equal(2)
    })

    it('is believed to have done what it did not answer for', async () => {
      failing.fail('lose answer', { methods: ['replace'] })
      expect(await codeOf(transactor.transact('u', increment))).to.equal('storage_timeout')
      failing.recover()
      expect(await verdictOf(transactor, 'u', look)).to.equal(2)
    })

    it('is given one bound for all attempts together', async () => {
      let lost = 0
      const slow = createTransactor(
        {
          read: (userId) => storage.read(userId),
          insert: (userId, entry) => storage.insert(userId, entry),
          remove: (userId, revision) => storage.remove(userId, revision),
          replace: async () => {
            lost++
            await delay(TIMEOUT_SECONDS * 300)
            return false
          },
        },
        TIMEOUT_SECONDS,
      )
      const seconds = await secondsOf(
        codeOf(slow.transact('u', increment)).then((code) => expect(code).to.equal('storage_timeout')),
      )
      expect(seconds).to.be.below(SOON_SECONDS)
      expect(lost).to.be.within(1, 4)
    })
  })

  describe('a decision that takes longer than the storage may', () => {
    const late: Decide<number> = async (record) => {
      await delay(TIMEOUT_SECONDS * 1500)
      return increment(record)
    }

    it('C15 is written all the same: what was looked at is charged', async () => {
      await transactor.transact('u', increment)
      expect(await verdictOf(transactor, 'u', late)).to.equal(2)
      expect(await verdictOf(another, 'u', look)).to.equal(2)
    })

    it('C15 is written also when it had to be made twice', async () => {
      await transactor.transact('u', increment)
      meanwhile.before('replace', () => another.transact('u', increment))
      expect(await verdictOf(transactor, 'u', late)).to.equal(3)
    })

    it('leaves the storage no more time than it has otherwise', async () => {
      await transactor.transact('u', increment)
      failing.fail('hang', { methods: ['replace'] })
      const seconds = await secondsOf(
        codeOf(transactor.transact('u', late)).then((code) => expect(code).to.equal('storage_timeout')),
      )
      expect(seconds).to.be.below(TIMEOUT_SECONDS * 1.5 + SOON_SECONDS)
    })

    it('is too long for one who waits behind it, who starts neither a read nor a write', async () => {
      await transactor.transact('u', increment)
      storage.reset()
      const first = verdictOf(transactor, 'u', late)
      const second = codeOf(transactor.transact('u', increment))
      expect(await first).to.equal(2)
      expect(await second).to.equal('storage_timeout')
      expect(storage.counts).to.deep.equal({ read: 2, insert: 0, replace: 1, remove: 0 })
      expect(await verdictOf(transactor, 'u', look)).to.equal(2)
    })
  })
})
