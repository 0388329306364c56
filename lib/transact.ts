import type { Transition } from './core/transition.js'
import type { CoreEvent } from './events.js'
import { SecondFactorError } from './errors.js'
import { parseRecord, type SecondFactorRecord } from './record.js'
import type { StorageAdapter, StoredEntry } from './storage/adapter.js'
import { newToken } from './tokens.js'

/** Decides on a record: pure but for the evidence it gathers. It may be asked again, on a fresher record. */
export type Decide<Verdict> = (
  record: SecondFactorRecord | undefined,
) => Transition<Verdict> | Promise<Transition<Verdict>>

/** How a user's record is read and changed: the only place that writes. */
export interface Transactor {
  /** The present entry, parsed. */
  read(userId: string): Promise<StoredEntry | undefined>
  /**
   * Read, decide, write if the revision is still the one that was read; else start again. Resolves only after the
   * write has won.
   */
  transact<Verdict>(
    userId: string,
    decide: Decide<Verdict>,
    hints?: TransactionHints<Verdict>,
  ): Promise<{ readonly verdict: Verdict; readonly events: readonly CoreEvent[] }>
}

/** What makes a transaction cheaper, and never changes what comes of it. */
export interface TransactionHints<Verdict> {
  /** An entry read just before, to start from; wrapped, because there may be none. */
  readonly known?: { readonly entry: StoredEntry | undefined } | undefined
  /**
   * The verdict on those who are refused whatever they bring. They do not queue, and so cannot keep the owner waiting.
   */
  readonly refuse?: (record: SecondFactorRecord | undefined) => Verdict | undefined
}

/** Retries are rare, because this process queues its own; other processes each win once before we lose again. */
const ATTEMPTS = 64

export function createTransactor(storage: StorageAdapter, timeoutSeconds: number): Transactor {
  const queues = new Map<string, Promise<unknown>>()

  /** Run after everything that this process already does for the user; the answer says whether it had to wait. */
  function inTurn<Result>(
    userId: string,
    deadline: Deadline,
    task: (waited: boolean) => Promise<Result>,
  ): Promise<Result> {
    const ahead = queues.get(userId)
    const turn = ahead ? deadline.within(() => ahead).then(() => task(true)) : task(false)
    const settled = Promise.allSettled([ahead, turn]).then(() => {
      if (queues.get(userId) === settled) queues.delete(userId)
    })
    queues.set(userId, settled)
    return turn
  }

  async function read(userId: string, deadline: Deadline): Promise<StoredEntry | undefined> {
    const entry: unknown = await deadline.within(() => storage.read(userId))
    // Only undefined means none: nothing else must look like a user without a second factor.
    if (entry === undefined) return undefined
    const { revision, record } = (entry ?? {}) as Partial<StoredEntry>
    if (typeof revision !== 'string' || revision === '') {
      throw new SecondFactorError(
        'storage_unavailable',
        'The storage answered with something that is no entry.',
      )
    }
    return { revision, record: parseRecord(record) }
  }

  function write(
    userId: string,
    present: StoredEntry | undefined,
    transition: Transition<unknown>,
  ): Promise<boolean> {
    if (transition.change === 'put') {
      const next = { revision: newToken(), record: transition.record }
      return present ? storage.replace(userId, next, present.revision) : storage.insert(userId, next)
    }
    // Nothing to write, or nothing to remove.
    if (transition.change === 'keep' || !present) return Promise.resolve(true)
    return storage.remove(userId, present.revision)
  }

  return {
    read: (userId) => read(userId, new Deadline(timeoutSeconds)),

    async transact(userId, decide, { known, refuse } = {}) {
      const deadline = new Deadline(timeoutSeconds)
      let first = known ? known.entry : await read(userId, deadline)
      let justRead = !known
      if (refuse?.(first?.record) !== undefined) {
        if (!justRead) first = await read(userId, deadline)
        justRead = true
        const verdict = refuse(first?.record)
        if (verdict !== undefined) return { verdict, events: [] }
      }

      return inTurn(userId, deadline, async (waited) => {
        let entry = waited ? await read(userId, deadline) : first
        justRead ||= waited
        for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
          const present = entry
          const transition = await deadline.besides(() => decide(present?.record))
          // Where no write is guarded, nothing would notice that what is known is out of date.
          const guarded = transition.change === 'put' || (transition.change === 'remove' && present)
          if (guarded || justRead) {
            // Anything but true has lost: an adapter that answers with undefined fails closed.
            const won: unknown = await deadline.within(() => write(userId, present, transition))
            if (won === true) return transition
          }
          entry = await read(userId, deadline)
          justRead = true
        }
        throw new SecondFactorError('storage_contention', 'Other writers of this record won every time.')
      })
    },
  }
}

/** One bound on everything that an operation waits for, its place in the queue included. */
class Deadline {
  #at: number

  constructor(seconds: number) {
    this.#at = performance.now() + seconds * 1000
  }

  /**
   * Work of our own, whose time does not count: were a slow comparison of a code to use it up, a wrong code would be
   * looked at and never charged.
   */
  async besides<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const before = performance.now()
    const result = await work()
    this.#at += performance.now() - before
    return result
  }

  /** What the storage answers, or a rejection that says what was wrong with it. */
  async within<Result>(ask: () => Promise<Result>): Promise<Result> {
    const left = this.#at - performance.now()
    if (left <= 0) throw timedOut()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(timedOut())
      }, left)
    })
    try {
      return await Promise.race([ask(), late])
    } catch (cause) {
      if (cause instanceof SecondFactorError) throw cause
      throw new SecondFactorError('storage_unavailable', 'The storage failed.', { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}

const timedOut = () => new SecondFactorError('storage_timeout', 'The storage did not answer in time.')
