import type { StorageAdapter, StoredEntry } from '../../lib/index.js'

/* eslint-disable @typescript-eslint/require-await -- Async like the storages they stand for. */

/** A storage with one fault, and a case of the conformance kit that has to notice it. */
export interface BrokenStorage {
  readonly fault: string
  readonly create: () => StorageAdapter
  /** `group: title` of a case. */
  readonly noticedBy: string
}

/** Sound by itself, and open to be broken in one place: each fault overrides what it breaks and nothing more. */
export class BreakableStorage implements StorageAdapter {
  protected readonly entries = new Map<string, string>()

  async read(userId: string): Promise<StoredEntry | undefined> {
    return this.present(userId)
  }

  async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    if (this.entries.has(this.key(userId))) return false
    return this.store(userId, entry)
  }

  async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    const present = this.present(userId)
    if (!present || !this.isRevision(present, revision)) return false
    return this.store(userId, entry)
  }

  async remove(userId: string, revision: string): Promise<boolean> {
    const present = this.present(userId)
    if (!present || !this.isRevision(present, revision)) return false
    return this.entries.delete(this.key(userId))
  }

  protected key(userId: string): string {
    return userId
  }

  protected encode(entry: StoredEntry): string {
    return JSON.stringify(entry)
  }

  protected decode(text: string): StoredEntry {
    return JSON.parse(text) as StoredEntry
  }

  protected isRevision(present: StoredEntry, revision: string): boolean {
    return present.revision === revision
  }

  protected present(userId: string): StoredEntry | undefined {
    const text = this.entries.get(this.key(userId))
    return text === undefined ? undefined : this.decode(text)
  }

  protected store(userId: string, entry: StoredEntry): boolean {
    this.entries.set(this.key(userId), this.encode(entry))
    return true
  }
}

type LooseRecord = Record<string, unknown>

const withRecord = (entry: StoredEntry, record: object): StoredEntry => ({
  revision: entry.revision,
  record: record as StoredEntry['record'],
})

const recordOf = (entry: StoredEntry): LooseRecord => entry.record as unknown as LooseRecord

/** Check, let others in, change: what a SELECT before an UPDATE is. */
const gap = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

class GapOnInsert extends BreakableStorage {
  override async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    if (this.present(userId)) return false
    await gap()
    return this.store(userId, entry)
  }
}

class GapOnReplace extends BreakableStorage {
  override async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    if (this.present(userId)?.revision !== revision) return false
    await gap()
    return this.store(userId, entry)
  }
}

class GapOnRemove extends BreakableStorage {
  override async remove(userId: string, revision: string): Promise<boolean> {
    if (this.present(userId)?.revision !== revision) return false
    await gap()
    this.entries.delete(userId)
    return true
  }
}

/** Each change is atomic by itself, but the one lets the other in. */
class RemovalAfterReplacement extends BreakableStorage {
  override async remove(userId: string, revision: string): Promise<boolean> {
    if (this.present(userId)?.revision !== revision) return false
    await gap()
    return this.entries.delete(userId)
  }
}

/** Keeps objects, not text, and leaves out a copy somewhere. */
class SharingStorage extends BreakableStorage {
  readonly #objects = new Map<string, StoredEntry>()

  constructor(private readonly shares: 'read' | 'insert' | 'replace') {
    super()
  }

  override async read(userId: string): Promise<StoredEntry | undefined> {
    return this.#copy('read', this.#objects.get(userId))
  }

  override async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    if (this.#objects.has(userId)) return false
    this.#objects.set(userId, this.#copy('insert', entry))
    return true
  }

  override async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    if (this.#objects.get(userId)?.revision !== revision) return false
    this.#objects.set(userId, this.#copy('replace', entry))
    return true
  }

  override async remove(userId: string, revision: string): Promise<boolean> {
    return this.#objects.get(userId)?.revision === revision && this.#objects.delete(userId)
  }

