import type { Request } from 'express'

/**
 * Something that is remembered of each request, as long as the request is there.
 *
 * It stands on the request itself. In a WeakMap, requests outlive the quick collections of garbage, with all that hangs
 * on them: measured, that cost more than everything else that a guard does.
 */
export class RequestNote<Value> {
  readonly #key: symbol

  /** @param name - what is seen of it in a debugger */
  constructor(name: string) {
    this.#key = Symbol(`express-2fa ${name}`)
  }

  get(req: Request): Value | undefined {
    return (req as unknown as Record<symbol, Value | undefined>)[this.#key]
  }

  /** Without a value, nothing is remembered any more. */
  set(req: Request, value: Value | undefined): void {
    ;(req as unknown as Record<symbol, Value | undefined>)[this.#key] = value
  }
}
