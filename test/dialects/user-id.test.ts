import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { foundBy, isUserId } from '../../lib/dialects/user-id.js'
import { newService } from '../support/service.js'

describe('isUserId', () => {
  it('is true for what the service takes, and for nothing else', async () => {
    const { secondFactor } = newService()
    const takes = (userId: string) =>
      secondFactor.status(userId).then(
        () => true,
        () => false,
      )
    const edges = [
      '',
      'x',
      'x'.repeat(255),
      'x'.repeat(256),
      '\0',
      'a\0b',
      '\ufffd',
      '\ud800',
      '\udc00',
      '😀',
      '\n',
      ' ',
    ]
    for (const userId of edges) expect(isUserId(userId), JSON.stringify(userId)).to.equal(await takes(userId))
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (userId) => {
        expect(isUserId(userId)).to.equal(await takes(userId))
      }),
    )
  })
})

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
