import type { SecondFactorRecord } from '../record.js'
import type { StoredEntry } from '../storage/adapter.js'
import { newToken } from '../tokens.js'

export const LONGEST_USER_ID = 255

/** User ids as awkward as they come, by what they have. */
export const AWKWARD_USER_IDS: Readonly<Record<string, string>> = {
  'a colon': 'tenant:7:',
  'a slash': 'auth0/42/../',
  'a dot': 'a.b.',
  'a quote': `o'brien" -- `,
  'a backslash': 'domain\\user',
  'a percent sign and an underscore': '100%_',
  'braces, brackets and a dollar sign': '{tag}[0]$where',
  'a star and a question mark': '*?',
  'a line break and a tab': 'a\nb\t',
  'an emoji': '👩‍💻',
  'letters of another script': 'пользователь',
  '255 characters': 'x'.repeat(LONGEST_USER_ID),
  '255 characters of three bytes': '語'.repeat(LONGEST_USER_ID),
}

/** An entry that no other is equal to. */
export function newEntry(members: object = {}): StoredEntry {
  const record = { schema: 1, epoch: newToken(), authenticators: [], ...members } satisfies SecondFactorRecord
  return { revision: newToken(), record }
}

/** No database takes a record that contains itself. */
export function unstorable(): StoredEntry {
  const entry = newEntry({ itself: {} })
  Object.assign(entry.record, { itself: entry })
  return entry
}

/** Change an entry in place, as a caller might. */
export function spoil(entry: StoredEntry): void {
  const loose = entry as unknown as { revision: string; record: { epoch: string; authenticators: unknown[] } }
  loose.revision = 'spoilt'
  loose.record.epoch = 'spoilt'
  loose.record.authenticators.push('spoilt')
}