  #copy<Value>(where: 'read' | 'insert' | 'replace', value: Value): Value {
    return this.shares === where ? value : structuredClone(value)
  }
}

class UpsertingInsert extends BreakableStorage {
  override async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.store(userId, entry)
  }
}

class OverwritingInsert extends BreakableStorage {
  override async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    const existed = this.entries.has(userId)
    this.store(userId, entry)
    return !existed
  }
}

class UnguardedReplace extends BreakableStorage {
  protected override isRevision(): boolean {
    return true
  }

  override async remove(userId: string, revision: string): Promise<boolean> {
    return this.present(userId)?.revision === revision && this.entries.delete(userId)
  }
}

class UpsertingReplace extends BreakableStorage {
  override async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    const present = this.present(userId)
    return present && present.revision !== revision ? false : this.store(userId, entry)
  }
}

class UnguardedRemove extends BreakableStorage {
  override async remove(userId: string): Promise<boolean> {
    return this.entries.delete(userId)
  }
}

class HollowRemove extends BreakableStorage {
  override async remove(userId: string, revision: string): Promise<boolean> {
    const present = this.present(userId)
    return present === undefined || (present.revision === revision && this.entries.delete(userId))
  }
}

/** The row stays, emptied: to be read as none, but in the way of the next insert. */
class Tombstones extends BreakableStorage {
  readonly #buried = new Set<string>()

  override async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.#buried.has(userId) ? false : super.insert(userId, entry)
  }

  override async remove(userId: string, revision: string): Promise<boolean> {
    const removed = await super.remove(userId, revision)
    if (removed) this.#buried.add(userId)
    return removed
  }
}

class RevisionByPattern extends BreakableStorage {
  protected override isRevision(present: StoredEntry, revision: string): boolean {
    return revision === '%' || present.revision === revision
  }
}

class RevisionByPrefix extends BreakableStorage {
  protected override isRevision(present: StoredEntry, revision: string): boolean {
    return present.revision.startsWith(revision)
  }
}

/** Compares what the entry held, not which entry it was. */
class ComparesContent extends BreakableStorage {
  readonly #contents = new Map<string, string>()

  protected override isRevision(present: StoredEntry, revision: string): boolean {
    return this.#contents.get(revision) === JSON.stringify(present.record)
  }

  protected override store(userId: string, entry: StoredEntry): boolean {
    this.#contents.set(entry.revision, JSON.stringify(entry.record))
    return super.store(userId, entry)
  }
}

/** A replica that lags one write behind. */
class StaleRead extends BreakableStorage {
  readonly #before = new Map<string, StoredEntry>()

  override async read(userId: string): Promise<StoredEntry | undefined> {
    const present = this.present(userId)
    const before = this.#before.get(userId)
    this.#before.delete(userId)
    return present && before ? before : present
  }

  override async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    const before = this.present(userId)
    const replaced = await super.replace(userId, entry, revision)
    if (replaced && before) this.#before.set(userId, before)
    return replaced
  }
}

/** What goes wrong becomes an answer. */
class SwallowsFailure extends BreakableStorage {
  constructor(private readonly answer: unknown) {
    super()
  }

  protected override store(userId: string, entry: StoredEntry): boolean {
    try {
      return super.store(userId, entry)
    } catch {
      return this.answer as boolean
    }
  }
}

class RejectsWhenLost extends BreakableStorage {
  override async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    if (!(await super.replace(userId, entry, revision))) throw new Error('somebody else was first')
    return true
  }
}

class CountsRows extends BreakableStorage {
  override async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    return Number(await super.replace(userId, entry, revision)) as unknown as boolean
  }
}

/** Never says that it won. Whoever asks for ever is stopped in the end. */
export class SilentReplace extends BreakableStorage {
  static readonly PATIENCE = 10_000
  replacements = 0

