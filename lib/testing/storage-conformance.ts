import assert from 'node:assert/strict'
import type { StorageAdapter, StoredEntry } from '../storage/adapter.js'
import { newToken } from '../tokens.js'
import { AlternatingStorage } from './alternating-storage.js'
import { AWKWARD_USER_IDS, LONGEST_USER_ID, newEntry, spoil, unstorable } from './entries.js'

/** The two functions that mocha, vitest, jest and node:test have in common. */
export interface ConformanceRunner {
  /** Groups cases. */
  readonly describe: (title: string, body: () => void) => unknown
  /** Is given each case. */
  readonly it: (title: string, body: () => Promise<void>) => unknown
}

/**
 * Makes the storage under test, or several of them on one database, with connections of their own, as several processes
 * would have: they are used in turn, so that what one keeps to itself is noticed. Called for each case; all of them may
 * share one database, for every case has user ids of its own.
 */
export type CreateStorage = () => StoragesUnderTest | Promise<StoragesUnderTest>
type StoragesUnderTest = StorageAdapter | readonly StorageAdapter[]

const RACERS = 20

/**
 * The contract of {@link StorageAdapter} as tests: each sentence, races with one winner, records and user ids as
 * awkward as they come. A storage that passes may be used; no case can be switched off.
 *
 * @param runner - the test runner's own functions: `{ describe, it }`
 * @param createStorage - the storage under test, on a real database; better two of them, on connections of their own
 *
 * @example
 * ```ts
 * import { describe, it } from 'mocha'
 * storageConformance({ describe, it }, () => [new RedisStorage({ client }), new RedisStorage({ client: another })])
 * ```
 */
