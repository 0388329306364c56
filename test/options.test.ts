import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  createSecondFactor,
  MemoryStorage,
  type SecondFactorError,
  type SecondFactorOptions,
  type StorageAdapter,
} from '../lib/index.js'
import { readOptions } from '../lib/options.js'
import { TestAuthenticator } from '../lib/testing/index.js'
import { SECRET } from './support/app.js'
import { enrolUser, newService, reasonOf, rejection, succeeded } from './support/service.js'

const GOOD: SecondFactorOptions = { issuer: 'ACME', storage: new MemoryStorage(), secret: SECRET }
const OLD_SECRET = 'the secret of last year, of more than 32 bytes too'

/** As JavaScript would pass them: of any type. */
const createWith = (options: object) => () => createSecondFactor({ ...GOOD, ...options })

const storageWithout = (method: keyof StorageAdapter) =>
  Object.assign(new MemoryStorage(), { [method]: undefined })

/** Values that no option with bounds may have, and what is just outside its bounds. */
const outside = (least: number, most: number) => [least - 1, most + 1, NaN, Infinity, String(least), null]

const bounds: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  totp: {
    digits: [6, 8],
    period: [15, 120],
    window: [0, 10],
    secretBytes: [16, 64],
    pendingSeconds: [30, 86_400],
    maxAuthenticators: [1, 20],
  },
  backupCodes: { count: [1, 50], length: [13, 50], groupLength: [1, 50] },
  throttle: {
    freeAttempts: [1, 100],
    firstWaitSeconds: [1, 3600],
    longestWaitSeconds: [30, 86_400],
    weeklyBudget: [5, 10_000],
    disableAfter: [5, 100],
  },
}

/** What was passed, and what the message has to name. */
const bad: readonly (readonly [object, string])[] = [
  ...[undefined, null, '', '  ', 7, 'a:b', 'ACME:', 'x'.repeat(257), 'ä'.repeat(50), '\ud800'].map(
    (issuer) => [{ issuer }, 'issuer'] as const,
  ),
  ...[undefined, null, {}, 'redis', MemoryStorage].map((storage) => [{ storage }, 'storage'] as const),
  ...(['read', 'insert', 'replace', 'remove'] as const).map(
    (method) => [{ storage: storageWithout(method) }, `${method}()`] as const,
  ),
  ...[
    undefined,
    null,
    '',
    'x'.repeat(31),
    'ä'.repeat(15),
    7,
    Buffer.alloc(32),
    [],
    [undefined],
    [undefined, SECRET],
    [SECRET, ''],
    [SECRET, 'x'.repeat(31)],
    [[SECRET]],
  ].map((secret) => [{ secret }, 'secret'] as const),
  ...[0, 0.049, 60.1, -1, NaN, Infinity, '5', null].map(
    (storageTimeoutSeconds) => [{ storageTimeoutSeconds }, 'storageTimeoutSeconds'] as const,
  ),
  ...['now', 'onEvent'].flatMap((name) => [7, null, {}].map((value) => [{ [name]: value }, name] as const)),
  ...['totp', 'backupCodes', 'throttle'].flatMap((group) =>
    [7, 'text', [], true].map((value) => [{ [group]: value }, group] as const),
  ),
  ...['sha1', 'MD5', '', null, 1].map((algorithm) => [{ totp: { algorithm } }, 'algorithm'] as const),
  ...Object.entries(bounds).flatMap(([group, options]) =>
    Object.entries(options).flatMap(([name, [least, most]]) =>
      [...outside(least, most), least + 0.5].map((value) => [{ [group]: { [name]: value } }, name] as const),
    ),
  ),
  [{ throttle: { firstWaitSeconds: 60, longestWaitSeconds: 59 } }, 'longestWaitSeconds'],
  [{ throttle: { freeAttempts: 20, disableAfter: 19 } }, 'disableAfter'],
  [{ totp: { maxAuthenticators: 20 }, throttle: { weeklyBudget: 19 } }, 'weeklyBudget'],
]

/** JSON, with what JSON has no word for. */
const shown = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    member === undefined || typeof member === 'number' || typeof member === 'function'
      ? `<${typeof member === 'function' ? 'function' : String(member)}>`
      : member,
  )

