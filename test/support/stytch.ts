import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { after } from 'mocha'
import { Client, StytchError } from 'stytch'
import { stytchDialect, type StytchDialectOptions } from '../../lib/dialects/stytch.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { readQrCode } from './qr-code.js'
import { serve } from './serve.js'
import { newService, rejection, type TestService } from './service.js'

export const PROJECT = 'project-test-11111111-1111-4111-8111-111111111111'
export const PROJECT_SECRET = 'secret-test-of-the:project='

export interface StytchTestOptions {
  readonly secondFactor?: Parameters<typeof newService>[0]
  readonly dialect?: Partial<StytchDialectOptions>
  /** What the application has in front of the dialect. */
  readonly front?: RequestHandler
}

/** An application that answers as Stytch does, on loopback, and Stytch's own client for it. */
export interface StytchTest extends TestService {
  readonly url: string
  readonly client: Client
  /** What the dialect has left to the application's error handler. */
  readonly leftErrors: unknown[]
  readonly clientOf: (projectId: string, secret: string) => Client
}

/** Whom the application knows: everybody, but `nobody…`. */
export const userOf = (userId: string) =>
  userId.startsWith('nobody')
    ? undefined
    : { user_id: userId, emails: [{ email_id: 'email-1', email: `${userId.slice(0, 20)}@example.com` }] }

/** Such applications, closed after the suite. To be called where the suite is described. */
export function stytchTests(): { start: (options?: StytchTestOptions) => Promise<StytchTest> } {
  const closing: (() => Promise<void>)[] = []
  after(() => Promise.all(closing.map((close) => close())))
  return {
    async start({ secondFactor, dialect, front } = {}) {
      const service = newService(secondFactor)
      const leftErrors: unknown[] = []
      const app = express()
      if (front) app.use(front)
      app.use(
        stytchDialect(service.secondFactor, {
          projects: { [PROJECT]: PROJECT_SECRET, other: 'the secret of another', short: 'sixteen letters!' },
          user: userOf,
          ...dialect,
        }),
      )
      app.get('/v1/totps', (_req, res) => res.send('the application'))
      app.use(((error, _req, res, _next) => {
        leftErrors.push(error)
        res.status(500).send('the application')
      }) as ErrorRequestHandler)
      const { url, close } = await serve(app)
      closing.push(close)
      const clientOf = (projectId: string, secret: string) => newClient(projectId, secret, url)
      return { ...service, url, leftErrors, clientOf, client: clientOf(PROJECT, PROJECT_SECRET) }
    },
  }
}

/** It warns of every address that is not Stytch's. */
export function newClient(project_id: string, secret: string, url: string): Client {
  const { warn } = console
  console.warn = () => undefined
  try {
    return new Client({ project_id, secret, env: `${url}/` })
  } finally {
    console.warn = warn
  }
}

/** Somebody's TOTP, made by Stytch's client, and the phone that has read the QR code. */
export async function createTotp({ client }: StytchTest, userId: string) {
  const created = await client.totps.create({ user_id: userId })
  return { ...created, phone: new TestAuthenticator(String(readQrCode(created.qr_code))) }
}

/** The same after its first authenticate, one time step later. */
export async function activeTotp(test: StytchTest, userId: string) {
  const { client, clock } = test
  const created = await createTotp(test, userId)
  const [recovery_code = ''] = created.recovery_codes
  await client.totps.authenticate({ user_id: userId, totp_code: created.phone.codeAt(clock.now()) })
  clock.advance(30)
  return { ...created, recovery_code }
}

/** What the client has made of an answer that is not success. */
export async function stytchErrorOf(call: Promise<unknown>): Promise<StytchError> {
  const error = await rejection(call)
  if (error instanceof StytchError) return error
  throw error
}

/** A request as no client of Stytch's would send it. */
export async function send(
  { url }: Pick<StytchTest, 'url'>,
  path: string,
  {
    method = 'POST',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string },
) {
  const answer = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) })
  const text = await answer.text()
  const isJson = answer.headers.get('Content-Type')?.startsWith('application/json')
  return {
    status: answer.status,
    headers: answer.headers,
    body: (isJson ? JSON.parse(text) : { text }) as Answer,
  }
}

export type Answer = Readonly<Record<string, unknown>>

export const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
export const CREDENTIALS = {
  Authorization: basic(`${PROJECT}:${PROJECT_SECRET}`),
  'Content-Type': 'application/json',
}
