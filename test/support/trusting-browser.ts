import type { Response } from 'supertest'
import { type Browser, type EnrolledPerson, enrolThroughRouter, type TestApp } from './app.js'

/** The cookie of a trusted browser, as its user's name says. */
export const DEVICE_COOKIE = /^__Host-second-factor-[\w-]{16}$/

/** A browser that sends Secure cookies too, as over TLS, which the tests do without. */
export function secureBrowser(app: Pick<TestApp, 'browser'>): Browser {
  const browser = app.browser()
  const { jar } = browser
  const getCookies = jar.getCookies.bind(jar)
  jar.getCookies = (access) => getCookies(Object.assign(access, { secure: true }))
  return browser
}

/** What an answer has set of device cookies, each as it stands in the header. */
export const deviceCookiesOf = (answer: Response): string[] =>
  (answer.get('Set-Cookie') ?? []).filter((cookie) => cookie.startsWith('__Host-'))

/** The one device cookie that an answer has set, as a request sends it, and the token in it. */
export function deviceCookieOf(answer: Response): { readonly name: string; readonly token: string } {
  const [cookie, ...more] = deviceCookiesOf(answer)
  const [, name, token] = /^([^=;]+)=([^;]*);/.exec(cookie ?? '') ?? []
  if (name === undefined || token === undefined || more.length > 0) throw new Error('Not one device cookie.')
  return { name, token }
}

/** Somebody who has enrolled, and the browser that they trust. */
export interface TrustingPerson extends EnrolledPerson {
  readonly name: string
  readonly browser: Browser
  /** The answer that has trusted the browser. */
  readonly trusted: Response
  readonly deviceId: string
}

/** Enrol, show a code, and trust the browser by that. The next code of the phone is a new one. */
export async function trustBrowser(
  app: Pick<TestApp, 'browser' | 'clock'>,
  name: string,
): Promise<TrustingPerson> {
  const browser = secureBrowser(app)
  const person = await enrolThroughRouter(app, browser, name)
  app.clock.advance(30)
  const code = person.phone.codeAt(app.clock.now())
  const trusted = await browser.post('/2fa/verify').send({ code, trustDevice: true }).expect(200)
  app.clock.advance(30)
  const [deviceId = ''] = deviceCookieOf(trusted).token.split('.')
  return { ...person, name, browser, trusted, deviceId }
}

/** Come back another day: the old session has ended, the first factor alone is shown. */
export async function comeBack(browser: Browser, name: string): Promise<void> {
  await browser.post('/logout').expect(204)
  await browser.post('/login').send({ name, basket: 'three apples' }).expect(204)
}
