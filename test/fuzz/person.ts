import { TestAuthenticator } from '../../lib/testing/index.js'

export const PENDING_SECONDS = 600
const PERIOD_MS = 30_000
const WINDOW = 1
const MOST_DEVICES = 10
const FREE_ATTEMPTS = 5
const FIRST_WAIT_SECONDS = 30
/** Fewer than the default five and hundred, so that a sequence of some dozen steps can come to them. */
export const MOST_AUTHENTICATORS = 3
export const DISABLE_AFTER = 7

/** Wrong codes in a row, and the latest of them. */
export interface Guesses {
  readonly failures: number
  readonly at: number
}

export const NO_GUESSES: Guesses = { failures: 0, at: -Infinity }

/** Whether no code may be looked at now; the rolling week is left out, which locks even earlier. */
export function mustWait({ failures, at }: Guesses, now: number, longestWaitSeconds: number): boolean {
  if (failures < FREE_ATTEMPTS) return false
  const seconds = Math.min(FIRST_WAIT_SECONDS * 2 ** (failures - FREE_ATTEMPTS), longestWaitSeconds)
  return now < at + seconds * 1000
}

export interface AuthenticatorModel {
  readonly id: string
  readonly phone: TestAuthenticator
  readonly createdAt: number
  verified: boolean
  disabled: boolean
  lastStep: number
  guesses: Guesses
}

export interface SetModel {
  readonly id: string
  readonly createdAt: number
  /** As they were shown. */
  readonly codes: readonly string[]
  readonly used: Set<string>
}

export interface DeviceModel {
  readonly id: string
  readonly expiresAt: number
  token: string
  previous: string | undefined
  rotatedAt: number
}

/** What a code is to somebody. */
export type Reading =
  | { readonly kind: 'right'; readonly ids: readonly string[]; count(): void }
  | { readonly kind: 'replayed' | 'wrong' }

/** All that is known of one user, from outside. */
export class Person {
  /** A new object with every change that voids what sessions have shown. */
  epoch: object | undefined
  authenticators: AuthenticatorModel[] = []
  inForce: SetModel | undefined
  unconfirmed: SetModel | undefined
  devices: DeviceModel[] = []
  /** What the browser keeps this user's tokens under. */
  deviceCookie: string | undefined
  guesses = { totp: NO_GUESSES, backup: NO_GUESSES }
  /** Whether a wrong code of that kind was ever charged. */
  charged = { totp: false, backup: false }

  get enrolled(): boolean {
    return this.authenticators.some(({ verified }) => verified)
  }

  get active(): readonly AuthenticatorModel[] {
    return this.authenticators.filter(({ verified, disabled }) => verified && !disabled)
  }

  /** Everything off. */
  forget(): void {
    this.epoch = this.inForce = this.unconfirmed = undefined
    this.authenticators = []
    this.devices = []
    this.guesses = { totp: NO_GUESSES, backup: NO_GUESSES }
    this.charged = { totp: false, backup: false }
  }

  /** What sessions have shown counts no more, nor does trust. */
  startEpoch(): void {
    this.epoch = {}
    this.devices = []
  }

  authenticator(id: string | undefined): AuthenticatorModel | undefined {
    return this.authenticators.find((one) => one.id === id)
  }

  hasRoom(): boolean {
    return this.authenticators.filter(({ verified }) => verified).length < MOST_AUTHENTICATORS
  }

  enrol(id: string, uri: string, now: number): void {
    this.epoch ??= {}
    const present = this.authenticators.filter((one) => one.verified || !isExpired(one, now))
    const evicted =
      present.length < MOST_AUTHENTICATORS ? undefined : present.find(({ verified }) => !verified)
    const phone = new TestAuthenticator(uri)
    this.authenticators = [
      ...present.filter((one) => one !== evicted),
      { id, phone, createdAt: now, verified: false, disabled: false, lastStep: -1, guesses: NO_GUESSES },
    ]
  }

  liveDevice(id: string | undefined, now: number): DeviceModel | undefined {
    return this.devices.find((device) => device.id === id && now < device.expiresAt)
  }

  /** @param brought - the token that the browser had until now: asked again, it is the same browser */
  trust(device: DeviceModel, brought: string | undefined, now: number): void {
    const replaced = deviceIdOf(brought)
    const others = this.devices.filter(({ id, expiresAt }) => id !== replaced && now < expiresAt)
    this.devices = [...others, device].slice(-MOST_DEVICES)
  }

  readTotp(code: string, now: number): Reading {
    const matches = this.active.flatMap((one) => {
      const step = stepOf(one, code, now)
      return step === undefined ? [] : [{ one, step }]
    })
    if (matches.length === 0) return { kind: 'wrong' }
    const fresh = matches.filter(({ one, step }) => step > one.lastStep)
    if (fresh.length === 0) return { kind: 'replayed' }
    return {
      kind: 'right',
      ids: fresh.map(({ one }) => one.id),
      count: () => {
        for (const { one, step } of fresh) one.lastStep = step
        this.guesses.totp = NO_GUESSES
      },
    }
  }

  readBackup(code: string): Reading {
    const shown = this.inForce?.codes.find((one) => normalised(one) === normalised(code))
    const used = this.inForce?.used
    if (shown === undefined || !used) return { kind: 'wrong' }
    if (used.has(shown)) return { kind: 'replayed' }
    return {
      kind: 'right',
      ids: [],
      count: () => {
        used.add(shown)
        this.guesses.backup = NO_GUESSES
        this.startEpoch()
      },
    }
  }

  charge(kind: 'totp' | 'backup', now: number): void {
    const failures = this.guesses[kind].failures + 1
    this.guesses[kind] = { failures, at: now }
    this.charged[kind] = true
    if (kind === 'backup' || failures < DISABLE_AFTER) return
    for (const one of this.active) one.disabled = true
    this.devices = []
    this.guesses.totp = { failures: 0, at: now }
  }
}

/** The device that a token speaks of; undefined where it can be none. */
export const deviceIdOf = (token: string | undefined): string | undefined =>
  token !== undefined && token.length <= 128 && /^[\w-]+\.[\w-]+$/.test(token)
    ? token.split('.', 1)[0]
    : undefined

export const isExpired = ({ createdAt }: { readonly createdAt: number }, now: number): boolean =>
  now >= createdAt + PENDING_SECONDS * 1000

/** The newest time step around now at which the authenticator shows this code. */
export function stepOf({ phone }: AuthenticatorModel, code: string, now: number): number | undefined {
  const present = Math.floor(now / PERIOD_MS)
  for (let step = present + WINDOW; step >= present - WINDOW; step--) {
    if (phone.codeAt(step * PERIOD_MS) === code) return step
  }
  return undefined
}

export const normalised = (code: string): string =>
  code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')

export const remaining = (set: SetModel | undefined): number => (set ? set.codes.length - set.used.size : 0)
