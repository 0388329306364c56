import type { CoreEvent } from '../events.js'
import type {
  Authenticator,
  ConfirmOutcome,
  Locked,
  Refusal,
  RemoveOutcome,
  RenameOutcome,
} from '../outcomes.js'
import {
  type AuthenticatorRecord,
  type BackupCodeSetRecord,
  RECORD_SCHEMA,
  type SecondFactorRecord,
} from '../record.js'
import { needsBackupCodes } from './backup-codes.js'
import type { Policy } from './policy.js'
import { activeAuthenticators, describeAuthenticator, isExpired, isVerified } from './status.js'
import { charge, lockRefusal } from './throttle.js'
import { keep, put, remove, type Transition } from './transition.js'
import { withoutTrust } from './trusted-devices.js'

/** What an enrolment brings; identities and the sealed secret are made by the shell. */
export interface NewEnrolment {
  readonly authenticator: Omit<AuthenticatorRecord, 'createdAt' | 'updatedAt' | 'label'>
  /** Undefined: named by its number. */
  readonly label: string | undefined
  /** The epoch of the record, if this is its first entry. */
  readonly epoch: string
  /** Only where there is no other authenticator. */
  readonly alone?: boolean
}

type Addition = Transition<({ readonly ok: true } & Authenticator) | Refusal<'too_many_authenticators'>>

/** Add a pending authenticator, which counts for nothing before it is confirmed. */
export function enrol(
  record: SecondFactorRecord | undefined,
  enrolment: NewEnrolment,
  now: number,
  policy: Policy,
): Addition {
  return add(record, enrolment, {}, now, policy)
}

/** Take over an authenticator that its owner has used with another system: it counts at once. */
export function importAuthenticator(
  record: SecondFactorRecord | undefined,
  enrolment: NewEnrolment,
  now: number,
  policy: Policy,
): Addition {
  const { id } = enrolment.authenticator
  return add(record, enrolment, { verifiedAt: now }, now, policy, { type: 'imported', authenticatorId: id })
}

/**
 * Verified authenticators are never disturbed; when the room is full, the oldest pending one gives way, so that
 * somebody who starts over again and again is not locked out of enrolling.
 */
function add(
  record: SecondFactorRecord | undefined,
  { authenticator, label, epoch, alone = false }: NewEnrolment,
  standing: Pick<AuthenticatorRecord, 'verifiedAt'>,
  now: number,
  policy: Policy,
  ...events: CoreEvent[]
): Addition {
  const present = (record?.authenticators ?? []).filter((one) => !isExpired(one, now, policy))
  const isFull = present.filter(isVerified).length >= policy.maxAuthenticators
  if (isFull || (alone && present.length > 0)) {
    return keep({ ok: false, reason: 'too_many_authenticators' })
  }
  const added = {
    ...authenticator,
    ...standing,
    label: label ?? freeLabel(present),
    createdAt: now,
    updatedAt: now,
  }
  const evicted =
    present.length < policy.maxAuthenticators ? undefined : present.find((one) => !isVerified(one))
  const authenticators = [...present.filter((one) => one !== evicted), added]
  return put(
    { ok: true, ...describeAuthenticator(added, policy) },
    record ? { ...record, authenticators } : { schema: RECORD_SCHEMA, epoch, authenticators },
    ...events,
  )
}

/** A number behind those that there are, and that none of them is called by. */
function freeLabel(present: readonly AuthenticatorRecord[]): string {
  const labels = present.map(({ label }) => label)
  let number = present.length + 1
  while (labels.includes(`Authenticator ${number}`)) number++
  return `Authenticator ${number}`
}

type PendingRefusal = Locked | Refusal<'not_found' | 'already_verified' | 'enrolment_expired'>

/** The pending authenticator that a confirmation is about, or why no code for it may be looked at. */
export function findPending(
  record: SecondFactorRecord | undefined,
  id: string,
  now: number,
  policy: Policy,
):
  | { readonly ok: true; readonly authenticator: AuthenticatorRecord; readonly record: SecondFactorRecord }
  | PendingRefusal {
  const authenticator = record?.authenticators.find((one) => one.id === id)
  if (!record || !authenticator) return { ok: false, reason: 'not_found' }
  if (isVerified(authenticator)) return { ok: false, reason: 'already_verified' }
  if (isExpired(authenticator, now, policy)) return { ok: false, reason: 'enrolment_expired' }
  const locked = lockRefusal(authenticator.throttle, 1, now, policy.totpThrottle)
  return locked ?? { ok: true, authenticator, record }
}

