import express, { type Request, type RequestHandler, type Router } from 'express'
import { hasMember, textMember } from '../express/body.js'
import type { Answer } from '../express/endpoints.js'
import { originOf } from '../express/origin.js'
import { type Problem, problemOf } from '../express/problem.js'
import { iso } from '../express/resources.js'
import type { Authenticator, BackupCodes } from '../outcomes.js'
import { qrCodeDataUrl } from '../qr.js'
import type { SecondFactor } from '../service.js'
import { answering, jsonBody } from './logto-call.js'
import { refusal, sendAnswer } from './logto-errors.js'
import { isUserId } from '../user-id.js'
import { foundBy } from './found-user.js'

type Awaitable<Value> = Value | Promise<Value>

/** What the management routes are answered from. */
export interface ManagementSettings {
  readonly secondFactor: SecondFactor
  readonly authorize: (req: Request) => Awaitable<boolean>
  readonly user: (userId: string) => Awaitable<object | undefined>
  readonly accountName: (user: object, userId: string) => string
}

/** A request that may manage, for somebody whom the application knows. */
interface Management {
  readonly secondFactor: SecondFactor
  readonly req: Request
  readonly userId: string
  readonly accountName: string
}

const PATH = '/api/users/:userId/mfa-verifications'

/** What Logto takes as a secret, and as the backup codes that it makes itself. */
const SECRET = /^[A-Z2-7]{16,32}$/
const BACKUP_CODE = /^[0-9a-f]{10}$/
const BACKUP_CODES = 10

/** Nobody waits for it: if it cannot be taken away, it is soon gone by itself. */
const PENDING_SECONDS = 60

/** What a program of the application's does with anybody's second factor. */
export function managementRoutes(settings: ManagementSettings): Router {
  /** Nothing is read before it is known to be allowed: neither the body, nor any record. */
  const authorize: RequestHandler = (req, res, next) => {
    Promise.resolve()
      .then(() => settings.authorize(req))
      .then((answer: unknown) => {
        if (answer === true) next()
        else sendAnswer(res, refusal('auth.unauthorized'))
      }, next)
  }

  const manage = (answer: (management: Management) => Promise<Answer>): RequestHandler =>
    answering(async (req) => {
      const userId = textMember(req.params, 'userId')
      const user = isUserId(userId) ? foundBy(userId, await settings.user(userId)) : undefined
      if (!user) return refusal('entity.not_found')
      const { secondFactor, accountName } = settings
      return answer({ secondFactor, req, userId, accountName: accountName(user, userId) })
    })

  const router = express.Router()
  router.get(PATH, authorize, manage(list))
  router.post(PATH, authorize, jsonBody, manage(add))
  router.delete(`${PATH}/:verificationId`, authorize, manage(take))
  return router
}

async function list({ secondFactor, req, userId }: Management): Promise<Answer> {
  const { authenticators, backupCodes } = await secondFactor.status(userId, { origin: originOf(req) })
  return {
    status: 200,
    body: [
      ...authenticators.filter(({ verified }) => verified).map(totpVerification),
      ...(backupCodes ? [backupCodeVerification(backupCodes)] : []),
    ],
  }
}

const totpVerification = ({ id, createdAt, lastUsedAt }: Authenticator) => ({
  id,
  createdAt: iso(createdAt),
  type: 'Totp',
  ...(lastUsedAt !== undefined && { lastUsedAt: iso(lastUsedAt) }),
})

const backupCodeVerification = ({ id, createdAt, remaining }: BackupCodes) => ({
  id,
  createdAt: iso(createdAt),
  type: 'BackupCode',
  remainCodes: remaining,
})

async function add(management: Management): Promise<Answer> {
  const body: unknown = management.req.body
  const member = (name: string) => (hasMember(body, name) ? body[name] : undefined)
  switch (textMember(body, 'type')) {
    case 'Totp':
      return addTotp(management, member('secret'))
    case 'BackupCode':
      return addCodes(management, member('codes'))
    default:
      return refusal('guard.invalid_input')
  }
}

/** Enough as long as there is no second factor. */
const FIRST = { shown: 'first_factor' } as const

