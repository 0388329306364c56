import { MemoryStorage, type StorageAdapter, type StoredEntry } from '../../lib/index.js'

/**
 * How a storage fails.
 *
 * - `reject`: it rejects at once; the reason is the error that `FailingStorage` has as `trouble`
 * - `throw`: the same, but thrown instead of rejected
 * - `hang`: it never answers, and does nothing
 * - `lose answer`: it does what it was asked, and never answers
 * - anything in `{ answer }`: it does nothing, and answers that
 */
export type Failure = 'reject' | 'throw' | 'hang' | 'lose answer' | { readonly answer: unknown }

export type StorageMethod = keyof StorageAdapter

/** Which calls fail. Default: all. */
export interface FailureScope {
  readonly methods?: readonly StorageMethod[]
  readonly userId?: string
}

/** A storage that works until it is told to fail, and again when it has recovered. */
export class FailingStorage implements StorageAdapter {
  /** What it rejects with. */
  readonly trouble = new Error('the database is away')
  readonly #storage: StorageAdapter
  #failure: { readonly how: Failure; readonly scope: FailureScope } | undefined

  constructor(storage: StorageAdapter = new MemoryStorage()) {
    this.#storage = storage
  }

  /** From now on, calls within the scope fail in this way, and in no other. */
  fail(how: Failure, scope: FailureScope = {}): void {
    this.#failure = { how, scope }
  }

  /** From now on everything works. Calls that hang go on hanging. */
  recover(): void {
    this.#failure = undefined
  }

  read(userId: string): Promise<StoredEntry | undefined> {
    return this.#ask('read', userId, () => this.#storage.read(userId))
  }

  insert(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.#ask('insert', userId, () => this.#storage.insert(userId, entry))
  }

  replace(userId: string, entry: StoredEntry, revision: string): Promise<boolean> {
    return this.#ask('replace', userId, () => this.#storage.replace(userId, entry, revision))
  }

  remove(userId: string, revision: string): Promise<boolean> {
    return this.#ask('remove', userId, () => this.#storage.remove(userId, revision))
  }

  #ask<Answer>(method: StorageMethod, userId: string, ask: () => Promise<Answer>): Promise<Answer> {
    const how = this.#failureOf(method, userId)
    if (how === undefined) return ask()
    if (how === 'throw') throw this.trouble
    if (how === 'reject') return Promise.reject(this.trouble)
    if (how === 'hang') return never()
    if (how === 'lose answer') return ask().then(never<Answer>)
    return Promise.resolve(how.answer as Answer)
  }

  #failureOf(method: StorageMethod, userId: string): Failure | undefined {
    if (!this.#failure) return undefined
    const { how, scope } = this.#failure
    const concerned =
      (scope.methods?.includes(method) ?? true) && (scope.userId === undefined || scope.userId === userId)
    return concerned ? how : undefined
  }
}

function never<Answer>(): Promise<Answer> {
  return new Promise<Answer>(() => undefined)
}
