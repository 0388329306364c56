import { randomBytes, randomUUID } from 'node:crypto'
import type { StorageAdapter, StoredEntry } from '../../lib/index.js'
import type { TestAuthenticator } from '../../lib/testing/index.js'
import { enrolUser, type TestService } from '../support/service.js'

/** Somebody who really enrolled, and whose phone is at hand. */
export interface Owner {
  readonly userId: string
  readonly phone: TestAuthenticator
}

/** Enrol users through the service: one authenticator, ten backup codes each. */
export async function enrolOwners(service: TestService, count: number): Promise<readonly Owner[]> {
  const owners: Owner[] = []
  for (let index = 0; index < count; index++) {
    const userId = randomUUID()
    const { phone } = await enrolUser(service, userId)
    // Everybody's code is of the step after the clock's: nobody's step is used up by somebody else's enrolment.
    service.clock.advance(-30)
    owners.push({ userId, phone })
  }
  service.clock.advance(30)
  return owners
}

/** Entries of as many more users, alike in form to one that really enrolled and alike in content to nobody. */
export function* otherUsers(example: StoredEntry, count: number): Generator<readonly [string, StoredEntry]> {
  const text = JSON.stringify(example)
  for (let index = 0; index < count; index++) {
    yield [randomUUID(), JSON.parse(withFreshRandomness(text)) as StoredEntry]
  }
}

/** Everything random in an entry is base64url of 16 characters or more; what stands before a dot is the key's id. */
const withFreshRandomness = (text: string): string =>
  text.replace(/[\w-]{16,}/g, ({ length }) => randomBytes(length).toString('base64url').slice(0, length))

/** An entry as a storage has it. */
export async function entryOf(storage: StorageAdapter, { userId }: Owner): Promise<StoredEntry> {
  const entry = await storage.read(userId)
  if (!entry) throw new Error('Who enrolled has no entry.')
  return entry
}
