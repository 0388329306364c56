import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { pack, unpack } from '../../lib/storage/pack.js'
import { enabledRecord } from '../support/records.js'

const packed = (value: unknown): Buffer => pack(JSON.stringify(value))
const unpacked = (bytes: Buffer): unknown => JSON.parse(unpack(bytes))

/** What the packing knows how to shorten, and what nearly looks like it. */
const PIECES = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  fc.stringMatching(/^[\w-]{0,20}$/),
  fc.integer({ min: 0, max: 99_999_999_999_999 }),
  fc.constantFrom(
    'Authenticator ',
    '","',
    '":',
    ',"at":',
    '","createdAt":',
    'é"\\',
    '\u2028',
    '\ud83d',
    '\0\x01\x02',
  ),
  fc.string({ unit: 'binary' }),
)

describe('pack', () => {
  it('gives back whatever JSON was packed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value)
        expect(unpack(pack(json))).to.equal(json)
      }),
      { numRuns: 500 },
    )
  })

  it('gives back what looks like its own marks, runs and numbers', () => {
    const value = fc.dictionary(fc.string({ unit: 'binary' }), fc.array(PIECES))
    fc.assert(
      fc.property(value, fc.array(PIECES), (members, more) => {
        const json = JSON.stringify({ ...members, more: [more, more.join('')] })
        expect(unpack(pack(json))).to.equal(json)
      }),
      { numRuns: 1000 },
    )
  })

  it('gives back runs of every length, whether they are base64url of something or not', () => {
    for (let length = 0; length < 800; length++) {
      const text = randomBytes(length).toString('base64url').slice(0, length)
      expect(unpacked(packed(text))).to.equal(text)
    }
  })

  it('takes 60 % of the bytes of a record at most', () => {
    const codes = Array.from({ length: 10 }, () => randomBytes(16).toString('base64url'))
    const record = enabledRecord()
    const usual = { ...record, backupCodes: { id: 'codes', key: '', createdAt: 1, digests: codes } }
    expect(packed(usual).length).to.be.lessThan(0.6 * JSON.stringify(usual).length)
  })

  it('is never longer than the text', () => {
    fc.assert(
      fc.property(fc.array(PIECES), (pieces) => {
        const json = JSON.stringify(pieces)
        expect(pack(json).length).to.be.at.most(Buffer.byteLength(json))
      }),
    )
  })

  it('refuses bytes that end in the middle, and comes to an end with any', () => {
    const bytes = packed({ ...enabledRecord(), epoch: randomBytes(12).toString('base64url') })
    const whole = unpack(bytes)
    for (let length = 0; length < bytes.length; length++) {
      let text: string | undefined
      try {
        text = unpack(bytes.subarray(0, length))
      } catch (error) {
        expect(error).to.be.instanceOf(RangeError)
      }
      if (text !== undefined) expect(whole.startsWith(text)).to.equal(true)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (garbage) => {
        try {
          unpack(Buffer.from(garbage))
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError)
        }
      }),
    )
  })
})
