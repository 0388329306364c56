import { type ClerkClient, createClerkClient } from '@clerk/backend'
import { ClerkAPIResponseError, isClerkAPIResponseError } from '@clerk/backend/errors'
import { expect } from 'chai'
import express, { type ErrorRequestHandler, type Express } from 'express'
import { after } from 'mocha'
import type { Response, Test } from 'supertest'
import { clerkDialect, type ClerkDialectOptions } from '../../lib/dialects/clerk.js'
import type { SecondFactorOptions } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import type { Browser, TestApp, TestAppOptions } from './app.js'
import type { FakeClock } from './clock.js'
import { serve, type Served } from './serve.js'
import { newService, rejection, type TestService } from './service.js'

export const SECRET_KEY = 'sk_test_of_the_tests_0123456789'
export const WRONG_KEY = 'sk_test_of_somebody_else_012345'

/** Everybody is somebody, but those whose ids begin with this. */
export const NOBODY = 'nobody'

export const DIALECT: ClerkDialectOptions = {
  secretKeys: [SECRET_KEY],
  user: (userId) => (userId.startsWith(NOBODY) ? undefined : { id: userId }),
}

/** A service behind the backend routes, and Clerk's own client of them. */
export interface ClerkTest extends TestService {
  readonly url: string
  readonly users: ClerkClient['users']
  readonly client: (secretKey: string) => ClerkClient
}

export interface ClerkTestOptions {
  readonly secondFactor?: Partial<SecondFactorOptions>
  readonly dialect?: Partial<ClerkDialectOptions>
  /** What stands in front of the dialect. */
  readonly front?: (app: Express) => void
}

/** Servers of one suite, closed after it. To be called where the suite is described. */
export function clerkTests(): { start: (options?: ClerkTestOptions) => Promise<ClerkTest> } {
  const servers: Served[] = []
  after(() => Promise.all(servers.map((server) => server.close())))
  return {
    async start({ secondFactor = {}, dialect = {}, front } = {}) {
      const service = newService(secondFactor)
      const app = express()
      front?.(app)
      app.use(clerkDialect(service.secondFactor, { ...DIALECT, signedIn: false, ...dialect }))
      app.use(answerQuietly)
      const server = await serve(app)
      servers.push(server)
      const client = (secretKey: string) =>
        createClerkClient({ secretKey, apiUrl: server.url, telemetry: { disabled: true } })
      return { ...service, url: server.url, client, users: client(SECRET_KEY).users }
    },
  }
}

/** What the application does about its own errors. */
const answerQuietly: ErrorRequestHandler = (error: { readonly status?: number }, _req, res, _next) => {
  res.sendStatus(error.status ?? 500)
}

/** What Clerk's client has rejected with. */
export async function clerkErrorOf(promise: Promise<unknown>): Promise<ClerkAPIResponseError> {
  const error = await rejection(promise)
  if (!isClerkAPIResponseError(error)) throw error
  return error
}

/** `422 totp_incorrect_code`, or `ok`. */
export async function outcomeOfCall(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'ok'
  } catch (error) {
    if (!isClerkAPIResponseError(error)) throw error
    return `${error.status} ${String(error.errors[0]?.code)}`
  }
}

/** The same of an answer that was not asked for by Clerk's client. */
export function outcomeOfAnswer({ status, body }: Pick<Response, 'status' | 'body'>): string {
  const { errors } = (body ?? {}) as { errors?: readonly { code: string }[] }
  return errors ? `${status} ${String(errors[0]?.code)}` : String(status)
}

/** The request id of applications that are told one in front. */
export const TRACE = 'given in front'

/** Stand in front of everything, and give every answer the same id. */
export const traced = (app: Express): void => {
  app.use((_req, res, next) => {
    res.setHeader('X-Request-Id', TRACE)
    next()
  })
}

/** An error, and what it says. */
export interface ExpectedError {
  readonly when: string
  readonly error: string
  /** Seconds. Default: it is not said. */
  readonly retryAfter?: number
  /** What the long message says besides. */
  readonly says?: RegExp
}

/** What Clerk's client makes of it has all of its fields. */
export function expectError(
  error: ClerkAPIResponseError,
  { error: name, retryAfter, says = /./ }: ExpectedError,
): void {
  const [first, ...others] = error.errors
  expect(others).to.deep.equal([])
  expect(`${error.status} ${String(first?.code)}`).to.equal(name)
  expect(error.retryAfter).to.equal(retryAfter)
  expect(error.clerkTraceId).to.equal(TRACE)
  expect(first?.message).to.match(/./)
  expect(first?.longMessage).to.match(says)
  const isAboutCode = /form_|totp_in/.test(name)
  const { paramName } = (first?.meta ?? {}) as { paramName?: string }
  expect(paramName).to.equal(isAboutCode ? 'code' : undefined)
}

/** A request to the backend routes that Clerk's client would not make. */
export async function backend(
  { url }: Pick<ClerkTest, 'url'>,
  path: string,
  init: { method?: string; body?: string; headers?: Record<string, string | undefined> } = {},
): Promise<{ readonly status: number; readonly body: unknown; readonly headers: Headers }> {
  const { method = 'POST', headers = {}, ...rest } = init
  const all = { Authorization: `Bearer ${SECRET_KEY}`, 'Content-Type': 'application/json', ...headers }
  const sent = new Headers()
  for (const [name, value] of Object.entries<string | undefined>(all)) {
    if (value !== undefined) sent.set(name, value)
  }
  const answer = await fetch(`${url}${path}`, { method, headers: sent, ...rest })
  const text = await answer.text()
  const isJson = answer.headers.get('Content-Type') === 'application/json'
  return { status: answer.status, body: isJson ? JSON.parse(text) : text, headers: answer.headers }
}

/** An application with the dialect behind its session. */
export const withDialect = (dialect: Partial<ClerkDialectOptions> = {}): Pick<TestAppOptions, 'routes'> => ({
  routes: (host, secondFactor) => host.use(clerkDialect(secondFactor, { ...DIALECT, ...dialect })),
})

/** As Clerk's browser client sends it. */
export const postForm = (browser: Browser, path: string, form: object = {}): Test =>
  browser.post(path).type('form').send(form)

export const ATTEMPT = '/v1/me/totp/attempt_verification'

export async function signIn(app: Pick<TestApp, 'browser'>, name: string): Promise<Browser> {
  const browser = app.browser()
  await browser.post('/login').send({ name }).expect(204)
  return browser
}

export type Json = Readonly<Record<string, unknown>>

/** What the frontend routes answer in `response`. */
export const responseOf = (answer: Response): Json => (answer.body as { response: Json }).response

/** A new secret on a phone. */
export async function createTotp(browser: Browser): Promise<Json & { readonly phone: TestAuthenticator }> {
  const totp = responseOf(await postForm(browser, '/v1/me/totp').expect(200))
  return { ...totp, phone: new TestAuthenticator(String(totp['uri'])) }
}

/** Sign in and verify a TOTP; the next code of the phone is a new one. */
export async function verifyTotp(
  app: Pick<TestApp, 'browser'> & { readonly clock: FakeClock },
  name: string,
) {
  const browser = await signIn(app, name)
  const { phone } = await createTotp(browser)
  const form = { code: phone.codeAt(app.clock.now()) }
  const totp = responseOf(await postForm(browser, ATTEMPT, form).expect(200))
  app.clock.advance(30)
  return { browser, phone, totp, id: String(totp['id']), backupCodes: totp['backup_codes'] as string[] }
}
