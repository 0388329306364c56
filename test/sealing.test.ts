import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { SecondFactorError, type SecondFactorErrorCode } from '../lib/errors.js'
import { createKeyRing } from '../lib/key-ring.js'
import { createSealing, type SealedPlace } from '../lib/sealing.js'
import { withBitChanged } from './support/stored.js'

const RUNS = { numRuns: 200 }
const SECRET = 'the present secret, which has more than 32 bytes'
const EARLIER = 'an earlier secret, which has more than 32 bytes too'
const PLAINTEXT = Buffer.from('12345678901234567890')
const PLACE: SealedPlace = { userId: 'anna', kind: 'totp', id: 'phone' }
const NONCE_BYTES = 12

const sealing = createSealing(createKeyRing([SECRET]))

/** What opening ends with, when it ends as it should: the one class of error, and nothing secret in it. */
function rejection(sealed: string, place = PLACE, opener = sealing): SecondFactorErrorCode | undefined {
  try {
    opener.open(sealed, place)
    return undefined
  } catch (error) {
    if (!(error instanceof SecondFactorError)) throw error
    const told = `${error.message} ${String(error.cause)} ${error.stack ?? ''}`
    const secrets = [SECRET, EARLIER, PLAINTEXT.toString(), PLAINTEXT.toString('base64url')]
    for (const secret of secrets) expect(told).to.not.include(secret)
    return error.code
  }
}

/** The sealed value with its bytes changed; the key id stays. */
function withBytes(sealed: string, change: (bytes: Buffer) => Buffer): string {
  const [keyId = '', body = ''] = sealed.split('.')
  return `${keyId}.${change(Buffer.from(body, 'base64url')).toString('base64url')}`
}

