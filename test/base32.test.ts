import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Secret } from 'otpauth'
import { decodeBase32, encodeBase32 } from '../lib/base32.js'
import { BASE32 } from './vectors/rfc4648.js'

const BYTES = fc.uint8Array({ minLength: 1, maxLength: 64 })

describe('base32', () => {
  for (const [plain, encoded] of BASE32) {
    it(`encodes "${plain}" as RFC 4648 does, without the padding`, () => {
      expect(encodeBase32(Buffer.from(plain))).to.equal(encoded.replace(/=/g, ''))
    })
  }

  for (const [plain, encoded] of BASE32.slice(1)) {
    it(`decodes "${encoded}", padded or not, in either case`, () => {
      for (const text of [encoded, encoded.replace(/=/g, ''), encoded.toLowerCase()]) {
        expect(decodeBase32(text)?.toString(), text).to.equal(plain)
      }
    })
  }

  it('decodes what it has encoded, and so does another implementation', () => {
    fc.assert(
      fc.property(BYTES, (bytes) => {
        const encoded = encodeBase32(bytes)
        expect(encoded).to.match(/^[A-Z2-7]+$/)
        expect(decodeBase32(encoded)).to.deep.equal(Buffer.from(bytes))
        expect(Buffer.from(Secret.fromBase32(encoded).bytes)).to.deep.equal(Buffer.from(bytes))
      }),
      { numRuns: 200 },
    )
  })

  const garbage: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['padding alone', '===='],
    ['a digit that is not in the alphabet', 'MZXW6YT1'],
    ['a zero for an O', 'MZXW6YT0'],
    ['spaces', 'MZXW 6YTB'],
    ['a digit that is not even one byte', 'A'],
    ['padding in the middle', 'MZ==XW6Y'],
    ['hexadecimal digits', '0123456789abcdef'],
    ['letters that only become ASCII as capitals', 'MZXW6YTı'],
  ]
  for (const [title, text] of garbage) {
    it(`B4 decodes ${title} to no key, never to an empty or a guessed one`, () => {
      expect(decodeBase32(text)).to.equal(undefined)
    })
  }
})
