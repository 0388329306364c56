import type { CoreEvent, SecondFactorMethod } from '../events.js'
import type { InvalidRequest, Locked, Refusal, Verification, VerifyOutcome } from '../outcomes.js'
import type { AuthenticatorRecord, SecondFactorRecord } from '../record.js'
import type { Policy } from './policy.js'
import { activeAuthenticators, isEnabled, remainingCodes } from './status.js'
import { charge, forgive, lockedUntil, lockRefusal, type ThrottlePolicy } from './throttle.js'
import { keep, put, type Transition } from './transition.js'
import { withoutTrust } from './trusted-devices.js'

/** A code by its form alone; `foreign` where only an imported backup code could look like that. */
export type CodeForm =
  | { readonly method: 'totp'; readonly digits: number }
  | { readonly method: 'backup_code'; readonly foreign?: boolean }

/** A TOTP code matches an authenticator; `step` is the newest time step at which it does. */
export interface TotpMatch {
  readonly authenticatorId: string
  readonly step: number
}

/** What the shell found out about a code, without deciding anything. */
export type Evidence =
  | { readonly method: 'totp'; readonly digits: number; readonly matches: readonly TotpMatch[] }
  /** `index`: which digest of the set in force it has; `digest`: what replaces that one from now on. */
  | {
      readonly method: 'backup_code'
      readonly foreign?: boolean
      readonly index: number | undefined
      readonly digest?: string
    }

/** A backup code of another system has no fewer. */
const LEAST_FOREIGN_DIGITS = 8

/** Digits that no authenticator shows may be a backup code of another system. */
export function formOf(record: SecondFactorRecord | undefined, form: CodeForm): CodeForm {
  if (form.method === 'backup_code') return { method: form.method, ...(form.foreign && { foreign: true }) }
  const { method, digits } = form
  const isForeign =
    digits >= LEAST_FOREIGN_DIGITS &&
    record?.backupCodes?.imported &&
    !activeAuthenticators(record).some((authenticator) => authenticator.digits === digits)
  return isForeign ? { method: 'backup_code', foreign: true } : { method, digits }
}

type Admission =
  | {
      readonly ok: true
      readonly record: SecondFactorRecord
      readonly candidates: readonly AuthenticatorRecord[]
    }
  | InvalidRequest
  | Locked
  | Refusal<'not_enrolled' | 'authenticator_disabled'>

/**
 * Whether a code of this form may be looked at now, and against which authenticators. Asked before any evidence is
 * gathered, and again by the decision itself: while locked, a right code is neither compared nor spent.
 */
export function admit(
  record: SecondFactorRecord | undefined,
  form: CodeForm,
  now: number,
  policy: Policy,
): Admission {
  if (!isEnabled(record)) return { ok: false, reason: 'not_enrolled' }
  if (form.method === 'backup_code') {
    if (form.foreign && !record.backupCodes?.imported) return MALFORMED
    const locked = lockRefusal(record.backupCodeThrottle, 1, now, backupCodeThrottle(record, policy))
    return locked ?? { ok: true, record, candidates: [] }
  }
  const active = activeAuthenticators(record)
  if (active.length === 0) return { ok: false, reason: 'authenticator_disabled' }
  const candidates = active.filter((authenticator) => authenticator.digits === form.digits)
  if (candidates.length === 0) return MALFORMED
  const locked = lockRefusal(record.totpThrottle, candidates.length, now, policy.totpThrottle)
  return locked ?? { ok: true, record, candidates }
}

/** The answer to a code that cannot be one. It is not charged. */
export const MALFORMED: InvalidRequest = {
  ok: false,
  reason: 'invalid_request',
  detail: 'code must be the digits of an authenticator, or a backup code.',
}

/** Nobody guesses one of our backup codes; those of other systems are bounded as TOTP codes are. */
const backupCodeThrottle = ({ backupCodes }: SecondFactorRecord, policy: Policy): ThrottlePolicy =>
  backupCodes?.imported ? policy.totpThrottle : policy.backupCodeThrottle

/**
 * Decide whether a code counts. A looked-at code is always written down before anybody hears of it: a right one as
 * used, a wrong one as charged, a replayed one as nothing but a new revision, so that the three cost the same.
 *
 * @param newEpoch - the epoch after a backup code was used: recovery voids all other session marks
 */
export function verify(
  record: SecondFactorRecord | undefined,
  evidence: Evidence,
  newEpoch: string,
  now: number,
  policy: Policy,
): Transition<VerifyOutcome> {
  const admission = admit(record, evidence, now, policy)
  if (!admission.ok) return keep(admission)
  return evidence.method === 'totp'
    ? verifyTotp(admission.record, admission.candidates, evidence.matches, now, policy)
    : verifyBackupCode(admission.record, evidence, newEpoch, now, policy)
}

