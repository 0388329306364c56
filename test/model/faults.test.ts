import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { StorageAdapter } from '../../lib/index.js'
import { BROKEN_STORAGES } from '../support/broken-storages.js'
import { checkPrograms, type Counterexample } from './check.js'
import { CountsVersions, HollowWrite, LaggingReads } from './faults.js'
import { countedTwice } from './judge.js'

/** More than any fault has needed by far. */
const OPERATIONS = 60_000
const PATIENCE_MS = 60_000
const SEED = 2_000

const FAULTS: Readonly<Record<string, () => StorageAdapter>> = {
  'says that it has inserted': () => new HollowWrite('insert'),
  'says that it has replaced': () => new HollowWrite('replace'),
  'says that it has removed': () => new HollowWrite('remove'),
  'counts the versions of a record, from one again after it was removed': () => new CountsVersions(),
}

/** Those of the conformance kit's storages whose fault shows itself to users: in a race, or in what becomes of a record. */
const KNOWN_FAULTS: readonly string[] = [
  'reads, then inserts',
  'reads, then replaces',
  'reads, then removes',
  'upserts when it should insert',
  'answers false to an insert, but overwrites',
  'replaces whatever the revision',
  'replaces what is not there',
  'removes whatever the revision',
  'drops members that it does not know',
  'merges the new record into the old one',
  'sorts lists',
]

describe('random programs on a broken storage', () => {
  const known = BROKEN_STORAGES.filter(({ fault }) => KNOWN_FAULTS.includes(fault))
  const all = { ...FAULTS, ...Object.fromEntries(known.map(({ fault, create }) => [fault, create])) }

  it('is tried with every fault that is meant', () => {
    expect(known.map(({ fault }) => fault)).to.deep.equal(KNOWN_FAULTS)
  })

  for (const [fault, create] of Object.entries(all)) {
    it(`finds the one that ${fault}`, async () => {
      expect((await counterexampleOn(create())).complaint).to.match(/No order explains|counted twice/)
    }).timeout(PATIENCE_MS)
  }

  it('shrinks a lost update to a few operations that can be read', async () => {
    const broken = BROKEN_STORAGES.find(({ fault }) => fault === 'reads, then replaces')
    const storage = (broken as (typeof known)[number]).create()
    const { history, complaint } = await counterexampleOn(storage, { shrinks: true })
    expect(history).to.have.length.at.most(8)
    for (const entry of history) expect(complaint).to.contain(`[${entry.called}, ${entry.answered}]`)
  }).timeout(PATIENCE_MS)
})

describe('random programs on a storage whose reads lag behind', () => {
  it('are told what is no longer so: a read is guarded by nothing', async () => {
    expect((await counterexampleOn(new LaggingReads())).complaint).to.contain('No order explains')
  }).timeout(PATIENCE_MS)

  it('let no code count twice all the same: what is written is guarded', async () => {
    const { operations, counterexample } = await checkPrograms([new LaggingReads()], {
      seed: SEED,
      operations: 3_000,
      chances: 1,
      complaint: (history) => countedTwice(history),
    })
    expect(operations).to.be.at.least(3_000)
    expect(counterexample?.complaint).to.equal(undefined)
  }).timeout(PATIENCE_MS)
})

async function counterexampleOn(storage: StorageAdapter, { shrinks = false } = {}): Promise<Counterexample> {
  const { counterexample, operations } = await checkPrograms([storage], {
    seed: SEED,
    operations: OPERATIONS,
    chances: 1,
    shrinks,
  })
  if (!counterexample) throw new Error(`Nothing was wrong with ${operations} operations.`)
  return counterexample
}