describe('readOptions', () => {
  for (const [options, named] of bad) {
    it(`refuses ${shown(options).slice(0, 60)}, naming ${named}`, () => {
      expect(createWith(options)).to.throw(TypeError, named)
    })
  }

  for (const options of [undefined, null, 7, 'ACME', [], [GOOD]]) {
    it(`refuses ${shown(options).slice(0, 20)} in place of the options`, () => {
      expect(() => createSecondFactor(options as unknown as SecondFactorOptions)).to.throw(
        TypeError,
        'options must be an object',
      )
    })
  }

  const misspelt: readonly (readonly [object, string])[] = [
    [{ isuer: 'ACME' }, 'issuer'],
    [{ Issuer: 'ACME' }, 'issuer'],
    [{ secrets: SECRET }, 'secret'],
    [{ backupCode: {} }, 'backupCodes'],
    [{ backup_codes: {} }, 'backupCodes'],
    [{ onEvents: () => undefined }, 'onEvent'],
    [{ totp: { windows: 1 } }, 'window'],
    [{ totp: { algoritm: 'SHA1' } }, 'algorithm'],
    [{ totp: { pendingSecond: 30 } }, 'pendingSeconds'],
    [{ backupCodes: { counts: 8 } }, 'count'],
    [{ throttle: { freeAttempt: 3 } }, 'freeAttempts'],
    [{ throttle: { disabledAfter: 3 } }, 'disableAfter'],
  ]
  for (const [options, meant] of misspelt) {
    it(`asks whether ${shown(options)} meant ${meant}`, () => {
      expect(createWith(options)).to.throw(TypeError, `Did you mean "${meant}"?`)
    })
  }

  it('lists the known options when a name is like none of them', () => {
    expect(createWith({ sessionStore: 1 })).to.throw(TypeError, 'Known are: issuer, storage, secret')
    expect(createWith({ totp: { issuer: 'ACME' } })).to.throw(TypeError, 'Known are: algorithm, digits')
  })

  it('never repeats a secret in what it throws', () => {
    const almost = 'x'.repeat(31)
    for (const secret of [almost, [SECRET, almost]]) {
      expect(createWith({ secret })).to.throw(TypeError).with.property('message').not.include(almost)
    }
  })

  it('throws nothing but a TypeError, whatever is passed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(GOOD), 'totp', 'throttle'), fc.anything(), (name, value) => {
        try {
          createWith({ [name]: value })()
        } catch (error) {
          expect(error).to.be.instanceOf(TypeError)
        }
      }),
    )
  })

  it('has defaults for everything but issuer, storage and secret', () => {
    const { totp, backupCodes, policy, storageTimeoutSeconds, secrets, now } = readOptions(GOOD)
    expect(totp).to.include({ algorithm: 'SHA1', digits: 6, period: 30, window: 1, secretBytes: 20 })
    expect(backupCodes.count).to.equal(10)
    expect(backupCodes.format.generate().code).to.match(/^(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}$/)
    const throttle = {
      freeAttempts: 5,
      firstWaitSeconds: 30,
      longestWaitSeconds: 3600,
      weeklyBudget: 60,
      disableAfter: 100,
    }
    // Nobody guesses a backup code: wrong ones add up to nothing, so that they cannot be used to shut the owner out.
    const endless = { weeklyBudget: Number.MAX_SAFE_INTEGER }
    expect(policy).to.deep.equal({
      pendingSeconds: 600,
      maxAuthenticators: 5,
      totpThrottle: throttle,
      backupCodeThrottle: { ...throttle, ...endless, longestWaitSeconds: 30 },
      trustedDeviceSeconds: 2_592_000,
    })
    expect(storageTimeoutSeconds).to.equal(5)
    expect(secrets).to.deep.equal([SECRET])
    expect(now()).to.be.closeTo(Date.now(), 1000)
  })

  it('takes every option at each of its bounds', () => {
    for (const [group, options] of Object.entries(bounds)) {
      for (const [name, values] of Object.entries(options)) {
        for (const value of values) {
          // What is bound to another option is given that one too.
          const companions = name === 'freeAttempts' ? { disableAfter: 100 } : {}
          expect(createWith({ [group]: { ...companions, [name]: value } }), `${name} ${value}`).not.to.throw()
        }
      }
    }
    for (const storageTimeoutSeconds of [0.05, 60])
      expect(createWith({ storageTimeoutSeconds })).not.to.throw()
    for (const secret of ['x'.repeat(32), 'ä'.repeat(16), [SECRET], [SECRET, OLD_SECRET]]) {
      expect(createWith({ secret })).not.to.throw()
    }
  })

  it('keeps what it was given when the caller changes it later', async () => {
    const secret = [SECRET]
    const totp = { digits: 8 }
    const service = newService({ secret, totp })
    secret[0] = OLD_SECRET
    totp.digits = 6
    const { authenticator } = await enrolUser(service, 'u')
    expect(authenticator.digits).to.equal(8)
  })
})