/** RFC 6238 §5.2: a time step counts once. So does every step before it, whatever the window. */
function verifyTotp(
  record: SecondFactorRecord,
  candidates: readonly AuthenticatorRecord[],
  matches: readonly TotpMatch[],
  now: number,
  policy: Policy,
): Transition<VerifyOutcome> {
  if (matches.length === 0) return wrongTotp(record, candidates.length, now, policy)
  const fresh = candidates.flatMap(({ id, lastStep = -1 }) =>
    matches.filter(({ authenticatorId, step }) => authenticatorId === id && step > lastStep),
  )
  const [first] = fresh
  if (!first) return replayed(record, 'totp')

  // Two authenticators may share a secret, or by chance a code: then the code is spent for both.
  const authenticators = record.authenticators.map((authenticator) => {
    const match = fresh.find(({ authenticatorId }) => authenticatorId === authenticator.id)
    return match ? { ...authenticator, lastStep: match.step, lastUsedAt: now } : authenticator
  })
  const { totpThrottle, ...rest } = record
  const forgiven = forgive(totpThrottle, now, policy.totpThrottle)
  return put(
    verification(record, { method: 'totp', authenticatorId: first.authenticatorId }, now),
    { ...rest, authenticators, ...(forgiven && { totpThrottle: forgiven }) },
    { type: 'verified', method: 'totp', authenticatorId: first.authenticatorId },
  )
}

/** Charge a wrong TOTP code, once for each authenticator that it was a guess at, and disable when it was one too many. */
function wrongTotp(
  record: SecondFactorRecord,
  guesses: number,
  now: number,
  policy: Policy,
): Transition<VerifyOutcome> {
  const throttle = charge(record.totpThrottle, guesses, now, policy.totpThrottle)
  if (throttle.failures >= policy.totpThrottle.disableAfter) {
    const active = activeAuthenticators(record)
    const authenticators = record.authenticators.map((one) =>
      active.includes(one) ? { ...one, disabledAt: now } : one,
    )
    return put(
      INVALID_CODE,
      { ...withoutTrust(record), authenticators, totpThrottle: { ...throttle, failures: 0 } },
      { type: 'failed', method: 'totp', during: 'challenge' },
      { type: 'disabled' },
    )
  }
  const retryAt = lockedUntil(throttle, guesses, now, policy.totpThrottle)
  return put(INVALID_CODE, { ...record, totpThrottle: throttle }, ...failure('totp', retryAt))
}

/** A backup code counts once; its use is a recovery: it starts a new epoch, and ends all trust. */
function verifyBackupCode(
  record: SecondFactorRecord,
  { index, digest }: Extract<Evidence, { method: 'backup_code' }>,
  newEpoch: string,
  now: number,
  policy: Policy,
): Transition<VerifyOutcome> {
  const set = record.backupCodes
  const bounds = backupCodeThrottle(record, policy)
  if (!set || index === undefined) {
    const throttle = charge(record.backupCodeThrottle, 1, now, bounds)
    const retryAt = lockedUntil(throttle, 1, now, bounds)
    return put(INVALID_CODE, { ...record, backupCodeThrottle: throttle }, ...failure('backup_code', retryAt))
  }
  if (set.usedAt?.[index] !== undefined) return replayed(record, 'backup_code')

  const { backupCodeThrottle: owed, ...rest } = withoutTrust(record)
  const forgiven = forgive(owed, now, bounds)
  const digests = digest === undefined ? set.digests : set.digests.with(index, digest)
  const next: SecondFactorRecord = {
    ...rest,
    epoch: newEpoch,
    backupCodes: { ...set, digests, usedAt: { ...set.usedAt, [index]: now } },
    ...(forgiven && { backupCodeThrottle: forgiven }),
  }
  const remaining = remainingCodes(next.backupCodes)
  return put(
    verification(next, { method: 'backup_code' }, now),
    next,
    { type: 'verified', method: 'backup_code' },
    { type: 'backup_code_used', remaining },
    ...(remaining <= FEW_CODES ? [{ type: 'backup_codes_low', remaining } as const] : []),
  )
}

const FEW_CODES = 3
const INVALID_CODE = { ok: false, reason: 'invalid_code' } as const

const replayed = (record: SecondFactorRecord, method: SecondFactorMethod): Transition<VerifyOutcome> =>
  put({ ...INVALID_CODE, replayed: true }, record, { type: 'replayed', method })

function failure(method: SecondFactorMethod, retryAt: number | undefined): CoreEvent[] {
  const failed: CoreEvent = { type: 'failed', method, during: 'challenge' }
  return retryAt === undefined ? [failed] : [failed, { type: 'locked', method, retryAt }]
}

function verification(
  record: SecondFactorRecord,
  shown: Pick<Verification, 'method' | 'authenticatorId'>,
  now: number,
): Verification {
  return {
    ok: true,
    ...shown,
    backupCodesRemaining: remainingCodes(record.backupCodes),
    epoch: record.epoch,
    at: now,
  }
}
