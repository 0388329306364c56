import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { isUserId } from '../lib/user-id.js'
import { newService } from './support/service.js'

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
