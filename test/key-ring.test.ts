import { hkdfSync } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { createKeyRing } from '../lib/key-ring.js'

const SECRET = 'the present secret, which has more than 32 bytes'
const EARLIER = 'an earlier secret, which has more than 32 bytes too'
const OLDEST = 'the oldest secret, which has more than 32 bytes as well'

const secretText = fc.string({ unit: 'binary', minLength: 32, maxLength: 80 })

describe('the key ring', () => {
  it('has keys of one length, whatever the secret', () => {
    fc.assert(
      fc.property(secretText, (secret) => {
        const { id, sealing, digesting } = createKeyRing([secret]).newest
        expect(id).to.match(/^[\w-]{8}$/)
        expect(sealing).to.have.length(32)
        expect(digesting).to.have.length(32)
      }),
      { numRuns: 100 },
    )
  })

  it('derives each with HKDF-SHA-256 for its own purpose', () => {
    const derived = (purpose: string, bytes: number) =>
      Buffer.from(hkdfSync('sha256', SECRET, '', `express-2fa ${purpose}`, bytes))
    const { id, sealing, digesting } = createKeyRing([SECRET]).newest
    expect(id).to.equal(derived('key id', 6).toString('base64url'))
    expect(sealing).to.deep.equal(derived('sealing', 32))
    expect(digesting).to.deep.equal(derived('device tokens', 32))
  })

  it('says by an id nothing of the keys, and by one key nothing of the other', () => {
    const { id, sealing, digesting } = createKeyRing([SECRET]).newest
    const idBytes = Buffer.from(id, 'base64url')
    expect(sealing.includes(idBytes)).to.equal(false)
    expect(digesting.includes(idBytes)).to.equal(false)
    expect(sealing.equals(digesting)).to.equal(false)
  })

  it('is the same in every process, and another for another secret', () => {
    const [one, same, other] = [SECRET, SECRET, EARLIER].map((secret) => createKeyRing([secret]).newest)
    expect(one).to.deep.equal(same)
    for (const part of ['id', 'sealing', 'digesting'] as const) {
      expect(one?.[part], part).to.not.deep.equal(other?.[part])
    }
  })

  it('does everything new with the first secret, and knows the others', () => {
    const ring = createKeyRing([SECRET, EARLIER, OLDEST])
    const [present, earlier, oldest] = [SECRET, EARLIER, OLDEST].map(
      (secret) => createKeyRing([secret]).newest,
    )
    expect(ring.newest).to.deep.equal(present)
    for (const key of [present, earlier, oldest]) expect(ring.byId(String(key?.id))).to.deep.equal(key)
  })

  it('does not know a secret that was taken away, nor anything that is no id', () => {
    const ring = createKeyRing([SECRET])
    const { id } = createKeyRing([EARLIER]).newest
    for (const unknown of [id, '', 'constructor', '__proto__', ring.newest.id.toLowerCase() + 'x']) {
      expect(ring.byId(unknown), unknown).to.equal(undefined)
    }
  })

  it('knows a secret once that is given twice', () => {
    const ring = createKeyRing([SECRET, SECRET])
    expect(ring.byId(ring.newest.id)).to.deep.equal(ring.newest)
  })
})
