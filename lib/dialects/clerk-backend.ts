import express, { type Request, type RequestHandler, type Router } from 'express'
import { hasMember, textMember } from '../express/body.js'
import type { Answer } from '../express/endpoints.js'
import { originOf } from '../express/origin.js'
import { problemOf } from '../express/problem.js'
import type { SecondFactor } from '../service.js'
import type { Bearer } from './bearer-authorization.js'
import { answering } from './clerk-call.js'
import { type ClerkProblemNames, refusal, sendAnswer } from './clerk-errors.js'
import { isUserId } from '../user-id.js'
import { foundBy } from './found-user.js'
import { parsing } from './parsing.js'

/** What the backend routes are answered from. */
export interface BackendSettings {
  readonly secondFactor: SecondFactor
  readonly bearerOf: (header: string | undefined) => Bearer
  readonly user: (userId: string) => object | undefined | Promise<object | undefined>
}

/** A request with a right key, for somebody whom the application knows. */
interface BackendCall {
  readonly secondFactor: SecondFactor
  readonly req: Request
  readonly userId: string
}

/** One field takes both kinds of codes, so that both are told of by the names for TOTP. */
const VERIFICATION: ClerkProblemNames = {
  invalid_code: 'totp_incorrect_code',
  invalid_request: 'totp_invalid_length',
}

/** What a program of the application's does with anybody's second factor. */
export function backendRoutes({ secondFactor, bearerOf, user }: BackendSettings): Router {
  /** Nothing of a request is read, and no record, for whoever has no key. */
  const refuseStrangers: RequestHandler = (req, res, next) => {
    const bearer = bearerOf(req.get('Authorization'))
    if (bearer === 'known') {
      next()
      return
    }
    res.setHeader('WWW-Authenticate', 'Bearer')
    sendAnswer(res, refusal(bearer === 'none' ? 'authorization_header_format_invalid' : 'clerk_key_invalid'))
  }

  const answer = (run: (call: BackendCall) => Promise<Answer>, names?: ClerkProblemNames): RequestHandler =>
    answering(async (req) => {
      const userId = textMember(req.params, 'userId')
      const found = isUserId(userId) ? foundBy(userId, await user(userId)) : undefined
      return found ? run({ secondFactor, req, userId }) : refusal('resource_not_found')
    }, names)

  const router = express.Router()
  const read = [refuseForeign, parsing(express.json(), sendAnswer)]
  router.post('/v1/users/:userId/verify_totp', refuseStrangers, read, answer(verify, VERIFICATION))
  router.delete('/v1/users/:userId/totp', refuseStrangers, answer(removeTotp))
  router.delete('/v1/users/:userId/backup_code', refuseStrangers, answer(removeBackupCodes))
  router.delete('/v1/users/:userId/mfa', refuseStrangers, answer(turnOff))
  return router
}

const refuseForeign: RequestHandler = (req, res, next) => {
  if (req.is('application/json') === false) sendAnswer(res, refusal('unsupported_content_type'))
  else next()
}

async function verify({ secondFactor, req, userId }: BackendCall): Promise<Answer> {
  const body: unknown = req.body
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return refusal('request_body_invalid')
  if (!hasMember(body, 'code')) return refusal('form_param_missing')
  const outcome = await secondFactor.verify(userId, textMember(body, 'code'), { origin: originOf(req) })
  if (!outcome.ok) return problemOf(outcome)
  return { status: 200, body: { verified: true, code_type: outcome.method } }
}

/** Not confirmed: that there is a 404 also for somebody who has none. */
async function removeTotp(call: BackendCall): Promise<Answer> {
  const { secondFactor, req, userId } = call
  const { authenticators } = await secondFactor.status(userId, { origin: originOf(req) })
  return authenticators.length === 0 ? refusal('resource_not_found') : turnOff(call)
}

/** Not confirmed: that there is a 404 also for somebody who has none. */
async function removeBackupCodes({ secondFactor, req, userId }: BackendCall): Promise<Answer> {
  const origin = originOf(req)
  const basis = await secondFactor.status(userId, { origin })
  if (!basis.backupCodes) return refusal('resource_not_found')
  const outcome = await secondFactor.removeBackupCodes(userId, { basis, origin })
  return outcome.ok ? { status: 200, body: { user_id: userId } } : refusal('resource_not_found')
}

/** Whatever there is; nothing is fine too. */
async function turnOff({ secondFactor, req, userId }: BackendCall): Promise<Answer> {
  const outcome = await secondFactor.reset(userId, { origin: originOf(req) })
  return outcome.ok ? { status: 200, body: { user_id: userId } } : problemOf(outcome)
}
