import { SecondFactorError } from './errors.js'
import type { Happening, RequestOrigin } from './events.js'
import type { Settings } from './options.js'

/** How the application hears of what happens, without being able to change it. */
export interface Watch {
  tell(userId: string, request: RequestOrigin | undefined, happened: Happening): void
  /** Tell of an operation that failed; the failure itself goes on to the caller. */
  over<Result>(
    userId: string,
    request: RequestOrigin | undefined,
    operation: Promise<Result>,
  ): Promise<Result>
}

export function createWatch({ now, onEvent }: Settings): Watch {
  function tell(userId: string, request: RequestOrigin | undefined, happened: Happening): void {
    const event = { ...happened, userId, at: now(), ...(request && { request }) }
    // The listener's trouble is not the second factor's, thrown or rejected: what was decided stands.
    new Promise((told) => {
      told(onEvent(event))
    }).catch(() => undefined)
  }

  return {
    tell,
    async over(userId, request, operation) {
      try {
        return await operation
      } catch (error) {
        if (error instanceof SecondFactorError)
          tell(userId, request, { type: 'unavailable', code: error.code })
        throw error
      }
    },
  }
}
