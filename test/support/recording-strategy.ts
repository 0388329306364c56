import type { Request } from 'express'
import { type TotpChallenge, TotpStrategy } from '../../lib/index.js'

const ACTIONS = ['success', 'fail', 'error', 'redirect', 'pass'] as const

/** What a strategy told Passport, and with what. */
export interface Told {
  readonly action: (typeof ACTIONS)[number]
  readonly given: readonly unknown[]
}

/** The strategy, with a record of what it tells Passport. */
export class RecordingStrategy extends TotpStrategy {
  /** In order; shared by everything that Passport makes of this object. */
  readonly told: Told[] = []

  override authenticate(req: Request, options?: { readonly session?: boolean }): void {
    for (const action of ACTIONS) {
      const act = this[action].bind(this) as (...given: unknown[]) => unknown
      const record = (...given: unknown[]) => {
        this.told.push({ action, given })
        return act(...given)
      }
      Object.assign(this, { [action]: record })
    }
    super.authenticate(req, options)
  }
}

/** The challenge of a refusal; an error when there was none. */
export function challengeOf({ action, given }: Told): TotpChallenge {
  if (action !== 'fail') throw new Error(`Passport was told ${action}.`)
  return given[0] as TotpChallenge
}
