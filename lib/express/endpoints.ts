import type { Request, Response } from 'express'
import type { Authority } from '../core/authority.js'
import { deviceIdOf } from '../device-tokens.js'
import type { OperationOptions, SecondFactor } from '../service.js'
import { flagMember, hasMember, textMember } from './body.js'
import { clearDeviceToken, deviceOf, readDeviceToken, setDeviceToken } from './device-cookie.js'
import { originOf } from './origin.js'
import { type Problem, problemOf } from './problem.js'
import {
  type BackupCodesResource,
  backupCodesResource,
  iso,
  type NewBackupCodesResource,
  newTotpResource,
  type StatusResource,
  type TotpResource,
  totpResource,
  type TrustedDeviceResource,
  trustedDeviceResource,
  type VerificationResource,
} from './resources.js'
import { carryMark } from './session.js'
import { forget, satisfy, type Standing } from './standing.js'

/**
 * Who may call an endpoint.
 *
 * - `first_factor`: whoever is signed in, held or not
 * - `second_factor`: a second factor shown in this session
 * - `enrolment`: the first factor for a first authenticator, a fresh second factor for any other
 * - `management`: a fresh second factor
 */
export type Requirement = 'first_factor' | 'second_factor' | 'enrolment' | 'management'

/** A call that its requirement has let through. */
export interface Call {
  readonly req: Request
  readonly res: Response
  readonly standing: Standing
  readonly secondFactor: SecondFactor
  readonly body: object
  readonly accountName: (user: Express.User) => string
}

export type Answer<Body extends object = object> = { readonly status: number; readonly body?: Body } | Problem

export interface Endpoint<Body extends object = object> {
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  readonly path: string
  readonly requires: Requirement
  run(call: Call): Promise<Answer<Body>>
}

/** Everything that the Router answers to, and that the pages do. */
export const ENDPOINTS = {
  readStatus: { method: 'get', path: '/', requires: 'first_factor', run: readStatus },
  turnOff: { method: 'delete', path: '/', requires: 'management', run: turnOff },
  verify: { method: 'post', path: '/verify', requires: 'first_factor', run: verify },
  enrol: { method: 'post', path: '/totp', requires: 'enrolment', run: enrol },
  confirm: { method: 'post', path: '/totp/:id/verify', requires: 'enrolment', run: confirm },
  rename: { method: 'patch', path: '/totp/:id', requires: 'management', run: rename },
  removeAuthenticator: {
    method: 'delete',
    path: '/totp/:id',
    requires: 'management',
    run: removeAuthenticator,
  },
  generateBackupCodes: {
    method: 'post',
    path: '/backup-codes',
    requires: 'management',
    run: generateBackupCodes,
  },
  confirmBackupCodes: {
    method: 'post',
    path: '/backup-codes/:id/confirm',
    requires: 'management',
    run: confirmBackupCodes,
  },
  listTrustedDevices: {
    method: 'get',
    path: '/trusted-devices',
    requires: 'second_factor',
    run: listTrustedDevices,
  },
  revokeTrustedDevices: {
    method: 'delete',
    path: '/trusted-devices',
    requires: 'management',
    run: revokeTrustedDevices,
  },
  revokeTrustedDevice: {
    method: 'delete',
    path: '/trusted-devices/:id',
    requires: 'management',
    run: revokeTrustedDevice,
  },
} as const satisfies Readonly<Record<string, Endpoint>>

function readStatus({ standing }: Call): Promise<Answer<StatusResource>> {
  const { enabled, authenticators, backupCodes } = standing.status
  return Promise.resolve({
    status: 200,
    body: {
      enabled,
      satisfied: standing.state === 'satisfied',
      authenticators: authenticators.map(totpResource),
      backupCodes: backupCodes && backupCodesResource(backupCodes),
    },
  })
}

async function turnOff(call: Call): Promise<Answer> {
  const { req, res, standing, secondFactor } = call
  const outcome = await secondFactor.reset(standing.userId, operation(call))
  if (!outcome.ok) return problemOf(outcome)
  clearDeviceToken(req, res, standing.userId)
  await carryOwnMark(call, undefined)
  return { status: 204 }
}

async function verify(call: Call): Promise<Answer<VerificationResource>> {
  const { req, res, standing, secondFactor, body } = call
  const trusts = flagMember(body, 'trustDevice')
  if (trusts === undefined) return { code: 'invalid_request', detail: 'trustDevice must be true or false.' }
  const outcome = await secondFactor.verify(standing.userId, textMember(body, 'code'), {
    basis: standing.status,
    origin: originOf(req),
    trustDevice: trusts ? deviceOf(req, standing.userId) : undefined,
  })
  if (!outcome.ok) return problemOf(outcome)
  await satisfy(req, standing, outcome)
  const { method, authenticatorId, backupCodesRemaining, at, trustedDevice } = outcome
  if (trustedDevice) setDeviceToken(res, standing.userId, trustedDevice, at)
  return {
    status: 200,
    body: {
      verified: true,
      method,
      ...(authenticatorId !== undefined && { authenticatorId }),
      backupCodesRemaining,
      verifiedAt: iso(at),
      ...(trustedDevice && { trustedUntil: iso(trustedDevice.expiresAt) }),
    },
  }
}