  override async replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    this.replacements++
    if (this.replacements > SilentReplace.PATIENCE) throw new Error('asked without end')
    await super.replace(userId, entry, revision)
    return undefined as unknown as boolean
  }
}

class NullForNothing extends BreakableStorage {
  override async read(userId: string): Promise<StoredEntry | undefined> {
    return this.present(userId) ?? (null as unknown as undefined)
  }
}

const KNOWN_MEMBERS = ['schema', 'epoch', 'authenticators', 'counter', 'text', 'numbers', 'lists', 'long']

class DropsUnknownMembers extends BreakableStorage {
  protected override decode(text: string): StoredEntry {
    const entry = super.decode(text)
    const known = Object.entries(recordOf(entry)).filter(([name]) => KNOWN_MEMBERS.includes(name))
    return withRecord(entry, Object.fromEntries(known))
  }
}

class FlattensDepth extends BreakableStorage {
  protected override encode(entry: StoredEntry): string {
    const flat = Object.entries(recordOf(entry)).map(([name, value]) => [
      name,
      name === 'unknown' ? String(value) : value,
    ])
    return super.encode(withRecord(entry, Object.fromEntries(flat) as object))
  }
}

class FoldsCase extends BreakableStorage {
  protected override key(userId: string): string {
    return userId.toLowerCase()
  }
}

class TrimsUserIds extends BreakableStorage {
  protected override key(userId: string): string {
    return userId.trimEnd()
  }
}

class NormalisesUserIds extends BreakableStorage {
  protected override key(userId: string): string {
    return userId.normalize('NFC')
  }
}

class ShortUserIds extends BreakableStorage {
  protected override key(userId: string): string {
    return userId.slice(0, 191)
  }
}

/** An id with a separator in it is written under one key and looked for under another. */
class SplitsUserIds extends BreakableStorage {
  override async read(userId: string): Promise<StoredEntry | undefined> {
    return super.read(userId.split(':')[0] ?? '')
  }
}

class PlainObject extends BreakableStorage {
  readonly #object: Record<string, StoredEntry | undefined> = {}

