import { expect } from 'chai'
import { describe, it } from 'mocha'
import { newToken } from '../lib/tokens.js'

describe('tokens', () => {
  it('have 96 bits each, and none comes twice', () => {
    const tokens = Array.from({ length: 10_000 }, newToken)
    expect(new Set(tokens).size).to.equal(tokens.length)
    for (const token of tokens) expect(token).to.match(/^[\w-]{16}$/)
  })

  it('have every bit by chance', () => {
    const ones = Array<number>(96).fill(0)
    const count = 4_000
    for (let token = 0; token < count; token++) {
      const bytes = Buffer.from(newToken(), 'base64url')
      for (const bit of ones.keys())
        if ((bytes[bit >> 3] ?? 0) & (1 << (bit & 7))) ones[bit] = (ones[bit] ?? 0) + 1
    }
    // Six standard deviations: by chance, one run in many millions is further off.
    const bound = (6 * Math.sqrt(count)) / 2
    for (const seen of ones) expect(Math.abs(seen - count / 2)).to.be.lessThan(bound)
  })
})
