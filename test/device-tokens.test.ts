import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { createDeviceTokens, deviceIdOf } from '../lib/device-tokens.js'
import { createKeyRing } from '../lib/key-ring.js'

const RUNS = { numRuns: 200 }
const SECRET = 'the present secret, which has more than 32 bytes'
const EARLIER = 'an earlier secret, which has more than 32 bytes too'

const tokensOf = (...[newest, ...older]: readonly [string, ...string[]]) =>
  createDeviceTokens(createKeyRing([newest, ...older]))
const tokens = tokensOf(SECRET)
/** What somebody may send or store in place of a token or a digest. */
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: fc.constantFrom('.', '-', '_', 'A', '0', '=', ' ', '\n'), maxLength: 80 }),
)

describe('device tokens', () => {
  it('match the digest that was issued with them, for whichever user', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (userId) => {
        const { token, digest } = tokens.issue(userId)
        expect(tokens.matches(userId, token, digest)).to.equal(true)
      }),
      RUNS,
    )
  })

  it('match in another process that has the same secret', () => {
    const { token, digest } = tokens.issue('anna')
    expect(tokensOf(SECRET).matches('anna', token, digest)).to.equal(true)
  })

  it('are all different, as are their ids and their digests', () => {
    const issued = Array.from({ length: 1000 }, () => tokens.issue('anna'))
    for (const part of ['id', 'token', 'digest'] as const) {
      expect(new Set(issued.map((one) => one[part])).size, part).to.equal(1000)
    }
  })

  it('have one length: an id of 96 bits, and 256 bits that nobody guesses', () => {
    for (const userId of ['a', 'u'.repeat(255)]) {
      const { id, token, digest } = tokens.issue(userId)
      expect(id).to.match(/^[\w-]{16}$/)
      expect(token).to.match(/^[\w-]{16}\.[\w-]{43}$/)
      expect(digest).to.match(/^[\w-]{8}\.[\w-]{43}$/)
      expect(deviceIdOf(token)).to.equal(id)
    }
  })

  it('of one device differ in all but the id', () => {
    const first = tokens.issue('anna')
    const next = tokens.issue('anna', first.id)
    expect(next.id).to.equal(first.id)
    expect(deviceIdOf(next.token)).to.equal(first.id)
    expect(next.token).to.not.equal(first.token)
    expect(tokens.matches('anna', next.token, first.digest)).to.equal(false)
    expect(tokens.matches('anna', first.token, next.digest)).to.equal(false)
  })

  it('leave nothing of themselves in their digests', () => {
    const { id, token, digest } = tokens.issue('anna')
    expect(digest).to.not.include(id)
    expect(digest).to.not.include(token.split('.')[1])
  })

  const others: readonly [string, string][] = [
    ['another user', 'berta'],
    ['the same name in another case', 'Anna'],
    ['a name that ends otherwise', 'anna '],
    ['a name with a separator in it', 'anna","'],
    ['nobody', ''],
  ]
  for (const [title, userId] of others) {
    it(`C14 do not match a digest that was moved to ${title}`, () => {
      const { token, digest } = tokens.issue('anna')
      expect(tokens.matches(userId, token, digest)).to.equal(false)
    })
  }

  it('C14 do not match by parts that only read the same when put together', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.nat(20), (rest, cut) => {
        const { token, digest } = tokens.issue(`anna${rest}`)
        const moved = `anna${rest}`.slice(0, Math.min(cut, 3 + rest.length))
        const lengthened = `anna${rest}`.slice(moved.length) + token
        expect(tokens.matches(moved, lengthened, digest)).to.equal(false)
      }),
      RUNS,
    )
  })

  it('do not match with any one character changed', () => {
    const { token, digest } = tokens.issue('anna')
    for (const [index, character] of token.split('').entries()) {
      const changed = token.slice(0, index) + (character === 'A' ? 'B' : 'A') + token.slice(index + 1)
      expect(tokens.matches('anna', changed, digest), `token at ${index}`).to.equal(false)
    }
    for (const [index, character] of digest.split('').entries()) {
      const changed = digest.slice(0, index) + (character === 'A' ? 'B' : 'A') + digest.slice(index + 1)
      expect(tokens.matches('anna', token, changed), `digest at ${index}`).to.equal(false)
    }
  })

  it('do not match when something is cut off or put behind', () => {
    const { token, digest } = tokens.issue('anna')
    for (const more of ['.', '=', ' ', '\n', 'A']) {
      expect(tokens.matches('anna', token + more, digest), JSON.stringify(more)).to.equal(false)
      expect(tokens.matches('anna', token, digest + more), JSON.stringify(more)).to.equal(false)
    }
    for (let kept = 0; kept < digest.length; kept++) {
      expect(tokens.matches('anna', token, digest.slice(0, kept)), `${kept} characters`).to.equal(false)
    }
  })

  it('match nothing that is no token or no digest, and never throw', () => {
    const { token, digest } = tokens.issue('anna')
    fc.assert(
      fc.property(anything, anything, (one, other) => {
        expect(tokens.matches('anna', one, digest)).to.equal(false)
        expect(tokens.matches('anna', token, other)).to.equal(false)
        expect(tokens.matches('anna', one, other)).to.equal(false)
        expect(tokens.knows(other)).to.equal(false)
      }),
      { numRuns: 500 },
    )
  })

  it('C39 are not matched by a digest without a key, such as anybody can make', () => {
    const { token } = tokens.issue('anna')
    for (const digest of ['', '.', token, `.${token}`]) {
      expect(tokens.matches('anna', token, digest), digest).to.equal(false)
    }
  })

  describe('with several secrets', () => {
    const ring = tokensOf(SECRET, EARLIER)

    it('match what was issued under an earlier one', () => {
      const { token, digest } = tokensOf(EARLIER).issue('anna')
      expect(ring.matches('anna', token, digest)).to.equal(true)
      expect(ring.knows(digest)).to.equal(true)
    })

    it('are issued under the newest', () => {
      const { token, digest } = ring.issue('anna')
      expect(tokens.matches('anna', token, digest)).to.equal(true)
      expect(tokensOf(EARLIER).matches('anna', token, digest)).to.equal(false)
    })

    it('match nothing under one that was taken away', () => {
      const { token, digest } = tokensOf(EARLIER).issue('anna')
      expect(tokens.matches('anna', token, digest)).to.equal(false)
      expect(tokens.knows(digest)).to.equal(false)
    })

    it('do not match a digest that only says it was made under the other', () => {
      const { token, digest } = tokens.issue('anna')
      const earlier = tokensOf(EARLIER).issue('anna')
      const swapped = `${String(earlier.digest.split('.')[0])}.${String(digest.split('.')[1])}`
      expect(ring.matches('anna', token, swapped)).to.equal(false)
    })
  })

  describe('deviceIdOf', () => {
    const none: readonly [string, unknown][] = [
      ['nothing', undefined],
      ['null', null],
      ['a number', 7],
      ['a list', ['laptop.random']],
      ['an object', { length: 3 }],
      ['an empty text', ''],
      ['an id alone', 'laptop'],
      ['a dot alone', '.'],
      ['no id', '.random'],
      ['no random part', 'laptop.'],
      ['three parts', 'laptop.random.more'],
      ['quotes around it', '"laptop.random"'],
      ['a line break behind it', 'laptop.random\n'],
      ['a space within', 'lap top.random'],
      ['another alphabet', 'läptop.random'],
      ['a path', '../laptop.random'],
      ['more than 128 characters', `laptop.${'A'.repeat(122)}`],
    ]
    for (const [title, token] of none) {
      it(`finds none in ${title}`, () => {
        expect(deviceIdOf(token)).to.equal(undefined)
      })
    }

    it('finds it in up to 128 characters', () => {
      expect(deviceIdOf(`laptop.${'A'.repeat(121)}`)).to.equal('laptop')
    })

    it('never throws', () => {
      fc.assert(
        fc.property(fc.oneof(anything, fc.anything()), (token) => {
          const id = deviceIdOf(token)
          if (id !== undefined) expect(String(token).startsWith(`${id}.`)).to.equal(true)
        }),
        RUNS,
      )
    })
  })
})