describe('sealing', () => {
  it('opens what it has sealed, whatever the bytes and the place', () => {
    const place = fc.record<SealedPlace>({
      userId: fc.string({ unit: 'binary', minLength: 1 }),
      kind: fc.constantFrom('totp', 'backup-codes'),
      id: fc.string(),
    })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), place, (plaintext, where) => {
        expect(sealing.open(sealing.seal(plaintext, where), where)).to.deep.equal(Buffer.from(plaintext))
      }),
      RUNS,
    )
  })

  it('opens by another object that knows the same secret', () => {
    expect(createSealing(createKeyRing([SECRET])).open(sealing.seal(PLAINTEXT, PLACE), PLACE)).to.deep.equal(
      PLAINTEXT,
    )
  })

  it('opens a value that is written in one way only', () => {
    const sealed = sealing.seal(PLAINTEXT, PLACE)
    for (const text of [
      `${sealed}.more`,
      `${sealed}.`,
      `${sealed}%%`,
      `${sealed}=`,
      `${sealed}\n`,
      `${sealed} `,
    ]) {
      expect(rejection(text), JSON.stringify(text)).to.equal('sealed_value_rejected')
    }
  })

  it('seals equal plaintexts differently each time', () => {
    const sealed = Array.from({ length: 1000 }, () => sealing.seal(PLAINTEXT, PLACE))
    expect(new Set(sealed).size).to.equal(1000)
    const nonces = sealed.map((one) =>
      Buffer.from(one.split('.')[1] ?? '', 'base64url').toString('hex', 0, NONCE_BYTES),
    )
    expect(new Set(nonces).size).to.equal(1000)
  })

  it('is plain ASCII that any text column takes, with nothing of the plaintext in it', () => {
    const sealed = sealing.seal(PLAINTEXT, PLACE)
    expect(sealed).to.match(/^[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{64}$/)
    expect(Buffer.from(sealed.split('.')[1] ?? '', 'base64url').includes(PLAINTEXT.subarray(0, 4))).to.equal(
      false,
    )
  })

  const elsewhere: readonly (readonly [string, SealedPlace])[] = [
    ['another user', { ...PLACE, userId: 'berta' }],
    ['another id', { ...PLACE, id: 'tablet' }],
    ['another kind', { ...PLACE, kind: 'backup-codes' }],
    ['parts that only read the same when put together', { userId: 'annap', kind: 'totp', id: 'hone' }],
    ['a user id that has a separator in it', { userId: 'anna","phone', kind: 'totp', id: '' }],
    ['the same user id in another case', { ...PLACE, userId: 'Anna' }],
    ['a user id that looks the same', { ...PLACE, userId: 'аnna' }],
  ]
  for (const [title, place] of elsewhere) {
    it(`C14 does not open when it was moved to ${title}`, () => {
      expect(rejection(sealing.seal(PLAINTEXT, PLACE), place)).to.equal('sealed_value_rejected')
    })
  }

  it('keeps user ids apart that differ only in broken surrogates', () => {
    const sealed = sealing.seal(PLAINTEXT, { ...PLACE, userId: '\ud800' })
    expect(rejection(sealed, { ...PLACE, userId: '\ud801' })).to.equal('sealed_value_rejected')
  })

  it('does not open in another place, whichever two places they are', () => {
    const text = fc.string({ maxLength: 4, unit: fc.constantFrom('a', 'b', '"', ',', '\\', '[', ']') })
    const place = fc.record<SealedPlace>({
      userId: text,
      kind: fc.constantFrom('totp', 'backup-codes'),
      id: text,
    })
    fc.assert(
      fc.property(place, place, (one, other) => {
        fc.pre(JSON.stringify(Object.entries(one).sort()) !== JSON.stringify(Object.entries(other).sort()))
        expect(rejection(sealing.seal(PLAINTEXT, one), other)).to.equal('sealed_value_rejected')
      }),
      RUNS,
    )
  })

  it('does not open with any byte changed: of the nonce, the text or the tag', () => {
    const sealed = sealing.seal(PLAINTEXT, PLACE)
    const length = NONCE_BYTES + PLAINTEXT.length + 16
    fc.assert(
      fc.property(fc.nat(length - 1), fc.integer({ min: 1, max: 255 }), (index, difference) => {
        const changed = withBytes(sealed, (bytes) => {
          bytes[index] = (bytes[index] ?? 0) ^ difference
          return bytes
        })
        expect(rejection(changed)).to.equal('sealed_value_rejected')
      }),
      { numRuns: 500 },
    )
  })

  it('does not open with any character changed for another that it could have', () => {
    const sealed = sealing.seal(PLAINTEXT, PLACE)
    const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'
    const index = fc.nat(sealed.length - 1)
    fc.assert(
      fc.property(index, fc.constantFrom(...characters.split('')), (place, character) => {
        fc.pre(sealed.charAt(place) !== character)
        const changed = sealed.slice(0, place) + character + sealed.slice(place + 1)
        expect(rejection(changed)).to.be.oneOf(['sealed_value_rejected', 'sealing_key_missing'])
      }),
      { numRuns: 500 },
    )
  })

  it('does not open when it was cut or lengthened, by however much', () => {
    const sealed = sealing.seal(PLAINTEXT, PLACE)
    const length = NONCE_BYTES + PLAINTEXT.length + 16
    for (let kept = 0; kept < length; kept++) {
      expect(
        rejection(withBytes(sealed, (bytes) => bytes.subarray(0, kept))),
        `${kept} first bytes`,
      ).to.equal('sealed_value_rejected')
      expect(rejection(withBytes(sealed, (bytes) => bytes.subarray(-kept - 1, -1))), `${kept} last`).to.equal(
        'sealed_value_rejected',
      )
    }
    const longer = withBytes(sealed, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]))
    expect(rejection(longer)).to.equal('sealed_value_rejected')
  })

  it('does not open with the tag cut to what the cipher would take as a shorter one', () => {
    const sealed = sealing.seal(Buffer.alloc(0), PLACE)
    for (const tagBytes of [0, 4, 8, 12, 13, 14, 15]) {
      const cut = withBytes(sealed, (bytes) => bytes.subarray(0, NONCE_BYTES + tagBytes))
      expect(rejection(cut), `${tagBytes} bytes`).to.equal('sealed_value_rejected')
    }
  })

  it('opens what an earlier secret has sealed, and seals with the newest', () => {
    const ring = createSealing(createKeyRing([SECRET, EARLIER]))
    const old = createSealing(createKeyRing([EARLIER])).seal(PLAINTEXT, PLACE)
    expect(ring.open(old, PLACE)).to.deep.equal(PLAINTEXT)
    expect(rejection(ring.seal(PLAINTEXT, PLACE), PLACE, createSealing(createKeyRing([EARLIER])))).to.equal(
      'sealing_key_missing',
    )
    expect(sealing.open(ring.seal(PLAINTEXT, PLACE), PLACE)).to.deep.equal(PLAINTEXT)
  })

  it('says so when the secret that sealed it is not known any more', () => {
    expect(rejection(createSealing(createKeyRing([EARLIER])).seal(PLAINTEXT, PLACE))).to.equal(
      'sealing_key_missing',
    )
  })

  it('does not open under the id of another key', () => {
    const ring = createSealing(createKeyRing([SECRET, EARLIER]))
    const [keyId = ''] = ring.seal(PLAINTEXT, PLACE).split('.')
    const [, body = ''] = createSealing(createKeyRing([EARLIER]))
      .seal(PLAINTEXT, PLACE)
      .split('.')
    expect(rejection(`${keyId}.${body}`, PLACE, ring)).to.equal('sealed_value_rejected')
  })

  describe('renew', () => {
    const ring = createSealing(createKeyRing([SECRET, EARLIER]))
    const earlier = createSealing(createKeyRing([EARLIER]))

    it('seals under the newest what an earlier secret has sealed', () => {
      const renewed = ring.renew(earlier.seal(PLAINTEXT, PLACE), PLACE)
      expect(sealing.open(renewed, PLACE)).to.deep.equal(PLAINTEXT)
      expect(rejection(renewed, PLACE, earlier)).to.equal('sealing_key_missing')
    })

    it('leaves as it is what is under the newest, in every character', () => {
      const sealed = ring.seal(PLAINTEXT, PLACE)
      expect(ring.renew(sealed, PLACE)).to.equal(sealed)
    })

    it('seals once: what it has renewed it leaves as it is', () => {
      const renewed = ring.renew(earlier.seal(PLAINTEXT, PLACE), PLACE)
      expect(ring.renew(renewed, PLACE)).to.equal(renewed)
    })

    const unknown = createSealing(createKeyRing(['x'.repeat(32)]))
    const berta = { ...PLACE, userId: 'berta' }
    const bad: readonly (readonly [string, string, SealedPlace, SecondFactorErrorCode])[] = [
      ['of no known secret', unknown.seal(PLAINTEXT, PLACE), PLACE, 'sealing_key_missing'],
      ['that was changed', withBitChanged(earlier.seal(PLAINTEXT, PLACE)), PLACE, 'sealed_value_rejected'],
      [
        'that was changed, under the newest',
        withBitChanged(ring.seal(PLAINTEXT, PLACE)),
        PLACE,
        'sealed_value_rejected',
      ],
      ['of another user', earlier.seal(PLAINTEXT, PLACE), berta, 'sealed_value_rejected'],
      ['of another user, under the newest', ring.seal(PLAINTEXT, PLACE), berta, 'sealed_value_rejected'],
    ]
    for (const [title, sealed, place, code] of bad) {
      it(`C14 does not make a good value of one ${title}`, () => {
        expect(() => ring.renew(sealed, place))
          .to.throw(SecondFactorError)
          .with.property('code', code)
      })
    }
  })

  const [keyId = ''] = sealing.seal(PLAINTEXT, PLACE).split('.')
  const garbage: readonly (readonly [string, string, SecondFactorErrorCode])[] = [
    ['nothing', '', 'sealing_key_missing'],
    ['a point', '.', 'sealing_key_missing'],
    ['a plain text', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', 'sealing_key_missing'],
    ['the name of a method of objects', 'constructor.AAAA', 'sealing_key_missing'],
    ['the name of the prototype', '__proto__.AAAA', 'sealing_key_missing'],
    ['a key id alone', keyId, 'sealed_value_rejected'],
    ['a key id and a point', `${keyId}.`, 'sealed_value_rejected'],
    ['a key id and what is no base64', `${keyId}.%%%%`, 'sealed_value_rejected'],
    ['a key id and a nonce alone', `${keyId}.${'A'.repeat(16)}`, 'sealed_value_rejected'],
  ]
  for (const [title, sealed, code] of garbage) {
    it(`does not open ${title}: ${code}`, () => {
      expect(rejection(sealed)).to.equal(code)
    })
  }

  const troubles: readonly (readonly [string, string, RegExp, RegExp | undefined])[] = [
    ['a key that is not known', 'unknown.AAAA', /key that is not among the `secret` option/, undefined],
    ['another way to write it', `${keyId}.AA-A=`, /changed, or belongs to another user/, /canonical/],
    // Left to itself, the cipher takes a tag of 4 bytes for a whole one.
    ['a tag of 4 bytes', `${keyId}.AAAAAA`, /changed, or belongs to another user/, /tag length/],
  ]
  for (const [title, sealed, message, reason] of troubles) {
    it(`says what was wrong, and why, of ${title}`, () => {
      const thrown = expect(() => sealing.open(sealed, PLACE)).to.throw(SecondFactorError, message)
      if (reason) thrown.with.property('cause').that.has.property('message').that.matches(reason)
    })
  }

  it('meets no text with any other error', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((rest) => `${keyId}.${rest}`),
      fc.base64String().map((rest) => `${keyId}.${rest}`),
    )
    fc.assert(
      fc.property(text, (sealed) => {
        expect(rejection(sealed)).to.be.oneOf(['sealed_value_rejected', 'sealing_key_missing'])
      }),
      { numRuns: 500 },
    )
  })
})
