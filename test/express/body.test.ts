import { expect } from 'chai'
import { describe, it } from 'mocha'
import { hasMember, textMember } from '../../lib/express/body.js'

const MEMBERS: readonly (readonly [what: string, body: unknown, has: boolean, text: string])[] = [
  ['a text', { code: '123456' }, true, '123456'],
  ['a text in an object without a prototype', Object.assign(Object.create(null), { code: 'x' }), true, 'x'],
  ['an empty text', { code: '' }, true, ''],
  ['undefined', { code: undefined }, true, ''],
  ['null', { code: null }, true, ''],
  ['a number', { code: 123456 }, true, ''],
  ['a list of one text', { code: ['123456'] }, true, ''],
  ['an object that reads as a text', { code: { toString: () => '123456' } }, true, ''],
  ['a boxed text', { code: new String('123456') }, true, ''],
  ['another member', { Code: '123456' }, false, ''],
  ['a text that is inherited', Object.create({ code: '123456' }), false, ''],
  ['no body', undefined, false, ''],
  ['a body of null', null, false, ''],
  ['a body that is a text', 'code', false, ''],
  ['a body that is a number', 123456, false, ''],
]

describe('members of a body', () => {
  for (const [what, body, has, text] of MEMBERS) {
    it(`reads ${what} as ${text === '' ? 'nothing' : text}`, () => {
      expect(hasMember(body, 'code')).to.equal(has)
      expect(textMember(body, 'code')).to.equal(text)
    })
  }

  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    it(`takes ${name}, which every object has, for no member`, () => {
      expect(hasMember({}, name)).to.equal(false)
      expect(textMember({}, name)).to.equal('')
      expect(textMember(JSON.parse(`{"${name}":"x"}`), name)).to.equal('x')
    })
  }
})
