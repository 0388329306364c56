import { randomUUID } from 'node:crypto'
import express, { type Request, type RequestHandler, type Router } from 'express'
import type { SecondFactorMethod } from '../events.js'
import { hasMember, textMember } from '../express/body.js'
import { endpointCalls, type EndpointOptions } from '../express/endpoint-calls.js'
import { type Answer, type Call, type Endpoint, isProblem, operation } from '../express/endpoints.js'
import { originOf } from '../express/origin.js'
import { problemOf } from '../express/problem.js'
import { satisfy, standingOf } from '../express/standing.js'
import type { AnyRefusal, SecondFactorStatus } from '../outcomes.js'
import type { SecondFactor } from '../service.js'
import { answering, jsonBody } from './logto-call.js'
import { type LogtoErrorCode, refusal, sendAnswer } from './logto-errors.js'

const CONTENT_TYPES = ['application/json']

const GENERATE_SECRET = post('/verification/totp/secret', 'enrolment', generateSecret)
const CONFIRM_SECRET = post('/verification/totp/verify', 'enrolment', confirmSecret)
const VERIFY_TOTP = post('/verification/totp/verify', 'first_factor', (call) => verify(call, 'totp'))
const GENERATE_CODES = post('/verification/backup-code/generate', 'management', generateCodes)
const VERIFY_CODE = post('/verification/backup-code/verify', 'first_factor', (call) =>
  verify(call, 'backup_code'),
)
const BIND = post('/profile/mfa', 'enrolment', bind)

/**
 * What the user of the session does, under the rules of the Router.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function experienceRoutes(
  caller: string,
  secondFactor: SecondFactor,
  options: EndpointOptions,
): Router {
  const calls = endpointCalls(caller, secondFactor, options)

  /** Nothing of a request is read before it is known to come from this site, in a form that is understood. */
  const refuseForeign: RequestHandler = (req, res, next) => {
    const problem = calls.refusal(req, CONTENT_TYPES)
    if (problem) sendAnswer(res, problem)
    else next()
  }

  /** Logto's clients go on to the challenge by what the refusal says there is. */
  async function refuseUnshown(req: Request): Promise<Answer> {
    const standing = await standingOf(req, secondFactor, calls.identity)
    return refusal('session.mfa.require_mfa_verification', {
      data: { availableFactors: standing ? availableFactors(standing.status) : [] },
    })
  }

  const router = express.Router()
  const answer = (endpoint: Endpoint, endpointOf: (req: Request) => Endpoint = () => endpoint) => {
    router.post(
      endpoint.path,
      refuseForeign,
      jsonBody,
      answering(async (req, res) => {
        const answered = await calls.call(endpointOf(req), req, res)
        return isUnshown(answered) ? refuseUnshown(req) : answered
      }),
    )
  }
  answer(GENERATE_SECRET)
  answer(CONFIRM_SECRET, (req) =>
    textMember(req.body, 'verificationId') === '' ? VERIFY_TOTP : CONFIRM_SECRET,
  )
  answer(GENERATE_CODES)
  answer(VERIFY_CODE)
  answer(BIND)
  return router
}

function post(path: string, requires: Endpoint['requires'], run: Endpoint['run']): Endpoint {
  return { method: 'post', path: `/api/experience${path}`, requires, run }
}

async function generateSecret(call: Call): Promise<Answer> {
  const { standing, secondFactor, accountName } = call
  const details = { accountName: accountName(standing.user) }
  const outcome = await secondFactor.enrol(standing.userId, details, operation(call))
  if (!outcome.ok) return problemOf(outcome)
  const { id, secret, qrCode } = outcome
  return { status: 200, body: { verificationId: id, secret, secretQrCode: qrCode } }
}