export function storageConformance(runner: ConformanceRunner, createStorage: CreateStorage): void {
  const { describe, it } = runner

  /** A case with a storage and a user that no other case knows. */
  const check = (title: string, body: (storage: StorageAdapter, userId: string) => Promise<void>) =>
    it(title, async () => {
      await body(oneOf(await createStorage()), `conformance ${newToken()}`)
    })

  describe('storage conformance', () => {
    describe('read', () => {
      check('gives undefined for a user without an entry', async (storage, userId) => {
        assert.equal(await storage.read(userId), undefined)
      })

      check('gives the revision and the record that were stored', async (storage, userId) => {
        const entry = await inserted(storage, userId)
        assert.deepEqual(await storage.read(userId), entry)
      })

      check('sees every completed write', async (storage, userId) => {
        let { revision } = await inserted(storage, userId)
        for (let round = 0; round < RACERS; round++) {
          const next = newEntry()
          assert.equal(await storage.replace(userId, next, revision), true)
          assert.deepEqual(await storage.read(userId), next)
          revision = next.revision
        }
      })

      check('gives an object that is not shared with the storage', async (storage, userId) => {
        const entry = await inserted(storage, userId)
        const read = await storage.read(userId)
        assert.ok(read)
        spoil(read)
        assert.deepEqual(await storage.read(userId), entry)
      })
    })

    describe('insert', () => {
      check(
        'answers true, and false once there is an entry, which it leaves alone',
        async (storage, userId) => {
          const entry = await inserted(storage, userId)
          assert.equal(await storage.insert(userId, entry), false)
          assert.equal(await storage.insert(userId, newEntry()), false)
          assert.deepEqual(await storage.read(userId), entry)
        },
      )

      check('keeps no object that the caller may change later', async (storage, userId) => {
        const entry = newEntry()
        const kept = structuredClone(entry)
        await storage.insert(userId, entry)
        spoil(entry)
        assert.deepEqual(await storage.read(userId), kept)
      })

      check('has one winner of many at once, whose entry is the one stored', async (storage, userId) => {
        const entries = Array.from({ length: RACERS }, newEntry)
        const won = await winners(entries, (entry) => storage.insert(userId, entry))
        assert.deepEqual(won, [await storage.read(userId)])
      })
    })

    describe('replace', () => {
      check('answers true when the revision is the present one', async (storage, userId) => {
        const { revision } = await inserted(storage, userId)
        const next = newEntry()
        assert.equal(await storage.replace(userId, next, revision), true)
        assert.deepEqual(await storage.read(userId), next)
      })

      check('answers false, and changes nothing, when the revision is another', async (storage, userId) => {
        const first = await inserted(storage, userId)
        const second = newEntry()
        await storage.replace(userId, second, first.revision)
        for (const revision of [first.revision, newToken(), second.revision.slice(0, -1), '', '%', '*']) {
          assert.equal(await storage.replace(userId, newEntry(), revision), false)
        }
        assert.deepEqual(await storage.read(userId), second)
      })

      check('answers false, and stores nothing, when there is no entry', async (storage, userId) => {
        assert.equal(await storage.replace(userId, newEntry(), newToken()), false)
        assert.equal(await storage.read(userId), undefined)
      })

      check('keeps no object that the caller may change later', async (storage, userId) => {
        const { revision } = await inserted(storage, userId)
        const next = newEntry()
        const kept = structuredClone(next)
        await storage.replace(userId, next, revision)
        spoil(next)
        assert.deepEqual(await storage.read(userId), kept)
      })

      check('has one winner of many at once, whose entry is the one stored', async (storage, userId) => {
        const { revision } = await inserted(storage, userId)
        const entries = Array.from({ length: RACERS }, newEntry)
        const won = await winners(entries, (entry) => storage.replace(userId, entry, revision))
        assert.deepEqual(won, [await storage.read(userId)])
      })

      check('loses no update of many that each read, change and retry', async (storage, userId) => {
        await inserted(storage, userId, { counter: 0 })
        await Promise.all(Array.from({ length: RACERS }, () => increment(storage, userId)))
        assert.equal(counterOf(await storage.read(userId)), RACERS)
      })

      check(
        'knows an entry from an equal one that was removed and inserted again',
        async (storage, userId) => {
          const before = await inserted(storage, userId)
          await storage.remove(userId, before.revision)
          const again = { revision: newToken(), record: before.record }
          await storage.insert(userId, again)
          assert.equal(await storage.replace(userId, newEntry(), before.revision), false)
          assert.equal(await storage.remove(userId, before.revision), false)
          assert.deepEqual(await storage.read(userId), again)
        },
      )
    })

    describe('remove', () => {
      check(
        'answers true when the revision is the present one, and leaves no entry',
        async (storage, userId) => {
          const { revision } = await inserted(storage, userId)
          assert.equal(await storage.remove(userId, revision), true)
          assert.equal(await storage.read(userId), undefined)
          await inserted(storage, userId)
        },
      )

      check('answers false, and changes nothing, when the revision is another', async (storage, userId) => {
        const entry = await inserted(storage, userId)
        for (const revision of [newToken(), '', '%', '*']) {
          assert.equal(await storage.remove(userId, revision), false)
        }
        assert.deepEqual(await storage.read(userId), entry)
      })

      check('answers false when there is no entry', async (storage, userId) => {
        assert.equal(await storage.remove(userId, newToken()), false)
      })

      check('has one winner of many at once', async (storage, userId) => {
        const { revision } = await inserted(storage, userId)
        const won = await winners(Array.from({ length: RACERS }), () => storage.remove(userId, revision))
        assert.equal(won.length, 1)
      })

      check('never wins together with a replacement of the same revision', async (storage, userId) => {
        for (let round = 0; round < RACERS; round++) {
          const id = `${userId} ${round}`
          const { revision } = await inserted(storage, id)
          const next = newEntry()
          const [removed, replaced] = await Promise.all([
            storage.remove(id, revision),
            storage.replace(id, next, revision),
          ])
          assert.notEqual(removed, replaced)
          assert.deepEqual(await storage.read(id), replaced ? next : undefined)
        }
      })
    })

    describe('failure', () => {
      check('rejects an entry that it cannot store, and stores nothing of it', async (storage, userId) => {
        const entry = unstorable()
        const stored = await refusedOrTrue(storage.insert(userId, entry))
        assert.deepEqual(await storage.read(userId), stored ? entry : undefined)
      })

      check(
        'rejects a replacement that it cannot store, and keeps what there was',
        async (storage, userId) => {
          const entry = await inserted(storage, userId)
          const next = unstorable()
          const stored = await refusedOrTrue(storage.replace(userId, next, entry.revision))
          assert.deepEqual(await storage.read(userId), stored ? next : entry)
        },
      )
    })

    describe('user ids', () => {
      for (const [kind, text] of Object.entries(AWKWARD_USER_IDS)) {
        check(`keeps apart users whose ids have ${kind}`, async (storage, userId) => {
          // The random part comes last, and is left out where the text has to fill the whole id.
          const id = text.length >= LONGEST_USER_ID ? text.slice(userId.length) + userId : text + userId
          assert.equal(await storage.read(id), undefined)
          const entry = await inserted(storage, id)
          assert.deepEqual(await storage.read(id), entry)
          assert.equal(await storage.read(`${id.slice(0, -1)}!`), undefined)
          const next = newEntry()
          assert.equal(await storage.replace(id, next, entry.revision), true)
          assert.equal(await storage.remove(id, next.revision), true)
        })
      }

      for (const id of ['__proto__', 'constructor', 'toString']) {
        check(`takes ${id} for an id like any other`, async (storage) => {
          const left = await storage.read(id)
          if (left) await storage.remove(id, left.revision)
          const entry = await inserted(storage, id)
          assert.deepEqual(await storage.read(id), entry)
          assert.equal(await storage.remove(id, entry.revision), true)
        })
      }

      check('does not fold case, trim or normalise', async (storage, userId) => {
        const ids = ['ä', 'a\u0308', 'Ä', 'A', 'a', ' a', 'a '].map((text) => userId + text)
        const entries = await Promise.all(ids.map((id) => inserted(storage, id)))
        for (const [index, id] of ids.entries()) assert.deepEqual(await storage.read(id), entries[index])
      })
    })

    describe('records', () => {
      check('keeps members that it does not know, at every depth', async (storage, userId) => {
        await keeps(storage, userId, { unknown: { list: [1, { deep: true }, null], text: 'x' } })
      })

      check('keeps text of every script, and what SQL, Lua and JSON hold dear', async (storage, userId) => {
        await keeps(storage, userId, {
          text: '日本語 العربية 👩‍👩‍👧 e\u0301 \' " ` \\ % _ $1 ? :x {} [] \n\t\u0001 \u2028',
        })
      })

      check('keeps numbers as they are', async (storage, userId) => {
        await keeps(storage, userId, { numbers: [0, -1, 0.1, 1_700_000_000_000, Number.MAX_SAFE_INTEGER] })
      })

      check('leaves absent members absent', async (storage, userId) => {
        const { revision } = await inserted(storage, userId, { once: 'there' })
        const next = newEntry()
        await storage.replace(userId, next, revision)
        const read = await storage.read(userId)
        assert.ok(read && !('once' in read.record) && !('backupCodes' in read.record))
      })

      check('keeps the order of lists, empty lists and empty objects', async (storage, userId) => {
        await keeps(storage, userId, { lists: [[], ['b', 'a', 'b'], {}] })
      })

      check('keeps a record of 64 kB', async (storage, userId) => {
        await keeps(storage, userId, { long: 'x'.repeat(64 * 1024) })
      })
    })
  })
}

