import { timingSafeEqual } from 'node:crypto'

/** Compare two ASCII strings without telling by the time taken where they differ. Their lengths are no secret. */
export function constantTimeEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
