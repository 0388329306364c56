import { isUserId } from '../user-id.js'

/** Whose authenticator, and which. */
export interface TotpReference {
  readonly userId: string
  readonly authenticatorId: string
}

const PREFIX = 'totp-'

/**
 * A `totp_id` leads back to the user, for whoever deletes a TOTP says nothing else. It is opaque to clients, and no
 * secret: without credentials nobody gets anywhere with it.
 */
export const totpIdOf = (userId: string, authenticatorId: string): string =>
  PREFIX + Buffer.from(`${authenticatorId}.${userId}`).toString('base64url')

/** What a `totp_id` stands for; undefined when it is none of ours. */
export function readTotpId(totpId: string): TotpReference | undefined {
  const text = Buffer.from(totpId.slice(PREFIX.length), 'base64url').toString()
  // The service's ids have no dot, and people's may.
  const dot = text.indexOf('.')
  const [authenticatorId, userId] = [text.slice(0, Math.max(dot, 0)), text.slice(dot + 1)]
  // One thing has one id: decoders read much else as the same.
  const isOurs = totpIdOf(userId, authenticatorId) === totpId && isUserId(userId)
  return isOurs ? { userId, authenticatorId } : undefined
}
