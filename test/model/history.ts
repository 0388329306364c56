import { inspect } from 'node:util'

/** A TOTP code is right for an authenticator at a time step; steps count from the present one. */
export interface Match {
  readonly authenticator: string
  readonly step: number
}

/** One code of a set of backup codes. */
export interface BackupCode {
  readonly codes: string
  readonly index: number
}

/** What a worker asked for. Everything has a name of its own: authenticators A1, A2, …, sets of backup codes S1, … */
export type Operation =
  | { readonly kind: 'enrol' | 'generate' | 'reset' | 'status' | 'inspect' }
  | { readonly kind: 'confirm'; readonly authenticator: string; readonly matches: readonly Match[] }
  | { readonly kind: 'verify'; readonly matches: readonly Match[] }
  | { readonly kind: 'use'; readonly code: BackupCode | undefined }
  | { readonly kind: 'confirm set'; readonly set: string }
  | { readonly kind: 'remove'; readonly authenticator: string }
  | { readonly kind: 'rename'; readonly authenticator: string; readonly label: string }

/** What it was answered: `ok` or the reason of the refusal, and what else the answer shows. */
export interface Outcome {
  readonly answer: string
  readonly retryAfterSeconds?: number
  readonly authenticator?: string
  readonly label?: string
  /** Null: nothing is stored. */
  readonly epoch?: string | null | undefined
  /** The backup codes that came with it. */
  readonly codes?: string
  readonly remaining?: number
  readonly enabled?: boolean
  readonly authenticators?: readonly ShownAuthenticator[]
  readonly set?: ShownSet | null
  /** What was found in the storage. */
  readonly record?: StoredFactor | null
}

export interface ShownAuthenticator {
  readonly id: string
  readonly label: string
  readonly verified: boolean
  readonly disabled: boolean
}

export interface ShownSet {
  readonly id: string
  readonly remaining: number
  readonly total: number
}

/** Wrong codes: since the last right one, and what they have cost in all. */
export interface Guesses {
  readonly failures: number
  readonly spent: number
}

/** What the storage must hold of one user, in the model's words. */
export interface StoredFactor {
  readonly epoch: string | undefined
  readonly authenticators: readonly StoredAuthenticator[]
  readonly set: StoredSet | null
  readonly unconfirmed: StoredSet | null
  readonly totpGuesses: Guesses
  readonly backupCodeGuesses: Guesses
}

export interface StoredAuthenticator extends ShownAuthenticator {
  /** The newest step that counted. */
  readonly lastStep: number | null
  /** Wrong codes while it was pending. */
  readonly guesses: Guesses
}

export interface StoredSet {
  readonly id: string
  /** The indexes of its used codes, ascending. */
  readonly used: readonly number[]
}

/** Something whose id no answer has told: a set that a confirmation handed out, or what came of a lost answer. */
export const UNNAMED = 'unnamed'

/** One operation of a history. */
export interface Entry {
  readonly worker: string
  readonly operation: Operation
  /** Undefined: it was rejected, so that it may have happened, may happen yet, or never. */
  readonly outcome: Outcome | undefined
  /** What it was rejected with. */
  readonly trouble?: string
  /** Counted, not timed: whatever ended before another began has the smaller number. */
  readonly called: number
  readonly answered: number
}

/** What one user's workers did and saw. */
export type History = readonly Entry[]

export function describeHistory(history: History): string {
  const byCall = [...history].sort((left, right) => left.called - right.called)
  return byCall.map((entry) => `  ${describeEntry(entry)}`).join('\n')
}

export function describeEntry({ worker, operation, outcome, trouble, called, answered }: Entry): string {
  const answer = outcome ? describeOutcome(outcome) : `lost, ${trouble ?? 'never answered'}`
  return `${worker.padEnd(8)} ${describeOperation(operation)} → ${answer}  [${called}, ${answered}]`
}

export function describeOutcome({ answer, ...shown }: Outcome): string {
  const members = Object.entries(shown).map(([name, value]) => `${name} ${plain(value)}`)
  return [answer, ...members].join(', ')
}

function describeOperation(operation: Operation): string {
  switch (operation.kind) {
    case 'confirm':
      return `confirm ${operation.authenticator} with ${describeCode(operation.matches)}`
    case 'verify':
      return `verify ${describeCode(operation.matches)}`
    case 'use':
      return operation.code
        ? `use ${operation.code.codes}[${operation.code.index}]`
        : 'use a wrong backup code'
    case 'confirm set':
      return `confirm set ${operation.set}`
    case 'remove':
      return `remove ${operation.authenticator}`
    case 'rename':
      return `rename ${operation.authenticator} to ${operation.label}`
    default:
      return operation.kind
  }
}

function describeCode(matches: readonly Match[]): string {
  const [first, ...more] = matches.map(({ authenticator, step }) => `${authenticator}@${step}`)
  return first === undefined ? 'a wrong code' : ['the code', first, ...more].join(' ')
}

const plain = (value: unknown): string =>
  typeof value === 'string' ? value : inspect(value, { depth: null, breakLength: Infinity })