/** What a confirmation knows: whether the code was right, and a first set of backup codes where one is due. */
export interface Confirmation {
  readonly id: string
  /** The newest time step that the code matches. */
  readonly step: number | undefined
  readonly backupCodes: BackupCodeSetRecord | undefined
}

/**
 * Make a pending authenticator count. Its confirmation code is spent by that: the step is kept as `lastStep`. Wrong
 * codes are charged to the pending authenticator alone and never lock a verified one.
 */
export function confirm(
  record: SecondFactorRecord | undefined,
  confirmation: Confirmation,
  now: number,
  policy: Policy,
): Transition<ConfirmOutcome> {
  const pending = findPending(record, confirmation.id, now, policy)
  if (!pending.ok) return keep(pending)
  const { id, step, backupCodes } = confirmation

  if (step === undefined) {
    const throttle = charge(pending.authenticator.throttle, 1, now, policy.totpThrottle)
    return put(
      { ok: false, reason: 'invalid_code' },
      withAuthenticator(pending.record, { ...pending.authenticator, throttle }),
      { type: 'failed', method: 'totp', during: 'enrolment' },
    )
  }
  const {
    throttle: _settled,
    pendingUntil: _over,
    backupCodes: handedOut,
    ...settled
  } = pending.authenticator
  const authenticator = { ...settled, verifiedAt: now, updatedAt: now, lastUsedAt: now, lastStep: step }
  const { totpThrottle, ...rest } = withAuthenticator(pending.record, authenticator)
  // What was guessed at disabled authenticators is no debt of the one that replaces them.
  const owed = activeAuthenticators(pending.record).length > 0 && totpThrottle
  // Codes that are in force are not taken away by those that came with a further authenticator.
  const set = backupCodes ?? (needsBackupCodes(pending.record) ? handedOut : undefined)
  return put(
    { ok: true, epoch: pending.record.epoch, ...describeAuthenticator(authenticator, policy) },
    { ...rest, ...(owed && { totpThrottle }), ...(set && { backupCodes: set }) },
    { type: 'enrolled', authenticatorId: id },
  )
}

/** Give an authenticator another label. */
export function rename(
  record: SecondFactorRecord | undefined,
  id: string,
  label: string,
  now: number,
  policy: Policy,
): Transition<RenameOutcome> {
  const found = record?.authenticators.find((one) => one.id === id)
  if (!record || !found) return keep({ ok: false, reason: 'not_found' })
  const authenticator = { ...found, label, updatedAt: now }
  return put(
    { ok: true, ...describeAuthenticator(authenticator, policy) },
    withAuthenticator(record, authenticator),
  )
}

/**
 * Remove an authenticator. A verified one takes the epoch and all trust with it: whatever it opened has to show another.
 * With the last verified one the second factor is off, backup codes included.
 */
export function removeAuthenticator(
  record: SecondFactorRecord | undefined,
  id: string,
  newEpoch: string,
): Transition<RemoveOutcome> {
  const found = record?.authenticators.find((one) => one.id === id)
  if (!record || !found) return keep({ ok: false, reason: 'not_found' })
  const authenticators = record.authenticators.filter((one) => one !== found)
  if (!isVerified(found)) return put({ ok: true, epoch: record.epoch }, { ...record, authenticators })
  if (!authenticators.some(isVerified)) return remove({ ok: true, epoch: undefined }, { type: 'reset' })
  return put(
    { ok: true, epoch: newEpoch },
    { ...withoutTrust(record), authenticators, epoch: newEpoch },
    { type: 'removed', authenticatorId: id },
  )
}

/** Everything off, in one step. */
export function reset(record: SecondFactorRecord | undefined): Transition<{ readonly ok: true }> {
  return record ? remove({ ok: true }, { type: 'reset' }) : keep({ ok: true })
}

function withAuthenticator(record: SecondFactorRecord, changed: AuthenticatorRecord): SecondFactorRecord {
  return {
    ...record,
    authenticators: record.authenticators.map((one) => (one.id === changed.id ? changed : one)),
  }
}