/** Bind an authenticator at once, unproved: the program vouches for it. */
async function addTotp(management: Management, secret: unknown): Promise<Answer> {
  const { secondFactor, req, userId } = management
  const origin = originOf(req)
  if (secret !== undefined && typeof secret !== 'string') return refusal('guard.invalid_input')
  if (secret !== undefined && !SECRET.test(secret)) return refusal('user.totp_secret_invalid')
  const { enabled } = await secondFactor.status(userId, { origin })
  if (enabled) return refusal('user.totp_already_in_use')

  const fresh = await freshTotp(management)
  if ('code' in fresh) return fresh
  const { uri, secretQrCode } = secret === undefined ? fresh : withSecret(fresh.uri, secret)
  // Judged on the record itself: of those that come at once, the first one is bound.
  const imported = await secondFactor.importTotp(userId, { uri }, { authority: FIRST, origin })
  if (!imported.ok) {
    return imported.reason === 'second_factor_required'
      ? refusal('user.totp_already_in_use')
      : problemOf(imported)
  }
  return { status: 200, body: { type: 'Totp', secret: secret ?? fresh.secret, secretQrCode } }
}

interface FreshTotp {
  readonly secret: string
  readonly uri: string
  readonly secretQrCode: string
}

/** A secret, and how the second factor puts it to an authenticator app. Nothing of it stays behind. */
async function freshTotp({
  secondFactor,
  req,
  userId,
  accountName,
}: Management): Promise<FreshTotp | Problem> {
  const options = { origin: originOf(req) }
  const begun = await secondFactor.enrol(userId, { accountName, pendingSeconds: PENDING_SECONDS }, options)
  if (!begun.ok) return problemOf(begun)
  await secondFactor.remove(userId, begun.id, options)
  return { secret: begun.secret, uri: begun.uri, secretQrCode: begun.qrCode }
}

/** The same with another secret, of the only kind that Logto has. */
function withSecret(freshUri: string, secret: string): Omit<FreshTotp, 'secret'> {
  let uri = freshUri
  for (const [name, value] of Object.entries({ secret, algorithm: 'SHA1', digits: '6', period: '30' })) {
    uri = uri.replace(new RegExp(`(?<=[?&]${name}=)[^&]*`), value)
  }
  return { uri, secretQrCode: qrCodeDataUrl(uri) }
}

async function addCodes(management: Management, codes: unknown): Promise<Answer> {
  if (codes === undefined) return generateCodes(management)
  if (!isTexts(codes)) return refusal('guard.invalid_input')
  const isLogtos = codes.length === BACKUP_CODES && codes.every((code) => BACKUP_CODE.test(code))
  if (!isLogtos) return refusal('user.wrong_backup_code_format')
  const { secondFactor, userId, req } = management
  const outcome = await secondFactor.importBackupCodes(userId, codes, { origin: originOf(req) })
  if (outcome.ok) return { status: 200, body: { type: 'BackupCode', codes } }
  if (outcome.reason === 'invalid_request') return refusal('user.wrong_backup_code_format')
  if (outcome.reason === 'backup_codes_exist') return refusal('user.backup_code_already_in_use')
  return refusal('session.mfa.backup_code_can_not_be_alone')
}

/** A set in force at once: the program hands it on. One that is used up gives way. */
async function generateCodes({ secondFactor, req, userId }: Management): Promise<Answer> {
  const options = { origin: originOf(req) }
  const { backupCodes } = await secondFactor.status(userId, options)
  if (backupCodes && backupCodes.remaining > 0) return refusal('user.backup_code_already_in_use')
  const generated = await secondFactor.generateBackupCodes(userId, options)
  if (!generated.ok) return problemOf(generated)
  const confirmed = await secondFactor.confirmBackupCodes(userId, generated.id, options)
  // Another set was made meanwhile.
  if (!confirmed.ok) return refusal('user.backup_code_already_in_use')
  return { status: 200, body: { type: 'BackupCode', codes: generated.codes } }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')

async function take({ secondFactor, req, userId }: Management): Promise<Answer> {
  const options = { origin: originOf(req) }
  const id = textMember(req.params, 'verificationId')
  const { authenticators, backupCodes } = await secondFactor.status(userId, options)
  const isBound = authenticators.some((one) => one.verified && one.id === id)
  if (!isBound && backupCodes?.id !== id) return refusal('entity.not_found')
  const outcome = await (isBound
    ? secondFactor.remove(userId, id, options)
    : secondFactor.removeBackupCodes(userId, options))
  return outcome.ok ? { status: 204 } : refusal('entity.not_found')
}
