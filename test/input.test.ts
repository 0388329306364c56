import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { backupCodeFormat } from '../lib/backup-codes.js'
import { MALFORMED } from '../lib/core/verify.js'
import { checkUserId, readAccountName, readCode, readLabel, type TypedCode } from '../lib/input.js'

const FORMAT = backupCodeFormat(25, 5)
const BACKUP_CODE = '01234-56789-ABCDE-FGHJK-MNPQR'

/** What a body parser, or a careless caller, may hand over for a text. */
const NO_TEXT: readonly (readonly [string, unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 123456],
  ['a boolean', true],
  ['an array', ['123456']],
  ['an array of characters', Array.from('123456')],
  ['an object', { code: '123456' }],
  ['an object that becomes a text', { toString: () => '123456' }],
  ['a text that is an object', Object('123456')],
  ['a function', () => '123456'],
  ['a symbol', Symbol('123456')],
  ['bytes', Buffer.from('123456')],
]

const totp = (code: string): TypedCode => ({ method: 'totp', digits: code.length, code })

describe('input', () => {
  describe('readCode', () => {
    const codes: readonly (readonly [string, string, TypedCode])[] = [
      ['six digits', '123456', totp('123456')],
      ['seven digits', '1234567', totp('1234567')],
      ['eight digits', '12345678', totp('12345678')],
      ['digits in groups, as apps show them', '123 456', totp('123456')],
      ['digits with spaces around them', ' \t123456\r\n', totp('123456')],
      ['digits with the no-break space that pasting brings', '123\u00a0456', totp('123456')],
      ['digits that begin with zeros', '000047', totp('000047')],
      ['a backup code', BACKUP_CODE, { method: 'backup_code', code: '0123456789ABCDEFGHJKMNPQR' }],
      [
        'a backup code in small letters, with spaces',
        ` ${BACKUP_CODE.toLowerCase().replaceAll('-', ' ')} `,
        { method: 'backup_code', code: '0123456789ABCDEFGHJKMNPQR' },
      ],
      ['a backup code of digits alone', '1'.repeat(25), { method: 'backup_code', code: '1'.repeat(25) }],
    ]
    for (const [title, typed, expected] of codes) {
      it(`reads ${title}`, () => {
        expect(readCode(typed, FORMAT)).to.deep.equal(expected)
      })
    }

    it('tells the shortest backup code from the longest TOTP code', () => {
      const shortest = backupCodeFormat(13, 5)
      expect(readCode('12345678', shortest)).to.deep.equal(totp('12345678'))
      expect(readCode('12345-67890-123', shortest)).to.deep.equal({
        method: 'backup_code',
        code: '1234567890123',
      })
    })

    const none: readonly (readonly [string, unknown])[] = [
      ...NO_TEXT,
      ['an empty text', ''],
      ['spaces alone', '      '],
      ['five digits', '12345'],
      ['nine digits', '123456789'],
      ['ten digits', '1234567890'],
      ['five digits and a space', ' 47164'],
      ['a plus sign', '+47164'],
      ['a minus sign', '-47164'],
      ['a plus sign before six digits', '+123456'],
      ['a dash between digits', '123-456'],
      ['a decimal point', '47164.'],
      ['an exponent', '101e12'],
      ['hexadecimal', '0x1234'],
      ['a letter', '47164x'],
      ['full-width digits', '１２３４５６'],
      ['Arabic-Indic digits', '١٢٣٤٥٦'],
      ['mathematical digits', '𝟏𝟐𝟑𝟒𝟓𝟔'],
      ['a zero-width space', '123\u200b456'],
      ['a NUL', '123456\u0000'],
      ['two codes', '123456,123456'],
      ['a backup code with a character too few', BACKUP_CODE.slice(1)],
      ['a backup code with a character too many', `${BACKUP_CODE}0`],
      ['a backup code with a U', BACKUP_CODE.replace('A', 'U')],
      ['more spaces than anybody types', `${' '.repeat(123)}123456`],
      ['a text of a megabyte', '1'.repeat(2 ** 20)],
    ]
    for (const [title, typed] of none) {
      it(`C32 C40 C41 has no code in ${title}`, () => {
        expect(readCode(typed, FORMAT)).to.equal(undefined)
      })
    }

    it('C41 meets any JSON value with a code or with undefined, never with an error', () => {
      fc.assert(
        fc.property(fc.jsonValue(), (value) => {
          expect(readCode(value, FORMAT)).to.equal(undefined)
        }),
        { numRuns: 500, examples: [[{ __proto__: null }], [['123456']]] },
      )
    })

    it('reads nothing but as many ASCII digits, however they are spaced', () => {
      const characters = fc.constantFrom('1', '2', '9', '0', ' ', '\t', '+', '-', 'e', '.', '１')
      const texts = fc.string({ unit: characters, maxLength: 14 })
      fc.assert(
        fc.property(texts, (typed) => {
          const code = typed.replace(/[ \t]/g, '')
          expect(readCode(typed, FORMAT)).to.deep.equal(/^[0-9]{6,8}$/.test(code) ? totp(code) : undefined)
        }),
        { numRuns: 500 },
      )
    })

    it('says what a code has to be without repeating what was typed', () => {
      expect(MALFORMED).to.deep.equal({
        ok: false,
        reason: 'invalid_request',
        detail: 'code must be the digits of an authenticator, or a backup code.',
      })
    })
  })

  describe('checkUserId', () => {
    for (const userId of ['1', 'anna', ' ', '0', 'anna@example.com', '安娜', 'x'.repeat(255)]) {
      it(`takes ${JSON.stringify(userId).slice(0, 24)} as it is`, () => {
        expect(checkUserId(userId)).to.equal(userId)
      })
    }

    const refused = [
      ...NO_TEXT,
      ['an empty text', ''],
      ['a text that is too long', 'x'.repeat(256)],
      ['half of a surrogate pair, which encoders replace', 'anna\ud83d'],
      ['what decoders make of bytes that are no text', Buffer.from('8f01', 'hex').toString()],
      ['a NUL, which ends texts', 'anna\0'],
    ] as const
    for (const [title, userId] of refused) {
      it(`refuses ${title}, which could be one record for many`, () => {
        expect(() => checkUserId(userId)).to.throw(TypeError, 'user id')
      })
    }

    it('does not repeat what it refuses', () => {
      const long = 'anna'.repeat(100)
      expect(() => checkUserId(long))
        .to.throw(TypeError)
        .with.property('message')
        .that.does.not.include('anna')
    })
  })

  describe('readLabel', () => {
    const labels: readonly (readonly [string, string, string])[] = [
      ['a usual one', "Anna's phone", "Anna's phone"],
      ['one with spaces around it', '  Tablet \n', 'Tablet'],
      ['one of one character', 'x', 'x'],
      ['one of 64 characters', 'x'.repeat(64), 'x'.repeat(64)],
      ['one in another script, with an emoji', '安娜的手机 📱', '安娜的手机 📱'],
      ['one with HTML in it, which stays a text', '<b>Phone</b>', '<b>Phone</b>'],
    ]
    for (const [title, label, text] of labels) {
      it(`takes ${title}`, () => {
        expect(readLabel(label)).to.deep.equal({ ok: true, text })
      })
    }

    const refused: readonly (readonly [string, unknown])[] = [
      ...NO_TEXT,
      ['an empty one', ''],
      ['spaces alone', ' \t\n'],
      ['65 characters', 'x'.repeat(65)],
      ['a line feed', 'one\ntwo'],
      ['a NUL', 'one\u0000two'],
      ['an escape sequence', '\u001b[31mred'],
      ['a C1 control character', 'one\u0085two'],
      ['half of a surrogate pair', 'one\ud83d'],
    ]
    for (const [title, label] of refused) {
      it(`refuses ${title}`, () => {
        expect(readLabel(label)).to.deep.equal({
          ok: false,
          reason: 'invalid_request',
          detail: 'label must be a text of 1 to 64 characters without control characters.',
        })
      })
    }
  })

  describe('readAccountName', () => {
    const names: readonly (readonly [string, string, string])[] = [
      ['an e-mail address', 'anna+2fa@example.com', 'anna+2fa@example.com'],
      ['one with spaces around it', ' anna ', 'anna'],
      ['one with a colon, a slash and a percent sign', 'a:b/c%', 'a:b/c%'],
      ['one in another script, with an emoji', '安娜 📱', '安娜 📱'],
      ['as long a one as a QR code has room for', 'x'.repeat(1024), 'x'.repeat(1024)],
      ['as long a one in three bytes each', '安'.repeat(113), '安'.repeat(113)],
    ]
    for (const [title, name, text] of names) {
      it(`takes ${title}`, () => {
        expect(readAccountName(name)).to.deep.equal({ ok: true, text })
      })
    }

    const refused: readonly (readonly [string, unknown])[] = [
      ...NO_TEXT,
      ['an empty one', ''],
      ['spaces alone', ' \t\n'],
      ['one that is too long', 'x'.repeat(1025)],
      ['one that is too long only when it is percent-encoded', '安'.repeat(114)],
      ['half of a surrogate pair, which cannot be percent-encoded', 'anna\udc00'],
    ]
    for (const [title, name] of refused) {
      it(`refuses ${title}`, () => {
        expect(readAccountName(name)).to.deep.equal({
          ok: false,
          reason: 'invalid_request',
          detail: 'accountName must be a text that fits into a QR code.',
        })
      })
    }
  })
})
