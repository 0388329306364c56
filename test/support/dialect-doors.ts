import supertest, { type Response } from 'supertest'
import { clerkDialect } from '../../lib/dialects/clerk.js'
import { logtoDialect } from '../../lib/dialects/logto.js'
import { stytchDialect } from '../../lib/dialects/stytch.js'
import { PATHS } from '../dialects/logto.js'
import type { Browser, TestApp, TestAppOptions } from './app.js'
import { DIALECT, SECRET_KEY } from './clerk.js'
import type { Along } from './code-paths.js'
import { PROJECT, PROJECT_SECRET } from './stytch.js'

/** All of the dialects, for everybody. Clerk's frontend has no endpoint that takes the codes of who is enrolled. */
export const mountDialects: NonNullable<TestAppOptions['routes']> = (host, secondFactor) => {
  host.use(
    stytchDialect(secondFactor, {
      projects: { [PROJECT]: PROJECT_SECRET },
      user: (userId) => ({ user_id: userId }),
    }),
    clerkDialect(secondFactor, { ...DIALECT, signedIn: false }),
    logtoDialect(secondFactor),
  )
}

/** What the Router answers where a dialect answers with an error of this name. Others are no verdict of a code. */
type Verdicts = Readonly<Record<string, number>>

const STYTCH: Verdicts = {
  invalid_totp_code: 400,
  totps_not_found_for_user: 409,
  no_active_recovery_code_backed_factor: 409,
  unable_to_authenticate_totp: 422,
  totp_code_already_authenticated: 422,
  unable_to_authenticate_recovery_code: 422,
  user_lock_limit_reached: 429,
  server_unavailable: 503,
}

const CLERK: Verdicts = {
  form_param_missing: 400,
  totp_invalid_length: 400,
  totp_disabled: 409,
  totp_incorrect_code: 422,
  user_locked: 429,
  // Not decided either: other writers won every time.
  resource_locked: 503,
  service_unavailable: 503,
}

/** One name for a code that is wrong, used, or nothing that could be a code, and for who is not enrolled. */
const LOGTO: Verdicts = {
  'guard.invalid_input': 400,
  'session.mfa.invalid_totp_code': 422,
  'session.mfa.invalid_backup_code': 422,
  'session.verification_blocked_too_many_attempts': 429,
  unavailable: 503,
}

/** Clients know which of the two they have asked for. */
const isBackupCode = (code: unknown): boolean => typeof code === 'string' && code.length > 8

/** A backend that shows the code of this user to Stytch's endpoints. */
export async function showStytch(
  { url }: TestApp,
  user_id: string,
  code: unknown,
  { headers = {}, members }: Along = {},
): Promise<number> {
  const [endpoint, field] = isBackupCode(code) ? ['recover', 'recovery_code'] : ['authenticate', 'totp_code']
  const answer = await supertest(url)
    .post(`/v1/totps/${endpoint}`)
    .auth(PROJECT, PROJECT_SECRET)
    .set(headers)
    .send({ ...members, user_id, [field]: code })
  const { error_type } = answer.body as { error_type?: string }
  return statusIn(STYTCH, answer, error_type)
}

/** The same with Clerk's, which has one endpoint for both kinds of codes. */
export async function showClerk(
  { url }: TestApp,
  userId: string,
  code: unknown,
  { headers = {}, members }: Along = {},
): Promise<number> {
  const answer = await supertest(url)
    .post(`/v1/users/${encodeURIComponent(userId)}/verify_totp`)
    .auth(SECRET_KEY, { type: 'bearer' })
    .set(headers)
    .send({ ...members, code })
  const { errors = [] } = answer.body as { errors?: readonly { readonly code: string }[] }
  return statusIn(CLERK, answer, errors[0]?.code)
}

/** A browser that is signed in, and goes through Logto's challenge. */
export async function showLogto(
  browser: Browser,
  code: unknown,
  { headers = {}, members }: Along = {},
): Promise<number> {
  const answer = await browser
    .post(isBackupCode(code) ? PATHS.verifyCode : PATHS.verify)
    .set(headers)
    .send({ ...members, code })
  const { code: error } = answer.body as { code?: string }
  return statusIn(LOGTO, answer, error)
}

function statusIn(verdicts: Verdicts, { status, text }: Response, error = ''): number {
  if (status === 200) return 200
  const verdict = verdicts[error]
  if (verdict === undefined) throw new Error(`This is no verdict: ${status} ${text}`)
  return verdict
}
