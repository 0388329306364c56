import type { Standing } from '../express/standing.js'
import type { ManageLocals } from './locals.js'
import type { Visit } from './visit.js'

/**
 * Which steps ask for a code in place: those that take something away or let another authenticator in, however fresh
 * the session is, and all others once it is not. Whoever has just come in by a backup code is not asked for another
 * one: that person has lost a phone, and is here to put things right.
 */
export function askedCode(visit: Visit, standing: Standing): ManageLocals['asksCode'] {
  const other = visit.site.calls.missing(standing) !== undefined
  return { dangerous: other || standing.mark?.method !== 'backup_code', other }
}
