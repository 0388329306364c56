import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Secret, TOTP, URI } from 'otpauth'
import speakeasy from 'speakeasy'
import { backupCodeFormat } from '../lib/backup-codes.js'
import { encodeBase32 } from '../lib/base32.js'
import { readCode } from '../lib/input.js'
import { readOptions, type TotpOptions } from '../lib/options.js'
import type { TotpAlgorithm } from '../lib/record.js'
import { MemoryStorage } from '../lib/storage/memory.js'
import { keyUri, matchingStep, newSecret, type TotpParameters } from '../lib/totp.js'
import { HOTP_CODES, HOTP_SECRET } from './vectors/rfc4226.js'
import { TOTP_CODES, TOTP_SECRETS } from './vectors/rfc6238.js'

const RUNS = { numRuns: 200 }
const PERIOD = 30_000
const USUAL = { algorithm: 'SHA1', digits: 6, period: 30, window: 0 } as const
const ALGORITHMS: readonly TotpAlgorithm[] = ['SHA1', 'SHA256', 'SHA512']

/** At these steps the secret of RFC 4226 has codes that a careless parser takes other texts for. */
const STEP_OF_047164 = 60_698_423
const STEP_OF_000101 = 60_018_185
/** At this step and at the step two before it, that secret has the same code. */
const STEP_OF_RECURRENCE = 61_331_811
const RECURRING_CODE = '768734'

const parameters = fc.record({
  algorithm: fc.constantFrom(...ALGORITHMS),
  digits: fc.integer({ min: 6, max: 8 }),
  period: fc.integer({ min: 15, max: 120 }),
})
const secrets = fc.uint8Array({ minLength: 10, maxLength: 64 }).map((bytes) => Buffer.from(bytes))

/** What another implementation shows at a step. */
function codeOf(secret: Buffer, step: number, { algorithm, digits, period }: TotpParameters): string {
  const key = new Secret({ buffer: new Uint8Array(secret).buffer })
  const app = new TOTP({ secret: key, algorithm, digits, period })
  return app.generate({ timestamp: step * period * 1000 })
}

const totpSettings = (totp: TotpOptions) =>
  readOptions({ issuer: 'ACME', storage: new MemoryStorage(), secret: 's'.repeat(32), totp }).totp

