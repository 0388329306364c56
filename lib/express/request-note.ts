import type { Request } from 'express'

const NOTES = Symbol('express-2fa')
type Noted = Request & { [NOTES]?: unknown[] | undefined }

let slots = 0

/**
 * Something that is remembered of each request, as long as the request is there.
 *
 * All of them stand on the request itself, in one list: entries of a WeakMap are work for the garbage collector.
 */
export class RequestNote<Value> {
  readonly #slot = slots++

  get(req: Request): Value | undefined {
    return (req as Noted)[NOTES]?.[this.#slot] as Value | undefined
  }

  /** Without a value, nothing is remembered any more. */
  set(req: Request, value: Value | undefined): void {
    const noted: Noted = req
    const notes = (noted[NOTES] ??= [])
    notes[this.#slot] = value
  }
}