/** The code of a new secret. It counts from then on: what binds it afterwards finds that done. */
async function confirmSecret(call: Call): Promise<Answer> {
  const { req, standing, secondFactor, body } = call
  const { userId, status } = standing
  if (!isText(body, 'code')) return refusal('guard.invalid_input')
  const id = textMember(body, 'verificationId')
  if (!find(status, id)) return refusal('session.verification_session_not_found')
  if (status.enabled) return refusal('user.totp_already_in_use')
  const outcome = await secondFactor.confirm(userId, id, body.code, {
    ...operation(call),
    backupCodes: false,
  })
  if (!outcome.ok) return refusalOfCode(outcome, 'totp')
  const { updatedAt: at, epoch } = outcome
  await satisfy(req, standing, { method: 'totp', authenticatorId: id, at, epoch })
  return { status: 200, body: { verificationId: id } }
}

/** The challenge. What has been shown is kept in the session: its id here leads nowhere. */
async function verify(call: Call, method: SecondFactorMethod): Promise<Answer> {
  const { req, standing, secondFactor, body } = call
  const isChallenge = !hasMember(body, 'verificationId') || isText(body, 'verificationId')
  if (!isText(body, 'code') || !isChallenge) return refusal('guard.invalid_input')
  const outcome = await secondFactor.verify(standing.userId, body.code, {
    method,
    basis: standing.status,
    origin: originOf(req),
  })
  if (!outcome.ok) return refusalOfCode(outcome, method)
  await satisfy(req, standing, outcome)
  return { status: 200, body: { verificationId: randomUUID() } }
}

async function generateCodes(call: Call): Promise<Answer> {
  const outcome = await call.secondFactor.generateBackupCodes(call.standing.userId, operation(call))
  if (!outcome.ok) return problemOf(outcome)
  return { status: 200, body: { verificationId: outcome.id, codes: outcome.codes } }
}

async function bind(call: Call): Promise<Answer> {
  const { body, standing } = call
  if (!isText(body, 'verificationId')) return refusal('guard.invalid_input')
  const { verificationId } = body
  switch (textMember(body, 'type')) {
    case 'Totp':
      return bindTotp(standing.status, verificationId)
    case 'BackupCode':
      return bindCodes(call, verificationId)
    case 'WebAuthn':
    case 'EmailVerificationCode':
    case 'PhoneVerificationCode':
      return refusal('session.mfa.mfa_factor_not_enabled')
    default:
      return refusal('guard.invalid_input')
  }
}

function bindTotp(status: SecondFactorStatus, id: string): Answer {
  const authenticator = find(status, id)
  if (!authenticator) return refusal('session.verification_session_not_found')
  if (authenticator.verified) return { status: 204 }
  return refusal(status.enabled ? 'user.totp_already_in_use' : 'session.verification_failed')
}

async function bindCodes(call: Call, id: string): Promise<Answer> {
  const outcome = await call.secondFactor.confirmBackupCodes(call.standing.userId, id, operation(call))
  return outcome.ok ? { status: 204 } : problemOf(outcome)
}

const find = ({ authenticators }: SecondFactorStatus, id: string) =>
  authenticators.find((authenticator) => authenticator.id === id)

function isText<Name extends string>(body: object, name: Name): body is Readonly<Record<Name, string>> {
  return hasMember(body, name) && typeof body[name] === 'string'
}

const CODE_ERRORS: Readonly<Record<SecondFactorMethod, LogtoErrorCode>> = {
  totp: 'session.mfa.invalid_totp_code',
  backup_code: 'session.mfa.invalid_backup_code',
}
/** Logto says no more about a code than that it does not count. */
const ALIKE: readonly AnyRefusal['reason'][] = ['invalid_code', 'invalid_request', 'not_enrolled']

const refusalOfCode = (outcome: AnyRefusal, method: SecondFactorMethod): Answer =>
  ALIKE.includes(outcome.reason) ? refusal(CODE_ERRORS[method]) : problemOf(outcome)

const isUnshown = (answer: Answer): boolean =>
  isProblem(answer) &&
  (answer.code === 'second_factor_required' || answer.code === 'fresh_second_factor_required')

function availableFactors({ authenticators, backupCodes }: SecondFactorStatus): readonly string[] {
  const hasTotp = authenticators.some(({ verified, disabled }) => verified && !disabled)
  return [...(hasTotp ? ['Totp'] : []), ...(backupCodes && backupCodes.remaining > 0 ? ['BackupCode'] : [])]
}
