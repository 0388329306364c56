import { type BackupCodeFormat, normaliseForeign } from './backup-codes.js'
import type { CodeForm } from './core/verify.js'
import type { InvalidRequest } from './outcomes.js'
import { isUserId, USER_ID_LENGTH } from './user-id.js'

/** A code that can be one, told apart by form and stripped of what people put between its characters. */
export type TypedCode = CodeForm & { readonly code: string }

type Text = { readonly ok: true; readonly text: string } | InvalidRequest

const LABEL_LENGTH = 64
const DEVICE_LABEL_LENGTH = 128
/** Percent-encoded: a QR code has room for so much beside issuer and secret. */
const ACCOUNT_NAME_LENGTH = 1024
/** Room for any code with spaces and dashes between its characters. */
const LONGEST_CODE = 128

/**
 * An empty or missing id would be one record shared by everybody without an id.
 *
 * @throws TypeError
 */
export function checkUserId(userId: unknown): string {
  if (!isUserId(userId)) {
    throw new TypeError(`The user id must be a well-formed string of 1 to ${USER_ID_LENGTH} characters.`)
  }
  return userId
}

/** A code by its form; undefined when it can be none, so that nothing else ever reaches a comparison. */
export function readCode(code: unknown, backupCodes: BackupCodeFormat): TypedCode | undefined {
  if (typeof code !== 'string' || code.length > LONGEST_CODE) return undefined
  const digits = code.replace(/\s/g, '')
  if (/^[0-9]{6,8}$/.test(digits)) return { method: 'totp', digits: digits.length, code: digits }
  const normalised = backupCodes.normalise(code)
  return normalised === undefined ? undefined : { method: 'backup_code', code: normalised }
}

/** A code that only a set of another system can have; undefined when it can be none of those either. */
export function readForeignCode(code: unknown): TypedCode | undefined {
  if (typeof code !== 'string' || code.length > LONGEST_CODE) return undefined
  const foreign = normaliseForeign(code)
  return foreign === undefined ? undefined : { method: 'backup_code', foreign: true, code: foreign }
}

/** A label as its owner wants it. */
export function readLabel(label: unknown): Text {
  const text = typeof label === 'string' ? label.trim() : ''
  if (text === '' || text.length > LABEL_LENGTH || /\p{Cc}|\p{Cs}/u.test(text)) {
    return invalid(`label must be a text of 1 to ${LABEL_LENGTH} characters without control characters.`)
  }
  return { ok: true, text }
}

/** What a browser calls itself, as far as a person may want to read it. */
export function readDeviceLabel(label: unknown): string {
  const text = typeof label === 'string' ? label.slice(0, DEVICE_LABEL_LENGTH) : ''
  return text.replace(/[\p{Cc}\p{Cs}]/gu, '').trim() || 'Browser'
}

/** The account name that an authenticator app shows. */
export function readAccountName(accountName: unknown): Text {
  const text = typeof accountName === 'string' ? accountName.trim() : ''
  if (text === '' || /\p{Cs}/u.test(text) || encodeURIComponent(text).length > ACCOUNT_NAME_LENGTH) {
    return invalid('accountName must be a text that fits into a QR code.')
  }
  return { ok: true, text }
}

export const invalid = (detail: string): InvalidRequest => ({ ok: false, reason: 'invalid_request', detail })
