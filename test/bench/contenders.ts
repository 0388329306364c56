import { FLOOR, ON_POSTGRES, ON_REDIS } from './names.js'
import type { Browser, Call } from './load.js'

export const WORKS = [
  'login',
  'wrong code',
  'backup code',
  'enrolment',
  'guarded page',
  'unguarded page',
] as const

/** What is measured of a contender. */
export type Work = (typeof WORKS)[number]

/** How a contender is started, and how its endpoints are called. */
export interface Contender {
  readonly name: string
  readonly file: string
  readonly variant: string
  /** What browsers have to say they come from. */
  readonly origin?: string
  /** How much of a batch it gets: less for one that takes longer. */
  readonly share: number
  firstFactor(browser: Browser): Call
  /** The second factor with such a code; `floor` logs in once more instead. */
  secondFactor(code: string, kind: 'totp' | 'backup code'): Call
  /** The status that it answers a few right codes with. */
  readonly refuses?: number
  /** What it can do of the work beside the login. */
  readonly can: readonly Work[]
}

const passportApp = {
  share: 1,
  firstFactor: ({ id }: Browser): Call => ({ method: 'POST', path: '/login', body: { id } }),
  secondFactor: (code: string): Call => ({ method: 'POST', path: '/second', body: { code } }),
}

const OURS = {
  file: 'ours',
  ...passportApp,
  can: WORKS,
} as const

export const CONTENDERS: readonly Contender[] = [
  { name: FLOOR, file: 'floor', variant: '', ...passportApp, can: ['login'] },
  { name: ON_REDIS, variant: 'redis', ...OURS },
  { name: ON_POSTGRES, variant: 'postgres', ...OURS },
  {
    name: 'passport-totp',
    file: 'passport-strategies',
    variant: 'passport-totp',
    ...passportApp,
    // Its codes lose the zero in front of a truncated number of five digits.
    refuses: 401,
    can: ['login', 'wrong code'],
  },
  {
    name: '@ladjs/passport-otp-strategy',
    file: 'passport-strategies',
    variant: 'ladjs',
    ...passportApp,
    // It takes codes of the present time step alone.
    refuses: 401,
    can: ['login', 'wrong code'],
  },
  {
    name: 'better-auth',
    file: 'better-auth',
    variant: '',
    origin: 'http://bench.test',
    share: 0.2,
    firstFactor: ({ id }) => ({
      method: 'POST',
      path: '/api/auth/sign-in/email',
      body: { email: `${id}@bench.test`, password: 'believes everybody' },
    }),
    secondFactor: (code, kind) => ({
      method: 'POST',
      path: `/api/auth/two-factor/verify-${kind === 'totp' ? 'totp' : 'backup-code'}`,
      body: { code },
    }),
    can: ['login', 'wrong code', 'backup code'],
  },
]
