import type { NewAuthenticator } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { type BackupCode, type Match, UNNAMED } from './history.js'

const STEPS = [-1, 0, 1] as const
const STEP_MS = 30_000

/** An authenticator that somebody has seen the secret of. */
export interface SeenAuthenticator {
  readonly id: string
  readonly name: string
  /** The codes that count at the moment, by step. */
  readonly codes: readonly { readonly step: -1 | 0 | 1; readonly code: string }[]
}

/** Backup codes that somebody has seen. */
export interface SeenCodes {
  readonly name: string
  /** Undefined for those that came with a confirmation. */
  readonly setId: string | undefined
  readonly codes: readonly string[]
}

/**
 * All that the workers have seen of one user, under names that can be read. What they take to be so may be out of date:
 * it only makes most of what they do mean something.
 */
export class Person {
  readonly #authenticators: SeenAuthenticator[] = []
  readonly #sets: SeenCodes[] = []
  readonly #epochs: string[] = []
  readonly #stages = new Map<string, 'pending' | 'confirmed'>()
  #inForce: string | undefined
  #labels = 0

  constructor(
    readonly userId: string,
    private readonly now: number,
  ) {}

  seesAuthenticator({ id, uri }: Pick<NewAuthenticator, 'id' | 'uri'>): void {
    const phone = new TestAuthenticator(uri)
    const codes = STEPS.map((step) => ({ step, code: phone.codeAt(this.now + step * STEP_MS) }))
    this.#authenticators.push({ id, name: `A${this.#authenticators.length + 1}`, codes })
    this.#stages.set(id, 'pending')
  }

  seesConfirmed(id: string): void {
    this.#stages.set(id, 'confirmed')
  }

  seesGone(id: string): void {
    this.#stages.delete(id)
  }

  seesAllGone(): void {
    this.#stages.clear()
  }

  /** The name of the codes. */
  seesCodes(codes: readonly string[], setId?: string): string {
    const name = `S${this.#sets.length + 1}`
    this.#sets.push({ name, setId, codes })
    if (setId === undefined) this.#inForce = name
    return name
  }

  seesInForce(setId: string): void {
    this.#inForce = this.nameOfSet(setId)
  }

  /** The authenticators, those that one would confirm last, or those that one would verify with. */
  authenticators(wanted: 'pending' | 'confirmed'): readonly SeenAuthenticator[] {
    return lastOf(this.#authenticators, ({ id }) => this.#stages.get(id) === wanted)
  }

  has(stage: 'pending' | 'confirmed'): boolean {
    return [...this.#stages.values()].includes(stage)
  }

  /** The sets of backup codes, the one that is taken to be in force last. */
  sets(): readonly SeenCodes[] {
    return lastOf(this.#sets, ({ name }) => name === this.#inForce)
  }

  /** The sets that wait, or waited, to be confirmed. */
  generatedSets(): readonly SeenCodes[] {
    return this.#sets.filter(({ setId }) => setId !== undefined)
  }

  /** To be asked when everything has been seen: who is told an id may be told before the one who made it. */
  nameOfAuthenticator(id: string): string {
    return this.#authenticators.find((one) => one.id === id)?.name ?? UNNAMED
  }

  /** Likewise. */
  nameOfSet(id: string): string {
    return this.#sets.find(({ setId }) => setId === id)?.name ?? UNNAMED
  }

  nameOfEpoch(epoch: string): string {
    if (!this.#epochs.includes(epoch)) this.#epochs.push(epoch)
    return `E${this.#epochs.indexOf(epoch) + 1}`
  }

  /** Each one is given once, so that it tells which renaming was the last. */
  newLabel(): string {
    return `Label ${++this.#labels}`
  }

  /** What a code is right for, chance included; for each authenticator the newest step. To be asked likewise. */
  matches(code: string): readonly Match[] {
    return this.#authenticators.flatMap(({ name, codes }) => {
      const match = codes.findLast((one) => one.code === code)
      return match ? [{ authenticator: name, step: match.step }] : []
    })
  }

  /** Which backup code it is; undefined: none that was ever handed out. */
  backupCode(code: string): BackupCode | undefined {
    const set = this.#sets.find(({ codes }) => codes.includes(code))
    return set && { codes: set.name, index: set.codes.indexOf(code) }
  }
}

const lastOf = <Item>(items: readonly Item[], wanted: (item: Item) => boolean): readonly Item[] => [
  ...items.filter((item) => !wanted(item)),
  ...items.filter(wanted),
]
