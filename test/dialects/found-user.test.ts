import { expect } from 'chai'
import { describe, it } from 'mocha'
import { foundBy } from '../../lib/dialects/found-user.js'

describe('a user that was found by an id', () => {
  const found: readonly (readonly [string, unknown, boolean])[] = [
    ['says the very id', { id: '1' }, true],
    ['says it as a number', { id: 1 }, true],
    ['says it as user_id, whatever its own id is', { user_id: '1', id: 7 }, true],
    ['says none', { name: 'Ann' }, true],
    ['is somebody else', { id: '01' }, false],
    ['is somebody else by user_id', { user_id: '01', id: '1' }, false],
    ['is true', true, false],
    ['is null', null, false],
    ['is nobody', undefined, false],
  ]
  for (const [what, user, isIt] of found) {
    it(`is ${isIt ? 'taken' : 'none'} that ${what}`, () => {
      expect(foundBy('1', user as object | undefined)).to.equal(isIt ? user : undefined)
    })
  }
})