  protected override present(userId: string): StoredEntry | undefined {
    return structuredCloneOfData(this.#object[userId])
  }

  override async insert(userId: string, entry: StoredEntry): Promise<boolean> {
    if (this.#object[userId]) return false
    return this.store(userId, entry)
  }

  override async remove(userId: string, revision: string): Promise<boolean> {
    if (this.#object[userId]?.revision !== revision) return false
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- The fault in question.
    return delete this.#object[userId]
  }

  protected override store(userId: string, entry: StoredEntry): boolean {
    this.#object[userId] = JSON.parse(JSON.stringify(entry)) as StoredEntry
    return true
  }
}

/** Functions, as every plain object inherits them, have no JSON. */
function structuredCloneOfData(value: StoredEntry | undefined): StoredEntry | undefined {
  const json = JSON.stringify(value) as string | undefined
  return json === undefined ? undefined : (JSON.parse(json) as StoredEntry)
}

class AsciiOnly extends BreakableStorage {
  protected override encode(entry: StoredEntry): string {
    return super.encode(entry).replace(/[^\0-\x7f]/g, '?')
  }
}

class WholeNumbersOf32Bits extends BreakableStorage {
  protected override encode(entry: StoredEntry): string {
    return JSON.stringify(entry, (_, value: unknown) => (typeof value === 'number' ? value | 0 : value))
  }
}

class NullForAbsent extends BreakableStorage {
  protected override decode(text: string): StoredEntry {
    const entry = super.decode(text)
    return withRecord(entry, { backupCodes: null, ...entry.record })
  }
}

/** An UPDATE of the members that are there leaves the others as they were. */
class MergingReplace extends BreakableStorage {
  protected override store(userId: string, entry: StoredEntry): boolean {
    const present = this.present(userId)
    return super.store(userId, withRecord(entry, { ...present?.record, ...entry.record }))
  }
}

class ShortText extends BreakableStorage {
  protected override encode(entry: StoredEntry): string {
    return JSON.stringify(entry, (_, value: unknown) =>
      typeof value === 'string' ? value.slice(0, 0xffff) : value,
    )
  }
}

class NoEmptyLists extends BreakableStorage {
  protected override decode(text: string): StoredEntry {
    return JSON.parse(text, (_, value: unknown) =>
      Array.isArray(value) ? value.filter((item) => !Array.isArray(item) || item.length > 0) : value,
    ) as StoredEntry
  }
}

class SortsLists extends BreakableStorage {
  protected override encode(entry: StoredEntry): string {
    return JSON.stringify(entry, (_, value: unknown) => (Array.isArray(value) ? value.toSorted() : value))
  }
}

const one = (title: string) => `${title}: has one winner of many at once, whose entry is the one stored`
const ANOTHER_REVISION = 'answers false, and changes nothing, when the revision is another'
const UNLIKE_IDS = 'user ids: does not fold case, trim or normalise'

/** Every fault that somebody's adapter has had, or could well have. */
export const BROKEN_STORAGES: readonly BrokenStorage[] = [
  {
    fault: 'reads, then inserts',
    create: () => new GapOnInsert(),
    noticedBy: one('insert'),
  },
  {
    fault: 'reads, then replaces',
    create: () => new GapOnReplace(),
    noticedBy: one('replace'),
  },
  {
    fault: 'reads, then replaces, and so loses updates',
    create: () => new GapOnReplace(),
    noticedBy: 'replace: loses no update of many that each read, change and retry',
  },
  {
    fault: 'reads, then removes',
    create: () => new GapOnRemove(),
    noticedBy: 'remove: has one winner of many at once',
  },
  {
    fault: 'removes what was replaced meanwhile',
    create: () => new RemovalAfterReplacement(),
    noticedBy: 'remove: never wins together with a replacement of the same revision',
  },
  {
    fault: 'shares the object that it has read',
    create: () => new SharingStorage('read'),
    noticedBy: 'read: gives an object that is not shared with the storage',
  },
  {
    fault: 'shares the object that was inserted',
    create: () => new SharingStorage('insert'),
    noticedBy: 'insert: keeps no object that the caller may change later',
  },
  {
    fault: 'shares the object that was put in place of another',
    create: () => new SharingStorage('replace'),
    noticedBy: 'replace: keeps no object that the caller may change later',
  },
  {
    fault: 'upserts when it should insert',
    create: () => new UpsertingInsert(),
    noticedBy: 'insert: answers true, and false once there is an entry, which it leaves alone',
  },
  {
    fault: 'answers false to an insert, but overwrites',
    create: () => new OverwritingInsert(),
    noticedBy: one('insert'),
  },
  {
    fault: 'replaces whatever the revision',
    create: () => new UnguardedReplace(),
    noticedBy: `replace: ${ANOTHER_REVISION}`,
  },
  {
    fault: 'replaces what is not there',
    create: () => new UpsertingReplace(),
    noticedBy: 'replace: answers false, and stores nothing, when there is no entry',
  },
  {
    fault: 'removes whatever the revision',
    create: () => new UnguardedRemove(),
    noticedBy: `remove: ${ANOTHER_REVISION}`,
  },
  {
    fault: 'says it removed what was not there',
    create: () => new HollowRemove(),
    noticedBy: 'remove: answers false when there is no entry',
  },
  {
    fault: 'lets nobody insert after a removal',
    create: () => new Tombstones(),
    noticedBy: 'remove: answers true when the revision is the present one, and leaves no entry',
  },
  {
    fault: 'takes the revision for a pattern',
    create: () => new RevisionByPattern(),
    noticedBy: `replace: ${ANOTHER_REVISION}`,
  },
  {
    fault: 'takes the beginning of a revision for the revision',
    create: () => new RevisionByPrefix(),
    noticedBy: `replace: ${ANOTHER_REVISION}`,
  },
  {
    fault: 'compares records instead of revisions',
    create: () => new ComparesContent(),
    noticedBy: 'replace: knows an entry from an equal one that was removed and inserted again',
  },
  {
    fault: 'reads from a replica that lags behind',
    create: () => new StaleRead(),
    noticedBy: 'read: sees every completed write',
  },
  {
    fault: 'answers null for no entry',
    create: () => new NullForNothing(),
    noticedBy: 'read: gives undefined for a user without an entry',
  },
  ...[false, true, undefined].flatMap((answer) => [
    {
      fault: `answers ${answer} when an insert failed`,
      create: () => new SwallowsFailure(answer),
      noticedBy: 'failure: rejects an entry that it cannot store, and stores nothing of it',
    },
    {
      fault: `answers ${answer} when a replacement failed`,
      create: () => new SwallowsFailure(answer),
      noticedBy: 'failure: rejects a replacement that it cannot store, and keeps what there was',
    },
  ]),
  {
    fault: 'rejects when somebody else was first',
    create: () => new RejectsWhenLost(),
    noticedBy: one('replace'),
  },
  {
    fault: 'answers with a count of rows',
    create: () => new CountsRows(),
    noticedBy: 'replace: answers true when the revision is the present one',
  },
  {
    fault: 'never answers a replacement with true',
    create: () => new SilentReplace(),
    noticedBy: 'replace: answers true when the revision is the present one',
  },
  {
    fault: 'drops members that it does not know',
    create: () => new DropsUnknownMembers(),
    noticedBy: 'records: keeps members that it does not know, at every depth',
  },
  {
    fault: 'flattens what is deep',
    create: () => new FlattensDepth(),
    noticedBy: 'records: keeps members that it does not know, at every depth',
  },
  { fault: 'folds the case of user ids', create: () => new FoldsCase(), noticedBy: UNLIKE_IDS },
  { fault: 'trims user ids', create: () => new TrimsUserIds(), noticedBy: UNLIKE_IDS },
  { fault: 'normalises user ids', create: () => new NormalisesUserIds(), noticedBy: UNLIKE_IDS },
  {
    fault: 'cuts user ids to 191 characters',
    create: () => new ShortUserIds(),
    noticedBy: 'user ids: keeps apart users whose ids have 255 characters',
  },
  {
    fault: 'splits user ids at a colon',
    create: () => new SplitsUserIds(),
    noticedBy: 'user ids: keeps apart users whose ids have a colon',
  },
  ...['__proto__', 'constructor', 'toString'].map((id) => ({
    fault: `keeps entries in a plain object, which has a ${id} already`,
    create: () => new PlainObject(),
    noticedBy: `user ids: takes ${id} for an id like any other`,
  })),
  {
    fault: 'keeps nothing but ASCII',
    create: () => new AsciiOnly(),
    noticedBy: 'records: keeps text of every script, and what SQL, Lua and JSON hold dear',
  },
  {
    fault: 'keeps numbers in 32 bits',
    create: () => new WholeNumbersOf32Bits(),
    noticedBy: 'records: keeps numbers as they are',
  },
  {
    fault: 'keeps absent members as null',
    create: () => new NullForAbsent(),
    noticedBy: 'records: leaves absent members absent',
  },
  {
    fault: 'merges the new record into the old one',
    create: () => new MergingReplace(),
    noticedBy: 'records: leaves absent members absent',
  },
  {
    fault: 'cuts text at 65,535 characters',
    create: () => new ShortText(),
    noticedBy: 'records: keeps a record of 64 kB',
  },
  {
    fault: 'drops empty lists',
    create: () => new NoEmptyLists(),
    noticedBy: 'records: keeps the order of lists, empty lists and empty objects',
  },
  {
    fault: 'sorts lists',
    create: () => new SortsLists(),
    noticedBy: 'records: keeps the order of lists, empty lists and empty objects',
  },
]