const oneOf = (storages: StoragesUnderTest): StorageAdapter =>
  'read' in storages ? storages : new AlternatingStorage(storages)

async function inserted(storage: StorageAdapter, userId: string, members: object = {}): Promise<StoredEntry> {
  const entry = newEntry(members)
  assert.equal(await storage.insert(userId, structuredClone(entry)), true)
  return entry
}

/** False for a rejection. A storage that takes even such a record may say true, if it then has it; never false. */
async function refusedOrTrue(answer: Promise<boolean>): Promise<boolean> {
  const settled: unknown = await answer.catch(() => 'rejected')
  assert.ok(settled === true || settled === 'rejected', 'neither rejected nor stored')
  return settled === true
}

/** What was stored comes back the same, inserted and replaced. */
async function keeps(storage: StorageAdapter, userId: string, members: object): Promise<void> {
  const first = await inserted(storage, userId, members)
  assert.deepEqual(await storage.read(userId), first)
  const second = newEntry(members)
  await storage.replace(userId, second, first.revision)
  assert.deepEqual(await storage.read(userId), second)
}

/** Let all go at once; those that were answered true. Any other answer but false is a fault. */
async function winners<Racer>(
  racers: readonly Racer[],
  run: (racer: Racer) => Promise<boolean>,
): Promise<Racer[]> {
  const answers: unknown[] = await Promise.all(racers.map(run))
  for (const answer of answers) assert.equal(typeof answer, 'boolean')
  const won = racers.filter((_, index) => answers[index] === true)
  assert.equal(won.length, 1, `${won.length} of ${racers.length} won`)
  return won
}

async function increment(storage: StorageAdapter, userId: string): Promise<void> {
  // Who loses, loses to somebody who wins and is done: nobody can lose more often than there are others.
  for (let attempt = 0; attempt < RACERS; attempt++) {
    const entry = await storage.read(userId)
    assert.ok(entry)
    const next = newEntry({ counter: counterOf(entry) + 1 })
    if (await storage.replace(userId, next, entry.revision)) return
  }
  assert.fail('lost more often than others can have won')
}

const counterOf = (entry: StoredEntry | undefined): number =>
  (entry?.record as unknown as { counter: number }).counter
