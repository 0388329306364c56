import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { createHmac, randomBytes, scryptSync } from 'node:crypto'
import { backupCodeFormat, indexOfDigest, isBcrypt, normaliseForeign } from '../lib/backup-codes.js'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const KEY = Buffer.from('a key of a set!!')
const OTHER_KEY = Buffer.from('another set key!')
const CODE = '0123456789ABCDEFGHJKMNPQR'

const format = backupCodeFormat(25, 5)

describe('backup-codes', () => {
  describe('generate', () => {
    it('makes codes of 125 bits, in five groups of five', () => {
      expect(format.bits).to.equal(125)
      for (let round = 0; round < 200; round++) {
        const { code, normalised } = format.generate()
        expect(code).to.match(/^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){4}$/)
        expect(normalised).to.equal(code.replaceAll('-', ''))
        expect(format.normalise(code)).to.equal(normalised)
      }
    })

    const shapes: readonly (readonly [number, number, RegExp])[] = [
      [13, 5, /^\w{5}-\w{5}-\w{3}$/],
      [13, 3, /^(\w{3}-){4}\w$/],
      [13, 1, /^(\w-){12}\w$/],
      [13, 13, /^\w{13}$/],
      [13, 50, /^\w{13}$/],
      [50, 25, /^\w{25}-\w{25}$/],
    ]
    for (const [length, groupLength, pattern] of shapes) {
      it(`writes ${length} characters in groups of ${groupLength}`, () => {
        const shaped = backupCodeFormat(length, groupLength)
        const { code, normalised } = shaped.generate()
        expect(code).to.match(pattern)
        expect(shaped.bits).to.equal(length * 5)
        expect(shaped.normalise(code)).to.equal(normalised)
      })
    }

    it('uses each character of the alphabet equally often, at each place', () => {
      const codes = Array.from({ length: 4000 }, () => format.generate().normalised)
      expect(new Set(codes).size).to.equal(4000)
      const counts = new Map<string, number>()
      for (const character of codes.join('')) counts.set(character, (counts.get(character) ?? 0) + 1)
      expect([...counts.keys()].sort().join('')).to.equal(ALPHABET)
      // 3,125 of each are expected, with a standard deviation of 55: eight of them either way.
      for (const [character, count] of counts) expect(count, character).to.be.within(2685, 3565)
      for (let place = 0; place < 25; place++) {
        expect(new Set(codes.map((code) => code.charAt(place))).size, `place ${place}`).to.equal(32)
      }
    })
  })

  describe('normalise', () => {
    const written = '01234-56789-ABCDE-FGHJK-MNPQR'
    const same: readonly (readonly [string, string])[] = [
      ['as it was written', written],
      ['without dashes', CODE],
      ['in small letters', written.toLowerCase()],
      ['with spaces for dashes', written.replaceAll('-', ' ')],
      ['with spaces around it', `  ${written}\t\n`],
      ['with its groups elsewhere', '012-3456789ABC--DEFGHJ KMNPQR-'],
      ['with O for 0', CODE.replace('0', 'O')],
      ['with o for 0', CODE.replace('0', 'o')],
      ['with I for 1', CODE.replace('1', 'I')],
      ['with l for 1', CODE.replace('1', 'l')],
      ['with i and L for 1', CODE.replace('1', 'i').toLowerCase()],
    ]
    for (const [title, typed] of same) {
      it(`reads a code ${title}`, () => {
        expect(format.normalise(typed)).to.equal(CODE)
      })
    }

    const none: readonly (readonly [string, string])[] = [
      ['nothing', ''],
      ['dashes alone', '-----'],
      ['a character too few', CODE.slice(1)],
      ['a character too many', `${CODE}0`],
      ['a U, which is not in the alphabet', CODE.replace('A', 'U')],
      ['a u', CODE.replace('A', 'u')],
      ['other punctuation', CODE.replace('A', '_')],
      ['a point between groups', written.replaceAll('-', '.')],
      ['full-width digits', CODE.replace('0', '０')],
      ['a Greek capital alpha', CODE.replace('A', 'Α')],
      ['a long s, which becomes an S as a capital', `${CODE.slice(1)}ſ`],
      ['a dotless i, which becomes an I as a capital', CODE.replace('1', 'ı')],
      ['a sharp s, which becomes two letters as a capital', `${CODE.slice(2)}ß`],
      ['a ligature, which becomes two letters as a capital', `${CODE.slice(2)}ﬀ`],
      ['a Kelvin sign', CODE.replace('K', '\u212a')],
    ]
    for (const [title, typed] of none) {
      it(`has no code in ${title}`, () => {
        expect(format.normalise(typed)).to.equal(undefined)
      })
    }

    it('gives the code back, however it is written, and nothing that is not one', () => {
      const decoration = fc.array(fc.constantFrom('', '', '', '-', ' ', '--'), {
        minLength: 26,
        maxLength: 26,
      })
      const codes = fc.string({ unit: fc.constantFrom(...ALPHABET.split('')), minLength: 25, maxLength: 25 })
      fc.assert(
        fc.property(codes, decoration, fc.boolean(), (code, between, small) => {
          const typed = between.map((filler, index) => filler + code.charAt(index)).join('')
          expect(format.normalise(small ? typed.toLowerCase() : typed)).to.equal(code)
        }),
        { numRuns: 200 },
      )
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (typed) => {
          expect(format.normalise(typed) ?? CODE).to.match(/^[0-9A-HJKMNP-TV-Z]{25}$/)
        }),
        { numRuns: 200 },
      )
    })
  })

  describe('digest', () => {
    it('is an HMAC under the key of the set from 112 bits on', async () => {
      for (const length of [23, 25]) {
        const code = CODE.slice(0, length)
        const expected = createHmac('sha256', KEY).update(code).digest().subarray(0, 16).toString('base64url')
        expect(await backupCodeFormat(length, 5).digest(code, KEY)).to.equal(expected)
      }
    })

    it('is scrypt with the key of the set as its salt below 112 bits', async () => {
      for (const length of [13, 22]) {
        const code = CODE.slice(0, length)
        const expected = scryptSync(code, KEY, 16).toString('base64url')
        expect(await backupCodeFormat(length, 5).digest(code, KEY)).to.equal(expected)
      }
    })

    for (const length of [13, 25]) {
      it(`is another one for another key and for another code (${length * 5} bits)`, async () => {
        const sized = backupCodeFormat(length, 5)
        const code = CODE.slice(0, length)
        const digest = await sized.digest(code, KEY)
        expect(digest).to.match(/^[A-Za-z0-9_-]{22}$/)
        expect(await sized.digest(code, KEY)).to.equal(digest)
        expect(await sized.digest(code, OTHER_KEY)).to.not.equal(digest)
        expect(await sized.digest(`${code.slice(1)}0`, KEY)).to.not.equal(digest)
      })
    }
  })

  describe('normaliseForeign', () => {
    const rows: readonly (readonly [string, string | undefined])[] = [
      ['ABCD-1234', 'abcd1234'],
      ['  ab cd\t12\n34 ', 'abcd1234'],
      ['a'.repeat(64), 'a'.repeat(64)],
      ['z9'.repeat(4), 'z9z9z9z9'],
      ['abcd123', undefined],
      ['a'.repeat(65), undefined],
      ['', undefined],
      ['_abcd1234', undefined],
      ['abcd1234_', undefined],
      ['abcd_1234', undefined],
      ['\u212abcd12345', undefined],
    ]
    for (const [typed, normalised] of rows) {
      it(`reads ${JSON.stringify(typed)} as ${normalised ?? 'no code'}`, () => {
        expect(normaliseForeign(typed)).to.equal(normalised)
      })
    }
  })

  describe('isBcrypt', () => {
    const digest = `$2b$10$${'./AZaz09'.repeat(6)}abcde`
    const rows: readonly (readonly [string, string, boolean])[] = [
      ['a digest', digest, true],
      ['one of the first version', digest.replace('$2b', '$2a'), true],
      ['one of PHP', digest.replace('$2b', '$2y'), true],
      ['a version that nobody writes', digest.replace('$2b', '$2c'), false],
      ['a cost of one digit', digest.replace('$10', '$9'), false],
      ['a cost that begins with a letter', digest.replace('$10', '$x0'), false],
      ['a cost that ends with a letter', digest.replace('$10', '$1x'), false],
      ['a character too few', digest.slice(0, -1), false],
      ['a character too many', `${digest}a`, false],
      ['a character of no digest', `${digest.slice(0, -1)}-`, false],
      ['something in front', ` ${digest}`, false],
      ['something behind', `${digest} `, false],
      ['a code', 'abcd1234', false],
    ]
    for (const [title, text, expected] of rows) {
      it(`says ${expected ? 'yes' : 'no'} to ${title}`, () => {
        expect(isBcrypt(text)).to.equal(expected)
      })
    }
  })

  describe('indexOfDigest', () => {
    const digests = Array.from({ length: 10 }, () => randomBytes(16).toString('base64url'))

    for (const [index, digest] of digests.entries()) {
      it(`finds the digest at index ${index}`, () => {
        expect(indexOfDigest(digests, digest)).to.equal(index)
      })
    }

    const [first = ''] = digests
    const absent: readonly (readonly [string, readonly string[], string])[] = [
      ['in an empty set', [], first],
      ['that is not in the set', digests, randomBytes(16).toString('base64url')],
      ['that is the beginning of one', digests, first.slice(0, -1)],
      ['that has one at its beginning', digests, `${first}A`],
      ['that is empty', digests, ''],
      ['that differs in its last character', digests, first.slice(0, -1) + (first.endsWith('A') ? 'B' : 'A')],
    ]
    for (const [title, among, digest] of absent) {
      it(`finds no digest ${title}`, () => {
        expect(indexOfDigest(among, digest)).to.equal(undefined)
      })
    }
  })
})
