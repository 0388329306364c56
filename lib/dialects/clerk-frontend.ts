import express, { type Request, type RequestHandler, type Router } from 'express'
import { hasMember, textMember } from '../express/body.js'
import { endpointCalls, type EndpointOptions } from '../express/endpoint-calls.js'
import {
  type Answer,
  type Call,
  type Endpoint,
  ENDPOINTS,
  isProblem,
  operation,
} from '../express/endpoints.js'
import { problemOf } from '../express/problem.js'
import { satisfy } from '../express/standing.js'
import type { Authenticator } from '../outcomes.js'
import type { OperationOptions, SecondFactor } from '../service.js'
import { answering } from './clerk-call.js'
import { type ClerkProblemNames, refusal, sendAnswer } from './clerk-errors.js'
import { parsing } from './parsing.js'

const CONTENT_TYPES = ['application/x-www-form-urlencoded']

/** What a `TOTP` is on the wire. Instants are epoch milliseconds. */
interface TotpResource {
  readonly object: 'totp'
  readonly id: string
  /** Only in the answer that created it, like `uri`. */
  readonly secret: string | null
  readonly uri: string | null
  readonly verified: boolean
  /** Only in the answer that verified it, if there were none left. */
  readonly backup_codes: readonly string[] | null
  readonly created_at: number
  readonly updated_at: number
}

/** An endpoint, and what its problems are called. */
type FrontendEndpoint = Endpoint & { readonly names: ClerkProblemNames }

const FRONTEND_ENDPOINTS: readonly FrontendEndpoint[] = [
  { method: 'post', path: '/v1/me/totp', requires: 'enrolment', run: create, names: {} },
  {
    method: 'post',
    path: '/v1/me/totp/attempt_verification',
    requires: 'enrolment',
    run: attemptVerification,
    names: {
      locked: 'verification_failed',
      invalid_request: 'form_code_incorrect',
      // Another one has been created meanwhile.
      not_found: 'verification_missing',
    },
  },
  { method: 'delete', path: '/v1/me/totp', requires: 'management', run: remove, names: {} },
  {
    method: 'post',
    path: '/v1/me/backup_codes',
    requires: 'management',
    run: createBackupCodes,
    names: {
      enrolment_required: 'backup_codes_not_available',
      not_enrolled: 'backup_codes_not_available',
      // Other ones have been created meanwhile.
      not_found: 'resource_locked',
    },
  },
]

/**
 * What the user of the session does, under the rules of the Router.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function frontendRoutes(caller: string, secondFactor: SecondFactor, options: EndpointOptions): Router {
  const calls = endpointCalls(caller, secondFactor, options)

  /** Nothing of a request is read before it is known to come from this site, in a form that is understood. */
  const refuseForeign: RequestHandler = (req, res, next) => {
    const problem = calls.refusal(req, CONTENT_TYPES)
    if (problem) sendAnswer(res, problem)
    else next()
  }

  const router = express.Router()
  for (const endpoint of FRONTEND_ENDPOINTS) {
    const { path, method, names } = endpoint
    router.all(
      path,
      ifMethod(method),
      refuseForeign,
      parsing(express.urlencoded({ extended: false }), sendAnswer),
      answering((req, res) => calls.call(endpoint, req, res), names),
    )
  }
  return router
}

/** Clerk's browser clients send nothing but POST, and say in the address what they mean by it. */
const ifMethod =
  (method: Endpoint['method']): RequestHandler =>
  (req, _res, next) => {
    next(methodOf(req) === method ? undefined : 'route')
  }

function methodOf(req: Request): string {
  const isMeant = req.method === 'POST' && hasMember(req.query, '_method')
  return (isMeant ? textMember(req.query, '_method') : req.method).toLowerCase()
}

/** A user has one TOTP: a new secret takes the place of one that nobody has shown a code of. */
async function create(call: Call): Promise<Answer> {
  const { standing, secondFactor, accountName } = call
  const { userId, user, status } = standing
  if (status.enabled) return refusal('totp_already_enabled')
  const options = afterwards(call)
  // What is refused here is verified by now, and nothing is enrolled beside it.
  for (const { id } of status.authenticators) await secondFactor.remove(userId, id, options)
  const outcome = await secondFactor.enrol(userId, { accountName: accountName(user) }, options)
  if (!outcome.ok) return problemOf(outcome)
  const { secret, uri } = outcome
  return respond({ ...totpResource(outcome), secret, uri })
}

async function attemptVerification(call: Call): Promise<Answer> {
  const { req, standing, secondFactor, body } = call
  const { userId, status } = standing
  if (!hasMember(body, 'code')) return refusal('form_param_missing')
  if (status.enabled) return refusal('verification_already_verified')
  const pending = status.authenticators.at(-1)
  // Of an enrolment that was not confirmed in time, nothing but an epoch is left.
  if (!pending) return refusal(status.epoch === undefined ? 'verification_missing' : 'verification_expired')
  const code = textMember(body, 'code')
  const outcome = await secondFactor.confirm(userId, pending.id, code, operation(call))
  if (!outcome.ok) return problemOf(outcome)
  const { id, epoch, updatedAt: at, backupCodes = null } = outcome
  await satisfy(req, standing, { method: 'totp', authenticatorId: id, at, epoch })
  return respond({ ...totpResource(outcome), backup_codes: backupCodes })
}

async function remove(call: Call): Promise<Answer> {
  const totp = call.standing.status.authenticators.find(({ verified }) => verified)
  const answer = await ENDPOINTS.turnOff.run(call)
  return isProblem(answer) ? answer : respond({ object: 'totp', id: totp?.id, deleted: true })
}

/** In force at once, as nothing asks whether they have been saved. */
async function createBackupCodes(call: Call): Promise<Answer> {
  const { standing, secondFactor } = call
  const generated = await secondFactor.generateBackupCodes(standing.userId, operation(call))
  if (!generated.ok) return problemOf(generated)
  const { id, codes, createdAt } = generated
  const confirmed = await secondFactor.confirmBackupCodes(standing.userId, id, afterwards(call))
  if (!confirmed.ok) return problemOf(confirmed)
  return respond({ object: 'backup_code', id, codes, created_at: createdAt, updated_at: createdAt })
}

/** As `operation`, for when something has been written since the call began. */
function afterwards(call: Call): OperationOptions {
  const { basis: _read, ...options } = operation(call)
  return options
}

const totpResource = ({ id, verified, createdAt, updatedAt }: Authenticator): TotpResource => ({
  object: 'totp',
  id,
  secret: null,
  uri: null,
  verified,
  backup_codes: null,
  created_at: createdAt,
  updated_at: updatedAt,
})

/** There is no client to tell of: whose session it is stands in the cookie. */
const respond = (response: object): Answer => ({ status: 200, body: { response, client: null } })