describe('the issuer', () => {
  for (const issuer of ['ACME & Söhne', 'a/b?c#d', '100%', 'ACME 日本']) {
    it(`stands in the key URI as it is: ${issuer}`, async () => {
      const { secondFactor } = newService({ issuer })
      const { uri } = succeeded(await secondFactor.enrol('u', { accountName: 'a:b+c@x y' }))
      const { searchParams, pathname } = new URL(uri)
      expect(searchParams.get('issuer')).to.equal(issuer)
      expect(pathname).to.equal(`/${encodeURIComponent(issuer)}:${encodeURIComponent('a:b+c@x y')}`)
    })
  }
})

describe('a ring of secrets', () => {
  /** Somebody who enrolled while the ring was `before`, met again when it is `after`. */
  async function across(before: string | string[], after: string | string[]) {
    const storage = new MemoryStorage()
    const service = newService({ storage, secret: before })
    const { phone, backupCodes } = await enrolUser(service, 'u')
    const { secondFactor } = newService({ storage, secret: after, clock: service.clock })
    const [backupCode = ''] = backupCodes
    return { secondFactor, code: phone.codeAt(service.clock.now()), backupCode }
  }

  const knowing: readonly (readonly [string, string | string[], string | string[]])[] = [
    ['one secret, first as text and then as a list', SECRET, [SECRET]],
    ['a secret that is now the older one', OLD_SECRET, [SECRET, OLD_SECRET]],
    ['the oldest of three', OLD_SECRET, [SECRET, 'y'.repeat(32), OLD_SECRET]],
    ['the newest of two, whatever the order now', [OLD_SECRET, SECRET], [SECRET, OLD_SECRET]],
  ]
  for (const [what, before, after] of knowing) {
    it(`opens what was sealed under ${what}`, async () => {
      const { secondFactor, code, backupCode } = await across(before, after)
      expect(reasonOf(await secondFactor.verify('u', code))).to.equal('ok')
      expect(reasonOf(await secondFactor.verify('u', backupCode))).to.equal('ok')
    })
  }

  it('seals under the newest alone', async () => {
    const { secondFactor, code } = await across([SECRET, OLD_SECRET], SECRET)
    expect(reasonOf(await secondFactor.verify('u', code))).to.equal('ok')
  })

  for (const after of [SECRET, [SECRET, 'y'.repeat(32)]]) {
    it(`rejects with sealing_key_missing when the secret is not in it (${after.length})`, async () => {
      const { secondFactor, code, backupCode } = await across(OLD_SECRET, after)
      for (const typed of [code, backupCode]) {
        const error = (await rejection(secondFactor.verify('u', typed))) as SecondFactorError
        expect(error).to.include({ code: 'sealing_key_missing', status: 503 })
        expect(`${error.message} ${String(error.stack)}`).not.to.include(OLD_SECRET)
      }
    })
  }

  it('lets a user reset and enrol again whose secret is lost', async () => {
    const { secondFactor } = await across(OLD_SECRET, SECRET)
    expect((await secondFactor.status('u')).enabled).to.equal(true)
    await secondFactor.reset('u')
    const { uri } = succeeded(await secondFactor.enrol('u'))
    expect(new TestAuthenticator(uri).codeAt()).to.match(/^\d{6}$/)
  })
})
