import type { StoredEntry } from '../../lib/index.js'

/** The least that a storage is ever given. */
export const ENTRY: StoredEntry = { revision: 'r', record: { schema: 1, epoch: 'e', authenticators: [] } }
