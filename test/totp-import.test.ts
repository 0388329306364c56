import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import speakeasy from 'speakeasy'
import { encodeBase32 } from '../lib/base32.js'
import { isWeak, readImport, type TotpImport } from '../lib/totp-import.js'

/** RFC 6238 Appendix B. */
const ASCII = '12345678901234567890'
const KEY = Buffer.from(ASCII)
const HEX = KEY.toString('hex')
const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const USUAL = { algorithm: 'SHA1', digits: 6, period: 30 }

const uriWith = (query: string, label = 'ACME:somebody') => `otpauth://totp/${label}?${query}`

describe('readImport', () => {
  it('refuses a misspelt name, for its default would make another authenticator', () => {
    const misspelt = { base32: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', algoritm: 'SHA256' } as TotpImport
    expect(() => readImport(misspelt)).to.throw(TypeError, 'algorithm')
  })

  const forms: readonly (readonly [title: string, given: TotpImport, parameters?: object])[] = [
    ['an ASCII text', { ascii: ASCII }],
    ['hexadecimal digits', { hex: HEX }],
    ['hexadecimal digits in capitals', { hex: HEX.toUpperCase() }],
    ['base32', { base32: BASE32 }],
    ['base32 in small letters', { base32: BASE32.toLowerCase() }],
    ['base32 in groups of four', { base32: BASE32.replace(/.{4}/g, '$& ') }],
    ['base32 with dashes', { base32: BASE32.replace(/.{8}(?=.)/g, '$&-') }],
    ['base32 with padding', { base32: `${BASE32}======` }],
    ['a key URI with a secret alone', { uri: uriWith(`secret=${BASE32}`) }],
    ['a key URI without a label', { uri: `otpauth://totp?secret=${BASE32}` }],
    ['a key URI whose label is encoded', { uri: uriWith(`secret=${BASE32}`, 'A%20C%3AME:a%40b.example') }],
    ['a key URI whose secret has spaces', { uri: uriWith(`secret=${BASE32.replace(/.{4}/g, '$&%20')}`) }],
    [
      'a key URI whose secret has spaces as forms write them',
      { uri: uriWith(`secret=GEZD+${BASE32.slice(4)}`) },
    ],
    ['a key URI in small letters', { uri: uriWith(`secret=${BASE32.toLowerCase()}&algorithm=sha1`) }],
    [
      'a key URI with SHA256, 8 digits and a minute',
      { uri: uriWith(`secret=${BASE32}&algorithm=SHA256&digits=8&period=60&issuer=ACME`) },
      { algorithm: 'SHA256', digits: 8, period: 60 },
    ],
    [
      'a key URI with sha512 and 7 digits',
      { uri: uriWith(`secret=${BASE32}&algorithm=sha512&digits=7`) },
      { algorithm: 'SHA512', digits: 7 },
    ],
    [
      'a key URI with parameters of others',
      { uri: uriWith(`image=https%3A%2F%2Fa.example%2Fi.png&secret=${BASE32}&color=red&period=15`) },
      { period: 15 },
    ],
    [
      'parameters beside the secret',
      { hex: HEX, algorithm: 'SHA512', digits: 8, period: 120 },
      { algorithm: 'SHA512', digits: 8, period: 120 },
    ],
  ]
  for (const [title, given, parameters] of forms) {
    it(`reads ${title}`, () => {
      expect(readImport(given)).to.deep.equal({
        ok: true,
        secret: KEY,
        parameters: { ...USUAL, ...parameters },
      })
    })
  }

  it('reads one key in each of the three forms of speakeasy, and in its key URI', () => {
    for (let round = 0; round < 50; round++) {
      const { ascii, hex, base32, otpauth_url: uri } = speakeasy.generateSecret({ length: 20 })
      const secret = Buffer.from(hex, 'hex')
      for (const given of [{ ascii }, { hex }, { base32 }, { uri: uri ?? '' }]) {
        expect(readImport(given), JSON.stringify(given)).to.deep.equal({
          ok: true,
          secret,
          parameters: USUAL,
        })
      }
    }
  })

  it('reads the text that better-auth keeps as the bytes of the key', () => {
    const kept = 'xJ4k_9fQ-LmZ2vT7wRc0aYbN8eHs3uPd'
    const read = readImport({ ascii: kept })
    expect(read).to.deep.include({ ok: true, secret: Buffer.from(kept, 'utf8') })
  })

  it('reads any key of 10 to 128 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 10, maxLength: 128 }), (bytes) => {
        const secret = Buffer.from(bytes)
        for (const given of [{ hex: secret.toString('hex') }, { base32: encodeBase32(secret) }]) {
          expect(readImport(given)).to.deep.include({ ok: true, secret })
        }
      }),
      { numRuns: 200 },
    )
  })

  const ten = KEY.subarray(0, 10)
  const NO_IMPORT: readonly (readonly [title: string, given: object])[] = [
    ['nothing', {}],
    ['a label alone', { label: 'Phone' }],
    ['two forms', { ascii: ASCII, hex: HEX }],
    ['two forms, one of them empty', { ascii: '', hex: HEX }],
    ['a key URI and a secret', { uri: uriWith(`secret=${BASE32}`), base32: BASE32 }],
    ['a secret that is no text', { ascii: KEY }],
    ['a number', { hex: 31323334353637383930 }],
    ['a list', { base32: [BASE32] }],
    ['null', { uri: null }],
    ['72 bits', { ascii: ASCII.slice(0, 9) }],
    ['72 bits of hexadecimal digits', { hex: HEX.slice(0, 18) }],
    ['75 bits of base32', { base32: BASE32.slice(0, 15) }],
    ['72 bits in a key URI', { uri: uriWith(`secret=${BASE32.slice(0, 15)}`) }],
    ['129 bytes', { hex: '00'.repeat(129) }],
    ['an empty text', { ascii: '' }],
    ['an empty base32', { base32: '' }],
    ['spaces for base32', { base32: '    ' }],
    ['letters that ASCII has not', { ascii: 'Schlüssel für alle Türen' }],
    ['control characters', { ascii: `${ASCII}\n` }],
    ['base32 that is none', { base32: `${BASE32.slice(0, -1)}1` }],
    ['padding within base32', { base32: `GEZD====${BASE32}` }],
    ['hexadecimal digits that are none', { hex: `${HEX.slice(0, -1)}g` }],
    ['half a byte', { hex: HEX.slice(0, -1) }],
    ['hexadecimal digits with spaces', { hex: HEX.replace(/../g, '$& ') }],
    ['an HOTP key URI', { uri: `otpauth://hotp/ACME?secret=${BASE32}&counter=0` }],
    ['a Steam key URI', { uri: `otpauth://steam/ACME?secret=${BASE32}` }],
    ['another URI', { uri: `https://totp/ACME?secret=${BASE32}` }],
    ['a migration URI', { uri: `otpauth-migration://offline?data=${BASE32}` }],
    ['no URI', { uri: BASE32 }],
    ['a key URI without a secret', { uri: uriWith('issuer=ACME') }],
    ['a key URI with an empty secret', { uri: uriWith('secret=') }],
    ...['MD5', 'SHA224', '', 'sha-1'].map((algorithm): [string, object] => [
      `a key URI with algorithm=${algorithm}`,
      { uri: uriWith(`secret=${BASE32}&algorithm=${algorithm}`) },
    ]),
    ...['digits=5', 'digits=9', 'digits=', 'digits=six', 'digits=6.5', 'period=0', 'period=-30', 'period=']
      .concat('period=3601', 'period=0.5', 'period=NaN', 'period=Infinity')
      .map((query): [string, object] => [
        `a key URI with ${query}`,
        { uri: uriWith(`secret=${BASE32}&${query}`) },
      ]),
    ...[{ algorithm: 'md5' }, { algorithm: 1 }, { digits: '6' }, { digits: 10 }, { digits: NaN }].map(
      (wrong): [string, object] => [JSON.stringify(wrong), { base32: BASE32, ...wrong }],
    ),
    ...[{ period: '30' }, { period: 0 }, { period: 29.5 }, { period: 3601 }].map(
      (wrong): [string, object] => [JSON.stringify(wrong), { base32: BASE32, ...wrong }],
    ),
  ]
  for (const [title, given] of NO_IMPORT) {
    it(`refuses ${title}, and repeats nothing of it`, () => {
      const read = readImport(given as TotpImport)
      if (read.ok) expect.fail('It was read.')
      expect(read.reason).to.equal('invalid_request')
      for (const part of Object.values(given).filter(
        (value) => typeof value === 'string' && value.length > 3,
      )) {
        expect(read.detail).to.not.include(part)
      }
      for (const secret of [ASCII.slice(0, 9), HEX.slice(0, 9), BASE32.slice(0, 9)]) {
        expect(read.detail.toUpperCase()).to.not.include(secret)
      }
    })
  }

  it('meets no text with an error', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((rest) => `otpauth://totp/${rest}`),
      fc.string().map((rest) => uriWith(`secret=${BASE32}&${rest}`)),
    )
    fc.assert(
      fc.property(text, fc.constantFrom('ascii', 'hex', 'base32', 'uri'), (value, form) => {
        expect(readImport({ [form]: value } as unknown as TotpImport).ok).to.be.a('boolean')
      }),
      { numRuns: 500 },
    )
  })

  it('calls a secret weak that has less than 128 bits', () => {
    expect([ten, KEY.subarray(0, 15), KEY.subarray(0, 16), KEY].map(isWeak)).to.deep.equal([
      true,
      true,
      false,
      false,
    ])
  })
})
