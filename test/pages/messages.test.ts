import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readdirSync } from 'node:fs'
import { en, type PageMessages } from '../../lib/pages/messages/en.js'
import { LANGUAGES } from '../../lib/pages/messages/languages.js'

/** What may be the same as in English: names of files, and words that a language shares with it. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  de: ['browserOn', 'code', 'codesFile'],
  fr: ['code', 'codesFile'],
  es: ['codesFile'],
  ja: ['codesFile'],
  ar: ['codesFile'],
}

const SCRIPTS: Readonly<Record<string, RegExp>> = {
  ja: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
  ar: /\p{Script=Arabic}/u,
}

const namesIn = (message: string) => Array.from(message.matchAll(/\{(\w+)\}/g), ([, name]) => name).sort()
const keys = Object.keys(en) as (keyof PageMessages)[]

describe('the messages', () => {
  it('are there in six languages, each in a file of its own', () => {
    expect(Object.keys(LANGUAGES)).to.deep.equal(['en', 'de', 'fr', 'es', 'ja', 'ar'])
    const files = readdirSync(new URL('../../lib/pages/messages', import.meta.url))
    expect(files).to.have.members([...Object.keys(LANGUAGES), 'languages'].map((name) => `${name}.ts`))
  })

  for (const [tag, messages] of Object.entries(LANGUAGES)) {
    describe(`in ${tag}`, () => {
      it('have the same names as in English, in the same order', () => {
        expect(Object.keys(messages)).to.deep.equal(keys)
      })

      it('fill in the same values', () => {
        for (const key of keys) expect(namesIn(messages[key]), key).to.deep.equal(namesIn(en[key]))
        for (const key of keys) expect(messages[key].replace(/\{\w+\}/g, ''), key).to.not.match(/[{}]/)
      })

      it('say something, without space around it, markup, marks of direction, or a straight quote', () => {
        for (const key of keys) {
          expect(messages[key], key).to.match(/^\S(?:.*\S)?$/u)
          expect(messages[key], key).to.not.match(/[<>&"'`\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/)
          expect(messages[key], key).to.equal(messages[key].normalize('NFC'))
        }
      })

      it('name a text file for the backup codes', () => {
        expect(messages.codesFile).to.match(/^[^\s/\\:*?"<>|]+\.txt$/)
      })

      if (tag === 'en') return
      it('are translated', () => {
        const same = keys.filter((key) => messages[key] === en[key])
        expect(SHARED[tag]).to.include.members(same)
      })

      const script = SCRIPTS[tag]
      if (script) {
        it('are written in its script', () => {
          for (const key of keys) {
            if (key !== 'codesFile' && key !== 'browserOn') expect(messages[key], key).to.match(script)
          }
        })
      }
    })
  }
})
