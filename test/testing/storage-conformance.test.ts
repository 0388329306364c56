import { expect } from 'chai'
import { describe, it } from 'mocha'
import { MemoryStorage, type StorageAdapter, type StoredEntry } from '../../lib/index.js'
import { type CreateStorage, storageConformance } from '../../lib/testing/index.js'
import { BreakableStorage, BROKEN_STORAGES, SilentReplace } from '../support/broken-storages.js'

interface Case {
  /** `group: title`, as one title may stand in several groups. */
  readonly title: string
  readonly body: () => Promise<void>
}

/** The kit's cases, collected by a runner that runs nothing. */
function casesFor(createStorage: CreateStorage): readonly Case[] {
  const cases: Case[] = []
  let group = ''
  storageConformance(
    {
      describe: (title, body) => {
        group = title
        body()
      },
      it: (title, body) => cases.push({ title: `${group}: ${title}`, body }),
    },
    createStorage,
  )
  return cases
}

/** The titles of the cases that fail, each run by itself. */
async function failuresOf(createStorage: CreateStorage): Promise<readonly string[]> {
  const failures: string[] = []
  for (const { title, body } of casesFor(createStorage)) {
    await body().catch(() => failures.push(title))
  }
  return failures
}

const shared = (storage: StorageAdapter) => () => storage

describe('storageConformance', () => {
  const titles = casesFor(() => new MemoryStorage()).map(({ title }) => title)

  it('has 44 cases, each with a title of its own', () => {
    expect(titles).to.have.length(44)
    expect(new Set(titles).size).to.equal(44)
  })

  it('finds no fault with a sound storage, made once or for every case', async () => {
    expect(await failuresOf(shared(new MemoryStorage()))).to.deep.equal([])
    expect(await failuresOf(() => new MemoryStorage())).to.deep.equal([])
  })

  it('waits for a storage that takes its time to be made', async () => {
    expect(await failuresOf(() => Promise.resolve(new MemoryStorage()))).to.deep.equal([])
  })

  it('may be run twice against the same database', async () => {
    const storage = shared(new MemoryStorage())
    await failuresOf(storage)
    expect(await failuresOf(storage)).to.deep.equal([])
  })

  it('finds no fault with what the broken storages of these tests are made from', async () => {
    expect(await failuresOf(shared(new BreakableStorage()))).to.deep.equal([])
  })

  for (const { fault, create, noticedBy } of BROKEN_STORAGES) {
    it(`refuses a storage that ${fault}: "${noticedBy}"`, async () => {
      expect(titles).to.include(noticedBy)
      expect(await failuresOf(shared(create()))).to.include(noticedBy)
    })
  }

  it('refuses storages that keep something to themselves, when it is given two of them', async () => {
    const database = new MemoryStorage()
    class Caching extends MemoryStorage {
      readonly #read = new Map<string, StoredEntry | undefined>()
      override async read(userId: string) {
        if (!this.#read.has(userId)) this.#read.set(userId, await database.read(userId))
        return structuredClone(this.#read.get(userId))
      }
      override insert(userId: string, entry: StoredEntry) {
        this.#read.delete(userId)
        return database.insert(userId, entry)
      }
      override replace(userId: string, entry: StoredEntry, revision: string) {
        this.#read.delete(userId)
        return database.replace(userId, entry, revision)
      }
      override remove(userId: string, revision: string) {
        this.#read.delete(userId)
        return database.remove(userId, revision)
      }
    }
    expect(await failuresOf(shared(new Caching()))).to.deep.equal([])
    const pair = [new Caching(), new Caching()] as const
    expect(await failuresOf(() => pair)).to.include('read: sees every completed write')
  })

  it('comes to an end with a storage that never answers a replacement with true', async () => {
    const storage = new SilentReplace()
    await failuresOf(shared(storage))
    expect(storage.replacements).to.be.at.most(SilentReplace.PATIENCE)
  })
})
