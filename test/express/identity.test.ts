import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readIdentity } from '../../lib/express/identity.js'
import { newService } from '../support/service.js'

describe('the id that a user goes by, unless told otherwise', () => {
  const identity = readIdentity('test', newService().secondFactor, {}, [])
  const idOf = (id: unknown) => identity.userId({ id })

  it('is the user’s own id as text', () => {
    expect(idOf('anna')).to.equal('anna')
    expect(idOf(7)).to.equal('7')
    expect(idOf(7n)).to.equal('7')
  })

  // Two BINARY(16) ids may read as one text, and two users would be one.
  for (const [what, id] of Object.entries({
    bytes: Buffer.from('8f01', 'hex'),
    'an array of bytes': new Uint8Array([1, 2]),
    'a plain object': { id: 1 },
    nothing: undefined,
    null: null,
    'no number': NaN,
    'an empty text': '',
  })) {
    it(`is not ${what}: the application has to say with userId`, () => {
      expect(() => idOf(id)).to.throw(TypeError, 'userId')
    })
  }
})
