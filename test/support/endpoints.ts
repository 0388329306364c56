import type { Response, Test } from 'supertest'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { succeeded } from './service.js'
import { type Browser, type EnrolledPerson, enrolThroughRouter, type TestApp } from './app.js'

/** Somebody for whom every endpoint would succeed, were the session good enough. */
export interface PreparedPerson extends EnrolledPerson {
  readonly name: string
  /** Begun, and waiting for its first code. */
  readonly pendingId: string
  readonly pendingPhone: TestAuthenticator
  /** A fresh set, waiting for its confirmation. */
  readonly freshCodesId: string
  /** Some browser that is trusted; not the one of the tests. */
  readonly trustedDeviceId: string
}

/** One endpoint of the Router with a request that it would answer with `success`. */
export interface EndpointCall {
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  /** As the Router declares it. */
  readonly route: string
  readonly success: number
  path(person: PreparedPerson): string
  body?(person: PreparedPerson, now: number): object
}

const codeOf = (phone: TestAuthenticator, now: number) => ({ code: phone.codeAt(now) })

/** Every endpoint; the one that turns everything off stands last. */
export const ENDPOINT_CALLS: readonly EndpointCall[] = [
  { method: 'get', route: '/', success: 200, path: () => '/' },
  {
    method: 'post',
    route: '/verify',
    success: 200,
    path: () => '/verify',
    body: ({ phone }, now) => codeOf(phone, now),
  },
  { method: 'post', route: '/totp', success: 201, path: () => '/totp', body: () => ({ label: 'Tablet' }) },
  {
    method: 'post',
    route: '/totp/:id/verify',
    success: 200,
    path: ({ pendingId }) => `/totp/${pendingId}/verify`,
    body: ({ pendingPhone }, now) => codeOf(pendingPhone, now),
  },
  {
    method: 'patch',
    route: '/totp/:id',
    success: 200,
    path: ({ authenticatorId }) => `/totp/${authenticatorId}`,
    body: () => ({ label: 'Old phone' }),
  },
  {
    method: 'post',
    route: '/backup-codes',
    success: 201,
    path: () => '/backup-codes',
  },
  {
    method: 'post',
    route: '/backup-codes/:id/confirm',
    success: 200,
    path: ({ freshCodesId }) => `/backup-codes/${freshCodesId}/confirm`,
  },
  { method: 'get', route: '/trusted-devices', success: 200, path: () => '/trusted-devices' },
  {
    method: 'delete',
    route: '/trusted-devices/:id',
    success: 204,
    path: ({ trustedDeviceId }) => `/trusted-devices/${trustedDeviceId}`,
  },
  { method: 'delete', route: '/trusted-devices', success: 204, path: () => '/trusted-devices' },
  {
    method: 'delete',
    route: '/totp/:id',
    success: 204,
    path: ({ authenticatorId }) => `/totp/${authenticatorId}`,
  },
  { method: 'delete', route: '/', success: 204, path: () => '/' },
]

/** The endpoints that change something. */
export const UNSAFE_CALLS = ENDPOINT_CALLS.filter(({ method }) => method !== 'get')

export const titleOf = ({ method, route }: EndpointCall): string => `${method.toUpperCase()} ${route}`

/** Send the request that would succeed. */
export function callEndpoint(
  { clock }: Pick<TestApp, 'clock'>,
  browser: Browser,
  call: EndpointCall,
  person: PreparedPerson,
): Test {
  const request = emptyCall(browser, call, person)
  return call.body ? request.send(call.body(person, clock.now())) : request
}

/** The same, its body left to the caller. */
export const emptyCall = (browser: Browser, call: EndpointCall, person: PreparedPerson): Test =>
  browser[call.method](`/2fa${call.path(person)}`)

/** Sign in, enrol, and begin everything that can be begun. The next code of the phone is a new one. */
export async function preparePerson(
  app: Pick<TestApp, 'clock' | 'secondFactor'>,
  browser: Browser,
  name: string,
): Promise<PreparedPerson> {
  const enrolled = await enrolThroughRouter(app, browser, name)
  const begun = await browser.post('/2fa/totp').send({ label: 'Second phone' }).expect(201)
  const { id, uri } = begun.body as { id: string; uri: string }
  const fresh = await browser.post('/2fa/backup-codes').expect(201)
  const trusted = succeeded(await app.secondFactor.trustDevice(name))
  app.clock.advance(30)
  return {
    ...enrolled,
    name,
    pendingId: id,
    pendingPhone: new TestAuthenticator(uri),
    freshCodesId: (fresh.body as { id: string }).id,
    trustedDeviceId: trusted.id,
  }
}

/** The status and, for a problem document, its `code`. */
export function outcomeOf({ status, body }: Response): string {
  const { code } = (body ?? {}) as { code?: string }
  return code === undefined ? String(status) : `${status} ${code}`
}
