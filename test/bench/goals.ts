import type { Measurement } from './batch.js'
import type { Work } from './contenders.js'
import { FLOOR, ON_POSTGRES, ON_REDIS, TWO_PROCESSES } from './names.js'

/** One figure of one contender at one work. */
export interface Figure {
  readonly work: Work
  readonly contender: string
  readonly figure: keyof Measurement
}

/** A ratio that is to be reached, whatever the machine. */
export interface Goal {
  readonly title: string
  readonly of: Figure
  readonly to: Figure
  readonly wanted: string
}

const throughput = (work: Work, contender: string): Figure => ({ work, contender, figure: 'perSecond' })
const cpu = (work: Work, contender: string): Figure => ({ work, contender, figure: 'cpuMilliseconds' })

const login = throughput('login', ON_REDIS)
const floor = throughput('login', FLOOR)

export const GOALS: readonly Goal[] = [
  { title: 'login, against floor', of: login, to: floor, wanted: '>= 0.90' },
  {
    title: 'login, against floor: CPU',
    of: cpu('login', ON_REDIS),
    to: cpu('login', FLOOR),
    wanted: '<= 1.10',
  },
  {
    title: 'login, against passport-totp',
    of: login,
    to: throughput('login', 'passport-totp'),
    wanted: '>= 1.00',
  },
  {
    title: 'login on PostgreSQL, against better-auth',
    of: throughput('login', ON_POSTGRES),
    to: throughput('login', 'better-auth'),
    wanted: '>= 5',
  },
  { title: 'wrong code, against login', of: throughput('wrong code', ON_REDIS), to: login, wanted: '>= 1.0' },
  {
    title: 'backup code, against login',
    of: throughput('backup code', ON_REDIS),
    to: login,
    wanted: '>= 0.95',
  },
  {
    title: 'enrolment with QR, against floor',
    of: throughput('enrolment', ON_REDIS),
    to: floor,
    wanted: '>= 0.60',
  },
  {
    title: 'guarded page, against unguarded',
    of: throughput('guarded page', ON_REDIS),
    to: throughput('unguarded page', ON_REDIS),
    wanted: '>= 0.90',
  },
  {
    title: 'two processes, against one',
    of: throughput('login', TWO_PROCESSES),
    to: login,
    wanted: '>= 1.7 with the cores',
  },
  {
    title: 'two processes, against one: CPU',
    of: cpu('login', TWO_PROCESSES),
    to: cpu('login', ON_REDIS),
    wanted: '0.95–1.05',
  },
]
