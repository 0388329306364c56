import fc, { type Arbitrary } from 'fast-check'
import {
  BROWSERS,
  type CodeChoice,
  type CookieChoice,
  type IdChoice,
  type Mangling,
  type Members,
  PEOPLE,
  type RequestStep,
  type Route,
} from './steps.js'

export const often = <Value>(value: Value, other: Arbitrary<Value>, weight = 8): Arbitrary<Value> =>
  fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other })

const which = fc.nat({ max: 11 })
const whose = often<'own' | 'others'>('own', fc.constant('others'))
export const browser = fc.nat({ max: BROWSERS - 1 })
export const person = fc.nat({ max: PEOPLE.length - 1 })

const awkwardText = fc.oneof(
  fc.constantFrom('', ' ', '0', '-1', '000000', '12345', '1234567', '12345678', '123456789', '１２３４５６'),
  fc.constantFrom('__proto__', 'constructor', 'toString', '\0', '\r\nX: y', '\ud83d', '📱', 'x'.repeat(300)),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ- ')), maxLength: 40 }),
)
const awkwardValue = fc.oneof(
  awkwardText,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom([], {}, null, true, 0, 123456, ['123456'], { code: '123456' }),
)
const awkwardId = fc.oneof(
  fc.constantFrom('nobody', '__proto__', 'constructor', '%00', '%', '%zz', '%ff', '..%2f..', 'x'.repeat(500)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isEncodable).map(encodeURIComponent),
)

function isEncodable(text: string): boolean {
  return !/\p{Cs}/u.test(text) && !['.', '..'].includes(text)
}

const id: Arbitrary<IdChoice> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ whose, which: often(0, which, 3) }) },
  { weight: 1, arbitrary: fc.record({ text: awkwardId }) },
)

const phoneCode = fc.record({
  from: fc.constant('phone' as const),
  whose,
  which: often(0, which, 4),
  steps: often(0, fc.integer({ min: -3, max: 3 }), 3),
  spaced: often(false, fc.constant(true)),
})
export const backupCode = fc.record({
  from: fc.constant('backup' as const),
  whose,
  which,
  typed: fc.constantFrom('as shown', 'lower case', 'without dashes', 'with spaces'),
})
export const wrongCode = fc.record({
  from: fc.constant('nowhere' as const),
  value: fc.nat({ max: 999_999 }).map((number) => String(number).padStart(6, '0')),
})
const code: Arbitrary<CodeChoice> = fc.oneof(
  { weight: 8, arbitrary: phoneCode },
  { weight: 3, arbitrary: backupCode },
  { weight: 2, arbitrary: fc.record({ from: fc.constant('used' as const), which }) },
  { weight: 3, arbitrary: wrongCode },
  { weight: 2, arbitrary: fc.record({ from: fc.constant('nowhere' as const), value: awkwardValue }) },
)

const label = fc.oneof(fc.constantFrom('Phone', 'Old phone', '<b>', ''), awkwardValue)
const trustDevice = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(true, 'on', 'true', false) },
  { weight: 1, arbitrary: awkwardValue },
)
const more = fc.dictionary(
  fc.constantFrom('__proto__', 'constructor', 'userId', 'authority', 'epoch', 'secondFactor', 'x'),
  fc.jsonValue({ maxDepth: 1 }),
  { maxKeys: 2 },
)

const isLogin = (route: Route): boolean => ['POST /login', 'POST /login/keeping'].includes(route)

function membersFor(route: Route): Arbitrary<Members> {
  const rarely = often<Members['more']>(undefined, more)
  if (isLogin(route)) return fc.record({ name: person, more: rarely })
  if (route.endsWith('/verify') || route === 'POST /login/2fa') {
    const trusts = route.includes(':id') ? fc.constant(undefined) : fc.option(trustDevice, { nil: undefined })
    return fc.record({ code, trustDevice: trusts, more: rarely })
  }
  if (route.includes('totp')) {
    return fc.record({ label: often<unknown>('Phone', label, 3), more: rarely })
  }
  return fc.record({ more: rarely })
}

const contentType = fc.constantFrom(
  'text/plain',
  'application/xml',
  'multipart/form-data; boundary=x',
  'application/json; charset=latin1',
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded; charset=nonsense',
  'application/vnd.api+json',
  'nonsense',
  '',
)
const mangling: Arbitrary<Mangling> = fc.oneof(
  fc.record({ contentType }),
  fc.record({
    text: fc.oneof(awkwardText, fc.constantFrom('{', '{}{}', 'code=%zz', 'a[b]=c&a=d', 'code[]=1')),
  }),
  fc.record({ json: fc.oneof(fc.jsonValue({ maxDepth: 2 }), awkwardValue) }),
  fc.constantFrom('cut off' as const, 'in a list' as const, 'in a member' as const, 'twice' as const),
  fc.constant('huge' as const),
)

const printable = fc.string({ unit: fc.constantFrom(...Array.from('abcXYZ0189-_.:/;=, "%')), maxLength: 60 })
const headers = fc.record(
  {
    'Sec-Fetch-Site': fc.constantFrom('same-origin', 'none', 'cross-site', 'same-site', 'nonsense', ''),
    Origin: fc.constantFrom('http://evil.example', 'null', 'http://127.0.0.1', 'nonsense', ''),
    Host: fc.constantFrom('evil.example', '127.0.0.1', 'a:b:c', '[', 'x'.repeat(300)),
    'X-Forwarded-For': fc.oneof(fc.constant('10.0.0.1, 127.0.0.1'), printable),
    'X-Request-Id': printable,
    'User-Agent': printable,
    Accept: fc.constantFrom('text/html', '*/*', 'nonsense', ''),
    'X-Http-Method-Override': fc.constantFrom('DELETE', 'GET'),
  },
  { requiredKeys: [] },
) as Arbitrary<Readonly<Record<string, string>>>

const cookies: Arbitrary<CookieChoice> = fc.oneof(
  fc.constant('none' as const),
  fc.record({ of: browser }),
  fc.record({ past: fc.constantFrom('session' as const, 'device' as const), which }),
  fc.record({ tampered: fc.constantFrom('session' as const, 'device' as const) }),
  fc.record({ text: printable }),
)

/** One request to this route, most often as it should be, and from a browser with its own cookies. */
export function requestTo(route: Route): Arbitrary<RequestStep> {
  // What the application's own login makes of a body without a name is not looked at here.
  const asItShould = isLogin(route)
  return fc.record({
    kind: fc.constant('request' as const),
    browser,
    route: fc.constant(route),
    id,
    members: membersFor(route),
    encoding: often<RequestStep['encoding']>(
      'json',
      asItShould ? fc.constant('form') : fc.constantFrom('form', 'gzip', 'none'),
      3,
    ),
    mangling: asItShould ? fc.constant(undefined) : often(undefined, mangling, 12),
    headers: often({}, headers, 6),
    cookies: often<CookieChoice>('own', cookies, 12),
  })
}
