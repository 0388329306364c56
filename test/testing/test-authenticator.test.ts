import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Secret, TOTP } from 'otpauth'
import { TestAuthenticator } from '../../lib/testing/index.js'

/** RFC 6238, appendix B: 20, 32 and 64 bytes of the same digits. */
const SEEDS = {
  SHA1: '12345678901234567890',
  SHA256: '12345678901234567890123456789012',
  SHA512: '1234567890123456789012345678901234567890123456789012345678901234',
} as const

const VECTORS = [
  [59, '94287082', '46119246', '90693936'],
  [1111111109, '07081804', '68084774', '25091201'],
  [1111111111, '14050471', '67062674', '99943326'],
  [1234567890, '89005924', '91819424', '93441116'],
  [2000000000, '69279037', '90698825', '38618901'],
  [20000000000, '65353130', '77737706', '47863826'],
] as const

const uriOf = (parameters: Readonly<Record<string, string>>) =>
  `otpauth://totp/ACME:somebody?${new URLSearchParams(parameters).toString()}`

const base32 = (ascii: string) => Secret.fromLatin1(ascii).base32

describe('TestAuthenticator', () => {
  for (const [seconds, ...codes] of VECTORS) {
    for (const [index, algorithm] of (['SHA1', 'SHA256', 'SHA512'] as const).entries()) {
      it(`shows what RFC 6238 lists for ${algorithm} at ${seconds} s`, () => {
        const uri = uriOf({ secret: base32(SEEDS[algorithm]), algorithm, digits: '8' })
        expect(new TestAuthenticator(uri).codeAt(seconds * 1000)).to.equal(codes[index])
      })
    }
  }

  it('agrees with another implementation, whatever the parameters and the instant', () => {
    const parameters = {
      bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
      algorithm: fc.constantFrom('SHA1', 'SHA256', 'SHA512'),
      digits: fc.integer({ min: 6, max: 8 }),
      period: fc.integer({ min: 15, max: 120 }),
    }
    const instant = fc.integer({ min: 0, max: 2 ** 45 })
    fc.assert(
      fc.property(fc.record(parameters), instant, ({ bytes, ...rest }, timestamp) => {
        const secret = new Secret({ buffer: Uint8Array.from(bytes).buffer })
        const theirs = new TOTP({ issuer: 'ACME', label: 'somebody', secret, ...rest })
        expect(new TestAuthenticator(theirs.toString()).codeAt(timestamp)).to.equal(
          theirs.generate({ timestamp }),
        )
      }),
    )
  })

  it('takes a bare secret, in either case, with SHA1, 6 digits and 30 seconds', () => {
    const secret = base32(SEEDS.SHA1)
    for (const text of [secret, secret.toLowerCase(), uriOf({ secret })]) {
      expect(new TestAuthenticator(text).codeAt(59_000), text).to.equal('287082')
    }
  })

  it('takes a secret with padding', () => {
    expect(new TestAuthenticator('GEZDGNBVGY3TQOI=').codeAt(0)).to.match(/^\d{6}$/)
  })

  it('changes the code at the beginning of a time step and not before', () => {
    const phone = new TestAuthenticator(base32(SEEDS.SHA1))
    expect(phone.codeAt(59_999)).to.equal(phone.codeAt(30_000))
    expect(phone.codeAt(60_000)).not.to.equal(phone.codeAt(59_999))
  })

  it('shows the code of the present unless told an instant', () => {
    const phone = new TestAuthenticator(base32(SEEDS.SHA1))
    const before = Date.now()
    const shown = phone.codeAt()
    expect([phone.codeAt(before), phone.codeAt(Date.now())]).to.include(shown)
  })

  const secret = base32(SEEDS.SHA1)
  const bad: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty text', ''],
    ['a secret that is not base32', 'a secret!'],
    ['a secret with digits that base32 has not', 'ABC018'],
    ['padding alone', '===='],
    ['a secret too short for one byte', 'A'],
    ['an address that is no key URI', 'https://localhost/?secret=GEZDGNBV'],
    ['a key URI that is none', 'otpauth:'],
    ['a key URI for HOTP', `otpauth://hotp/ACME:somebody?secret=${secret}&counter=0`],
    ['a key URI without a secret', uriOf({})],
    ['a key URI with an empty secret', uriOf({ secret: '' })],
    ['an unknown algorithm', uriOf({ secret, algorithm: 'MD5' })],
    ['digits that are no number', uriOf({ secret, digits: 'six' })],
    ['too few digits', uriOf({ secret, digits: '5' })],
    ['too many digits', uriOf({ secret, digits: '100' })],
    ['a part of a digit', uriOf({ secret, digits: '6.5' })],
    ['a period that is no number', uriOf({ secret, period: 'long' })],
    ['a period of nought', uriOf({ secret, period: '0' })],
    ['a period without end', uriOf({ secret, period: 'Infinity' })],
  ]
  for (const [what, input] of bad) {
    it(`refuses ${what}`, () => {
      expect(() => new TestAuthenticator(input as string)).to.throw(TypeError)
    })
  }

  it('never repeats the secret in what it throws', () => {
    const uri = `otpauth://hotp/ACME:somebody?secret=${secret}`
    expect(() => new TestAuthenticator(uri))
      .to.throw(TypeError)
      .with.property('message')
      .not.include(secret)
  })
})
