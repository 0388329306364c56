import type { Policy } from '../../lib/core/policy.js'
import type { ThrottlePolicy } from '../../lib/core/throttle.js'
import type { Transition } from '../../lib/core/transition.js'
import { MemoryStorage } from '../../lib/storage/memory.js'
import { readOptions } from '../../lib/options.js'
import {
  type AuthenticatorRecord,
  type BackupCodeSetRecord,
  parseRecord,
  type SecondFactorRecord,
} from '../../lib/record.js'

export const NOW = 1_800_000_000_000

/** The defaults, as an application that gives no numbers gets them. */
export const POLICY: Policy = readOptions({
  issuer: 'ACME',
  storage: new MemoryStorage(),
  secret: 'a secret of the tests, which has more than 32 bytes',
}).policy

/** The default policy with other bounds on guessing, for both methods. */
export function throttledBy(changes: Partial<ThrottlePolicy>): Policy {
  return {
    ...POLICY,
    totpThrottle: { ...POLICY.totpThrottle, ...changes },
    backupCodeThrottle: { ...POLICY.backupCodeThrottle, ...changes },
  }
}

/** Bounds that no test comes near: what is wrong is charged and never waits. */
export const PATIENT: Policy = throttledBy({
  freeAttempts: 1e6,
  weeklyBudget: 1e9,
  disableAfter: Infinity,
})

/** A pending authenticator, begun just now. */
export function pendingAuthenticator(changes: Partial<AuthenticatorRecord> = {}): AuthenticatorRecord {
  return {
    id: 'phone',
    label: 'Phone',
    secret: 'sealed',
    algorithm: 'SHA1',
    digits: 6,
    period: 30,
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  }
}

/** A verified authenticator. */
export function verifiedAuthenticator(changes: Partial<AuthenticatorRecord> = {}): AuthenticatorRecord {
  const then = NOW - 86_400_000
  return pendingAuthenticator({
    createdAt: then,
    updatedAt: then,
    verifiedAt: then,
    lastUsedAt: then,
    lastStep: then / 30_000,
    ...changes,
  })
}

/** Ten backup codes, none of them used. */
export function backupCodeSet(changes: Partial<BackupCodeSetRecord> = {}): BackupCodeSetRecord {
  const digests = Array.from({ length: 10 }, (_, index) => `digest ${index}`)
  return { id: 'set', key: 'sealed key', digests, createdAt: NOW, ...changes }
}

/** An enabled second factor, one verified authenticator unless others are given. Frozen: the core changes nothing in place. */
export function enabledRecord(changes: Partial<SecondFactorRecord> = {}): SecondFactorRecord {
  return deepFreeze({ schema: 1, epoch: 'epoch', authenticators: [verifiedAuthenticator()], ...changes })
}

/** Make every write to a value, however deep, throw. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}

/**
 * The record after a transition, frozen. It must be one that a storage may hold: plain JSON, which parses again.
 */
export function recordAfter(
  transition: Transition<unknown>,
  before: SecondFactorRecord | undefined,
): SecondFactorRecord | undefined {
  if (transition.change === 'put') {
    return deepFreeze(parseRecord(JSON.parse(JSON.stringify(transition.record))))
  }
  return transition.change === 'keep' ? before : undefined
}

/** The record of a transition that has to write one. */
export function written(transition: Transition<unknown>): SecondFactorRecord {
  if (transition.change !== 'put') throw new Error(`Nothing was written: ${transition.change}.`)
  return deepFreeze(transition.record)
}
