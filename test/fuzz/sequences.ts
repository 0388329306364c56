import fc, { type Arbitrary } from 'fast-check'
import { backupCode, browser, often, person, requestTo, wrongCode } from './arbitraries.js'
import {
  type CodeChoice,
  type CookieChoice,
  type Members,
  type RequestStep,
  type Route,
  ROUTES,
  type Step,
} from './steps.js'

const clock = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(30, 31, 60, 29) },
  { weight: 3, arbitrary: fc.integer({ min: -120, max: 900 }) },
  { weight: 2, arbitrary: fc.constantFrom(3600, 86_400, -3600, -30, 31 * 86_400) },
  { weight: 1, arbitrary: fc.integer({ min: -10 * 365 * 86_400, max: 10 * 365 * 86_400 }) },
)
const clockStep = clock.map((seconds): Step => ({ kind: 'clock', seconds }))

const PLAIN = { encoding: 'json', headers: {}, cookies: 'own', id: { whose: 'own', which: 0 } } as const
/** A request as it should be. */
const plain = (route: Route, from: number, members: Members = {}): RequestStep => ({
  kind: 'request',
  browser: from,
  route,
  members,
  ...PLAIN,
})
const rightCode: CodeChoice = { from: 'phone', whose: 'own', which: 0, steps: 0, spaced: false }
const nextStep: Step = { kind: 'clock', seconds: 30 }

/** Sign in and enrol, as everybody begins: without it, little else would ever succeed. */
const enrolment = fc
  .record({ from: browser, name: person })
  .map(({ from, name }): Step[] => [
    plain('POST /login', from, { name }),
    plain('POST /2fa/totp', from),
    plain('POST /2fa/totp/:id/verify', from, { code: rightCode }),
    nextStep,
  ])
const login = fc
  .record({
    from: browser,
    name: person,
    first: often<Route>('POST /login', fc.constant('POST /login/keeping'), 3),
    route: fc.constantFrom<Route>('POST /2fa/verify', 'POST /login/2fa'),
    code: often<CodeChoice>(rightCode, backupCode, 4),
    trustDevice: fc.boolean(),
  })
  .map(({ from, name, first, route, code, trustDevice }): Step[] => [
    plain(first, from, { name }),
    plain(route, from, { code, trustDevice }),
    nextStep,
  ])
/** Back at a trusted browser: with the password alone, and on to the pages. */
const returning = (from: number, name: number, cookies: CookieChoice = 'own'): Step[] => [
  plain('POST /logout', from),
  plain('POST /login', from, { name }),
  { ...plain('GET /private', from), cookies },
  plain('POST /transfer', from),
]
const comeback = fc
  .record({
    from: browser,
    name: person,
    login: fc.constantFrom<Route>('POST /login', 'POST /login/keeping'),
    logout: fc.constantFrom<Route>('POST /logout', 'POST /logout/keeping'),
  })
  .map(({ from, name, login: route, logout }): Step[] => [
    plain(logout, from),
    plain(route, from, { name }),
    plain('GET /private', from),
    plain('POST /transfer', from),
  ])
const addition = (from: number): Step[] => [
  plain('POST /2fa/totp', from),
  plain('POST /2fa/totp/:id/verify', from, { code: rightCode }),
  nextStep,
]
const another = browser.map(addition)
/** What may happen to a browser that is trusted before its owner comes back to it. */
const MEANWHILE = {
  removal: (from: number): Step[] => [...addition(from), plain('DELETE /2fa/totp/:id', from)],
  'two tabs': (from: number, name: number) => broughtAgain(from, name, 5),
  theft: (from: number, name: number) => broughtAgain(from, name, 61),
  'a month': (): Step[] => [{ kind: 'clock', seconds: 31 * 86_400 }],
} as const
/** The token that was replaced so long ago. */
const broughtAgain = (from: number, name: number, seconds: number): Step[] => [
  ...returning(from, name),
  { kind: 'clock', seconds },
  ...returning(from, name, { past: 'device', which: 0 }),
]
const trust = fc
  .record({ from: browser, name: person, meanwhile: fc.constantFrom(...Object.values(MEANWHILE)) })
  .map(({ from, name, meanwhile }): Step[] => [
    plain('POST /login', from, { name }),
    plain('POST /2fa/verify', from, { code: rightCode, trustDevice: true }),
    nextStep,
    ...meanwhile(from, name),
    ...returning(from, name),
  ])
const regeneration = browser.map((from): Step[] => [
  plain('POST /2fa/backup-codes', from),
  plain('POST /2fa/backup-codes/:id/confirm', from),
])
const guessing = fc
  .record({
    from: browser,
    name: person,
    guesses: fc.array(wrongCode, { minLength: 3, maxLength: 9 }),
    wait: clock,
  })
  .map(({ from, name, guesses, wait }): Step[] => [
    plain('POST /login', from, { name }),
    ...guesses.flatMap((guess, index): Step[] => [
      plain('POST /2fa/verify', from, { code: guess }),
      ...(index > 3 ? [{ kind: 'clock', seconds: Math.abs(wait) } as const] : []),
    ]),
  ])

const single = fc
  .oneof(
    { weight: 26, arbitrary: fc.constantFrom(...ROUTES).chain((route) => requestTo(route)) },
    { weight: 6, arbitrary: clockStep },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: 'outage' }) },
  )
  .map((step): Step[] => [step])

/** One sequence, from nothing: most often somebody has enrolled before the rest of it. */
export const sequence: Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.array(enrolment, { maxLength: 4, size: 'max' }),
    fc.array(
      fc.oneof(
        { weight: 30, arbitrary: single },
        { weight: 1, arbitrary: enrolment },
        { weight: 4, arbitrary: login },
        { weight: 2, arbitrary: comeback },
        { weight: 2, arbitrary: another },
        { weight: 2, arbitrary: trust },
        { weight: 1, arbitrary: regeneration },
        { weight: 1, arbitrary: guessing },
      ),
      { minLength: 1, maxLength: 80, size: 'max' },
    ),
  )
  .map((parts) => parts.flat(2))