describe('totp', () => {
  describe('matchingStep', () => {
    for (const [counter, code] of HOTP_CODES.entries()) {
      it(`finds ${code} at step ${counter}, as RFC 4226 appendix D has it`, () => {
        expect(matchingStep(HOTP_SECRET, code, counter * PERIOD, USUAL)).to.equal(counter)
      })
    }

    for (const { seconds, codes } of TOTP_CODES) {
      for (const algorithm of ALGORITHMS) {
        it(`finds ${codes[algorithm]} at second ${seconds}, as RFC 6238 appendix B has it for ${algorithm}`, () => {
          const wanted = { ...USUAL, algorithm, digits: 8 }
          const step = matchingStep(TOTP_SECRETS[algorithm], codes[algorithm], seconds * 1000, wanted)
          expect(step).to.equal(Math.floor(seconds / 30))
        })
      }
    }

    it('agrees with another implementation, whatever the secret, the time and the parameters', () => {
      const instants = fc.integer({ min: 0, max: 2 ** 31 * 15_000 - 1 })
      fc.assert(
        fc.property(secrets, instants, parameters, fc.nat(9), (secret, now, given, digit) => {
          const step = Math.floor(now / 1000 / given.period)
          const code = codeOf(secret, step, given)
          expect(matchingStep(secret, code, now, { ...given, window: 0 })).to.equal(step)
          const other = code.slice(0, -1) + String(digit)
          const found = matchingStep(secret, other, now, { ...given, window: 0 })
          expect(found).to.equal(other === code ? step : undefined)
        }),
        RUNS,
      )
    })

    it('looks at exactly the steps of the window, and takes the newest at which the code is right', () => {
      const window = fc.integer({ min: 0, max: 10 })
      const offset = fc.integer({ min: -12, max: 12 })
      const present = fc.integer({ min: 0, max: 70_000_000 })
      fc.assert(
        fc.property(secrets, present, parameters, window, offset, (secret, step, given, steps, away) => {
          const code = codeOf(secret, Math.max(0, step + away), given)
          const seen = Array.from({ length: 2 * steps + 1 }, (_, index) => step - steps + index).filter(
            (one) => one >= 0 && codeOf(secret, one, given) === code,
          )
          const now = step * given.period * 1000
          expect(matchingStep(secret, code, now, { ...given, window: steps })).to.equal(seen.at(-1))
        }),
        RUNS,
      )
    })

    const edges: readonly (readonly [string, number, number | undefined])[] = [
      ['not a millisecond before the window', -PERIOD - 1, undefined],
      ['from the first millisecond of the window', -PERIOD, 1000],
      ['to the last millisecond of the window', 2 * PERIOD - 1, 1000],
      ['not a millisecond after the window', 2 * PERIOD, undefined],
    ]
    for (const [title, after, expected] of edges) {
      it(`takes a code ${title}`, () => {
        const code = codeOf(HOTP_SECRET, 1000, USUAL)
        const now = 1000 * PERIOD + after
        expect(matchingStep(HOTP_SECRET, code, now, { ...USUAL, window: 1 })).to.equal(expected)
      })
    }

    it('B5 goes on after a match: of two steps that share a code, the newer one is spent', () => {
      const older = STEP_OF_RECURRENCE - 2
      expect(codeOf(HOTP_SECRET, older, USUAL)).to.equal(RECURRING_CODE)
      expect(matchingStep(HOTP_SECRET, RECURRING_CODE, older * PERIOD, USUAL)).to.equal(older)
      const between = (STEP_OF_RECURRENCE - 1) * PERIOD
      const found = matchingStep(HOTP_SECRET, RECURRING_CODE, between, { ...USUAL, window: 1 })
      expect(found).to.equal(STEP_OF_RECURRENCE)
    })

    it('begins at step 0, and knows none before it', () => {
      const [first] = HOTP_CODES
      expect(matchingStep(HOTP_SECRET, first, 0, { ...USUAL, window: 10 })).to.equal(0)
      expect(matchingStep(HOTP_SECRET, first, -20 * PERIOD, { ...USUAL, window: 10 })).to.equal(undefined)
    })

    it('B7 is right until step 2^31, and matches nothing from there on', () => {
      const last = 2 ** 31 - 1
      const wide = { ...USUAL, window: 2 }
      const code = codeOf(HOTP_SECRET, last, USUAL)
      expect(matchingStep(HOTP_SECRET, code, last * PERIOD, wide)).to.equal(last)
      expect(matchingStep(HOTP_SECRET, code, (last + 1) * PERIOD, wide)).to.equal(last)
      for (const step of [last + 1, last + 2, 2 ** 32, 2 ** 32 + last, 2 ** 40]) {
        const right = codeOf(HOTP_SECRET, step, USUAL)
        const wrong = speakeasy.hotp({ secret: HOTP_SECRET as unknown as string, counter: step })
        expect(wrong).to.not.equal(right)
        for (const either of [right, wrong]) {
          expect(matchingStep(HOTP_SECRET, either, step * PERIOD, USUAL), String(step)).to.equal(undefined)
        }
      }
    })

    for (const now of [Number.NaN, Infinity, -Infinity, Number.MAX_VALUE, -1]) {
      it(`matches nothing at an instant that is none: ${now}`, () => {
        for (const code of [...HOTP_CODES, '000000']) {
          expect(matchingStep(HOTP_SECRET, code, now, USUAL)).to.equal(undefined)
        }
      })
    }
  })

  describe("speakeasy's faults", () => {
    it('B1 has no window that is not an integer', () => {
      for (const window of ['1', 1.5, -1, 11, Number.NaN, null, [1]]) {
        expect(() => totpSettings({ window: window as number }), String(window)).to.throw(TypeError, 'window')
      }
    })

    const taken = { '047164': STEP_OF_047164, '000101': STEP_OF_000101 }
    const coerced: readonly (readonly [keyof typeof taken, string, unknown])[] = [
      ['047164', 'a leading space', ' 47164'],
      ['047164', 'a leading tab', '\t47164'],
      ['047164', 'a plus sign', '+47164'],
      ['047164', 'a minus sign', '-47164'],
      ['047164', 'a letter at the end', '47164x'],
      ['047164', 'a point at the end', '47164.'],
      ['047164', 'a space at the end', '47164 '],
      ['047164', 'a line feed at the end', '47164\n'],
      ['047164', 'a line feed after all digits', '047164\n'],
      ['047164', 'a zero too few', '47164'],
      ['047164', 'a zero too many', '0047164'],
      ['047164', 'full-width digits', '０４７１６４'],
      ['047164', 'Arabic-Indic digits', '٠٤٧١٦٤'],
      ['047164', 'mathematical digits', '𝟎𝟒𝟕𝟏𝟔𝟒'],
      ['047164', 'an array around it', ['047164']],
      ['047164', 'an array of its digits', ['0', '4', '7', '1', '6', '4']],
      ['047164', 'a number', 47164],
      ['000101', 'an exponent', '101e12'],
      ['000101', 'an exponent with a sign', '101e+1'],
      ['000101', 'a decimal point', '101.00'],
      ['000101', 'a letter at the end', '00101x'],
    ]
    for (const [code, title, typed] of coerced) {
      it(`B2 does not take ${title} for ${code}: ${JSON.stringify(typed)}`, () => {
        const now = taken[code] * PERIOD
        expect(matchingStep(HOTP_SECRET, code, now, USUAL)).to.equal(taken[code])
        expect(matchingStep(HOTP_SECRET, typed as string, now, USUAL)).to.equal(undefined)
      })
    }

    it('B2 takes nothing but as many ASCII digits as there are', () => {
      const characters = fc.constantFrom('0', '1', '4', '6', '7', ' ', '+', '-', '.', 'e', 'x', '０', '\n')
      const texts = fc.string({ unit: characters, minLength: 5, maxLength: 7 })
      fc.assert(
        fc.property(texts, (typed) => {
          const found = matchingStep(HOTP_SECRET, typed, STEP_OF_047164 * PERIOD, USUAL)
          expect(found).to.equal(typed === '047164' ? STEP_OF_047164 : undefined)
        }),
        { numRuns: 500 },
      )
    })

    it('B3 C11 makes secrets of whole random bytes, 160 bits unless more are asked for', () => {
      const { secretBytes } = totpSettings({})
      expect(secretBytes).to.equal(20)
      expect(() => totpSettings({ secretBytes: 15 })).to.throw(TypeError, 'secretBytes')
      const fresh = Array.from({ length: 500 }, () => newSecret(secretBytes))
      expect(new Set(fresh.map(String)).size).to.equal(500)
      expect(new Set(fresh.map(({ length }) => length))).to.deep.equal(new Set([20]))
      // 10,000 bytes: that one of the 256 values never comes has a chance of about 3e-15.
      expect(new Set(Buffer.concat(fresh)).size).to.equal(256)
    })

    it('B4 matches nothing with an empty secret', () => {
      const empty = Buffer.alloc(0)
      // What speakeasy computes from no key at all, at step 0.
      const publicCode = codeOf(Buffer.alloc(1), 0, USUAL)
      for (const code of [publicCode, ...HOTP_CODES]) {
        expect(matchingStep(empty, code, 0, { ...USUAL, window: 10 })).to.equal(undefined)
      }
    })

    it('B6 tells the step itself, which is what a replay is known by', () => {
      const now = STEP_OF_047164 * PERIOD
      for (const later of [0, PERIOD - 1, PERIOD]) {
        const found = matchingStep(HOTP_SECRET, '047164', now + later, { ...USUAL, window: 1 })
        expect(found).to.equal(STEP_OF_047164)
      }
    })

    it('B9 reads a secret as the bytes that it is, which the key URI has too', () => {
      fc.assert(
        fc.property(secrets, parameters, (secret, given) => {
          const app = URI.parse(keyUri(secret, 'ACME', 'somebody', given)) as TOTP
          const now = 60_000_000 * given.period * 1000
          const code = app.generate({ timestamp: now })
          expect(matchingStep(secret, code, now, { ...given, window: 0 })).to.equal(60_000_000)
        }),
        RUNS,
      )
    })

    it('B10 C41 has no code in what is not a text', () => {
      for (const code of [undefined, null, 47164, ['047164'], { code: '047164' }, true]) {
        expect(readCode(code, backupCodeFormat(25, 5))).to.equal(undefined)
      }
    })
  })

  describe('keyUri', () => {
    const secret = Buffer.from('12345678901234567890')

    it('is what the key URI format asks for', () => {
      expect(
        keyUri(secret, 'ACME Co', 'anna@example.com', { algorithm: 'SHA256', digits: 8, period: 60 }),
      ).to.equal(
        'otpauth://totp/ACME%20Co:anna%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' +
          '&issuer=ACME%20Co&algorithm=SHA256&digits=8&period=60',
      )
    })

    const names = [
      'anna',
      'anna banana',
      'anna+test@example.com',
      'anna: the second',
      ':anna',
      '100%',
      '100%25',
      'a/b/c',
      'anna?secret=AAAA&digits=1',
      'anna#1',
      'anna & co; söhne',
      '安娜 👩‍💻',
      "anna's (old) phone*!",
      '"><script>',
    ]
    for (const name of names) {
      it(`B8 is read back as it was meant: ${name}`, () => {
        const issuer = name.replaceAll(':', '')
        const uri = keyUri(secret, issuer, name, { algorithm: 'SHA512', digits: 7, period: 45 })
        expect(uri).to.match(/^otpauth:\/\/totp\/[\x21-\x7e]+$/)
        const { label, issuer: read, digits, algorithm, period, secret: key } = URI.parse(uri) as TOTP
        expect({ label, read, digits, algorithm, period, key: key.base32 }).to.deep.equal({
          label: name,
          read: issuer,
          digits: 7,
          algorithm: 'SHA512',
          period: 45,
          key: encodeBase32(secret),
        })
        // And by the rules for any URL, as cameras and scripts read it.
        const url = new URL(uri)
        expect(url.searchParams.get('issuer')).to.equal(issuer)
        expect([...url.searchParams.keys()]).to.deep.equal([
          'secret',
          'issuer',
          'algorithm',
          'digits',
          'period',
        ])
        expect(url.hash).to.equal('')
      })
    }

    it('B8 is read back as it was meant, whatever the names', () => {
      const text = fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
        .filter((one) => one.trim() === one)
      fc.assert(
        fc.property(
          secrets,
          text.filter((one) => !one.includes(':')),
          text,
          parameters,
          (key, issuer, name, given) => {
            const read = URI.parse(keyUri(key, issuer, name, given)) as TOTP
            expect({ issuer: read.issuer, label: read.label }).to.deep.equal({ issuer, label: name })
            expect(Buffer.from(read.secret.bytes)).to.deep.equal(key)
          },
        ),
        RUNS,
      )
    })

    it('has the secret in base32 without padding, whatever its length', () => {
      for (let length = 16; length <= 64; length++) {
        const key = newSecret(length)
        const written = new URL(keyUri(key, 'ACME', 'anna', USUAL)).searchParams.get('secret')
        expect(written).to.match(/^[A-Z2-7]+$/)
        expect(written?.length).to.equal(Math.ceil((length * 8) / 5))
      }
    })
  })
})
