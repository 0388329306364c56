import { createApiClient } from '@logto/api/management'
import type { Request } from 'express'
import { logtoDialect, type LogtoDialectOptions } from '../../lib/dialects/logto.js'
import type { LogtoErrorBody } from '../../lib/dialects/logto-errors.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import type { TestApp, TestAppOptions } from '../support/app.js'
import { succeeded } from '../support/service.js'

/** What the programs of the tests' application bring. */
export const TOKEN = 'the token of the tests'

export const isManager = (req: Request): boolean => req.get('Authorization') === `Bearer ${TOKEN}`

/** An application with Logto's endpoints, behind everything else. */
export const withLogto = (
  options: LogtoDialectOptions = { authorize: isManager },
): Partial<TestAppOptions> => ({
  routes: (app, secondFactor) => {
    app.use(logtoDialect(secondFactor, options))
  },
})

/** Logto's own client of the Management API. */
export const managementApi = (url: string, token = TOKEN) =>
  createApiClient({ baseUrl: url, getToken: () => Promise.resolve(token) })

export type ManagementApi = ReturnType<typeof managementApi>

/** What a client of Logto's knows of an answer. */
export interface LogtoAnswer<Data = unknown> {
  readonly data?: Data
  readonly error?: LogtoErrorBody
  readonly response: Response
}

/** Logto's client as it takes any path: its types know the Management API alone. */
export type UntypedSend = <Data>(path: string, init?: object) => Promise<LogtoAnswer<Data>>

export interface Secret {
  readonly verificationId: string
  readonly secret: string
  readonly secretQrCode: string
}

export interface Codes {
  readonly verificationId: string
  readonly codes: readonly string[]
}

export const PATHS = {
  secret: '/api/experience/verification/totp/secret',
  verify: '/api/experience/verification/totp/verify',
  codes: '/api/experience/verification/backup-code/generate',
  verifyCode: '/api/experience/verification/backup-code/verify',
  bind: '/api/experience/profile/mfa',
} as const

/** A browser at the Experience API: Logto's client, which keeps its cookies. */
export class Experience {
  readonly #post: UntypedSend
  #cookie = ''

  constructor(url: string) {
    const client = createApiClient({ baseUrl: url, getToken: () => Promise.resolve('of no use here') })
    client.use({
      onRequest: ({ request }) => {
        request.headers.set('Cookie', this.#cookie)
        return request
      },
      onResponse: ({ response }) => {
        const [cookie] = response.headers.getSetCookie()
        if (cookie !== undefined) this.#cookie = cookie.split(';')[0] ?? ''
      },
    })
    this.#post = client.POST as UntypedSend
  }

  get cookie(): string {
    return this.#cookie
  }

  post<Data>(path: string, body?: object): Promise<LogtoAnswer<Data>> {
    return this.#post<Data>(path, body && { body })
  }

  signIn(name: string): Promise<LogtoAnswer> {
    return this.post('/login', { name })
  }

  newSecret = () => this.post<Secret>(PATHS.secret)
  verifyTotp = (code: string, verificationId?: string) =>
    this.post<Pick<Secret, 'verificationId'>>(PATHS.verify, { code, verificationId })
  newCodes = () => this.post<Codes>(PATHS.codes)
  verifyCode = (code: string) => this.post<Pick<Codes, 'verificationId'>>(PATHS.verifyCode, { code })
  bind = (type: string, verificationId: string) => this.post(PATHS.bind, { type, verificationId })
}

/** Sign in at a browser of one's own. */
export async function signIn({ url }: Pick<TestApp, 'url'>, name: string): Promise<Experience> {
  const experience = new Experience(url)
  await experience.signIn(name)
  return experience
}

/** The data of an answer that must be a success. */
export function dataOf<Data>({ data, error, response }: LogtoAnswer<Data>): Data {
  if (data === undefined) throw new Error(`${response.status}: ${JSON.stringify(error)}`)
  return data
}

/** The status and, for a refusal, its code. */
export const outcomeOf = ({ error, response }: LogtoAnswer): string =>
  error === undefined ? String(response.status) : `${response.status} ${error.code}`

/** How often each outcome came. */
export function outcomes(answers: readonly LogtoAnswer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[outcomeOf(answer)] = (counts[outcomeOf(answer)] ?? 0) + 1
  return counts
}

/** The authenticator app of somebody who was shown this secret. */
export const phoneOf = (secret: string): TestAuthenticator =>
  new TestAuthenticator(`otpauth://totp/phone?secret=${secret}`)

/** Somebody who has enrolled, with backup codes, and the time step after that. */
export interface LogtoPerson {
  readonly name: string
  readonly phone: TestAuthenticator
  readonly totpId: string
  readonly codes: readonly string[]
  /** The browser that did it: it has shown the second factor. */
  readonly experience: Experience
}

export async function enrolPerson(app: TestApp, name: string): Promise<LogtoPerson> {
  const experience = await signIn(app, name)
  const { verificationId, secret } = dataOf(await experience.newSecret())
  const phone = phoneOf(secret)
  dataOf(await experience.verifyTotp(phone.codeAt(app.clock.now()), verificationId))
  const { verificationId: setId, codes } = dataOf(await experience.newCodes())
  await experience.bind('BackupCode', setId)
  app.clock.advance(30)
  return { name, phone, totpId: verificationId, codes, experience }
}

/** What is in force, as the service says it. */
export async function standingOf({ secondFactor }: Pick<TestApp, 'secondFactor'>, userId: string) {
  const { enabled, authenticators, backupCodes } = await secondFactor.status(userId)
  return {
    enabled,
    authenticators: authenticators.map(({ verified }) => (verified ? 'verified' : 'pending')),
    codes: backupCodes?.remaining,
  }
}

/** Spend a code with the service itself. */
export const spend = async ({ secondFactor }: Pick<TestApp, 'secondFactor'>, userId: string, code = '') =>
  succeeded(await secondFactor.verify(userId, code))