async function enrol(call: Call): Promise<Answer<TotpResource>> {
  const { standing, secondFactor, body, accountName } = call
  const details = {
    accountName: accountName(standing.user),
    // A form's empty field means that its owner has no wish.
    ...(hasMember(body, 'label') && body['label'] !== '' && { label: textMember(body, 'label') }),
  }
  const outcome = await secondFactor.enrol(standing.userId, details, operation(call))
  return outcome.ok ? { status: 201, body: newTotpResource(outcome) } : problemOf(outcome)
}

async function confirm(call: Call): Promise<Answer<TotpResource>> {
  const { req, standing, secondFactor, body } = call
  const id = parameter(req)
  const outcome = await secondFactor.confirm(standing.userId, id, textMember(body, 'code'), operation(call))
  if (!outcome.ok) return problemOf(outcome)
  const { epoch, updatedAt, backupCodes } = outcome
  await satisfy(req, standing, { method: 'totp', authenticatorId: id, at: updatedAt, epoch })
  return { status: 200, body: { ...totpResource(outcome), ...(backupCodes && { backupCodes }) } }
}

async function rename(call: Call): Promise<Answer<TotpResource>> {
  const { req, standing, secondFactor, body } = call
  const label = textMember(body, 'label')
  const outcome = await secondFactor.rename(standing.userId, parameter(req), label, operation(call))
  return outcome.ok ? { status: 200, body: totpResource(outcome) } : problemOf(outcome)
}

async function removeAuthenticator(call: Call): Promise<Answer> {
  const { req, standing, secondFactor } = call
  const outcome = await secondFactor.remove(standing.userId, parameter(req), operation(call))
  if (!outcome.ok) return problemOf(outcome)
  await carryOwnMark(call, outcome.epoch)
  return { status: 204 }
}

async function generateBackupCodes(call: Call): Promise<Answer<NewBackupCodesResource>> {
  const outcome = await call.secondFactor.generateBackupCodes(call.standing.userId, operation(call))
  if (!outcome.ok) return problemOf(outcome)
  const { id, codes, confirmed, createdAt, expiresAt } = outcome
  return {
    status: 201,
    body: { id, codes, createdAt: iso(createdAt), confirmed, expiresAt: iso(expiresAt) },
  }
}

async function confirmBackupCodes(
  call: Call,
): Promise<Answer<BackupCodesResource & { readonly confirmed: true }>> {
  const { req, standing, secondFactor } = call
  const outcome = await secondFactor.confirmBackupCodes(standing.userId, parameter(req), operation(call))
  if (!outcome.ok) return problemOf(outcome)
  return { status: 200, body: { ...backupCodesResource(outcome), confirmed: true } }
}

function listTrustedDevices({ req, standing }: Call): Promise<Answer<readonly TrustedDeviceResource[]>> {
  const currentId = deviceIdOf(readDeviceToken(req, standing.userId))
  const { trustedDevices } = standing.status
  return Promise.resolve({
    status: 200,
    body: trustedDevices.map((device) => trustedDeviceResource(device, currentId)),
  })
}

async function revokeTrustedDevice(call: Call): Promise<Answer> {
  const { req, res, standing, secondFactor } = call
  const id = parameter(req)
  const outcome = await secondFactor.revokeTrustedDevice(standing.userId, id, operation(call))
  if (!outcome.ok) return problemOf(outcome)
  if (deviceIdOf(readDeviceToken(req, standing.userId)) === id) clearDeviceToken(req, res, standing.userId)
  return { status: 204 }
}

async function revokeTrustedDevices(call: Call): Promise<Answer> {
  const { req, res, standing, secondFactor } = call
  const outcome = await secondFactor.revokeTrustedDevices(standing.userId, operation(call))
  if (!outcome.ok) return problemOf(outcome)
  clearDeviceToken(req, res, standing.userId)
  return { status: 204 }
}

/** The change is made under what this session has shown, and from what was read for it. */
export function operation({ req, standing }: Call): OperationOptions {
  const authority: Authority = standing.mark
    ? { shown: 'second_factor', epoch: standing.mark.epoch }
    : { shown: 'first_factor' }
  return { authority, basis: standing.status, origin: originOf(req) }
}

/** The session that made the change stays in; all others show the second factor again. */
async function carryOwnMark({ req, standing }: Call, epoch: string | undefined): Promise<void> {
  forget(req)
  if (standing.mark) await carryMark(req, standing.mark, epoch)
}

const parameter = (req: Request): string => textMember(req.params, 'id')

export const isProblem = (answer: Answer): answer is Problem => 'code' in answer
