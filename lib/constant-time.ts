import { createHash, timingSafeEqual } from 'node:crypto'

/** Compare two ASCII strings without telling by the time taken where they differ. Their lengths are no secret. */
export function constantTimeEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** What stands for a secret in such a comparison, where its length is a secret too. */
export const comparable = (secret: string): string => createHash('sha256').update(secret).digest('base64')
