import { expect } from 'chai'
import type { Request } from 'express'
import { before, describe, it } from 'mocha'
import { type Language, languageOf, type LanguageOptions } from '../../lib/pages/language.js'
import { LANGUAGES } from '../../lib/pages/messages/languages.js'
import type { TestApp } from '../support/app.js'
import { pageAt, pageOf, pending, signIn, visit } from '../support/page-forms.js'
import { appsOnRedis } from '../support/suite.js'

/** The language that an option names. */
const inLanguage = (language: string, more: LanguageOptions = {}): Language =>
  languageOf('pages', { ...more, language })(Object.create(null) as Request)

const { de, en, ar } = LANGUAGES as Required<Record<'de' | 'en' | 'ar', (typeof LANGUAGES)[string]>>

describe('the language of a page', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start({ pages: {} })
  })

  const titleFor = async (where: TestApp, acceptLanguage?: string) => {
    const request = visit(where.browser(), '/2fa/')
    if (acceptLanguage !== undefined) void request.set('Accept-Language', acceptLanguage)
    const answer = await request.expect(401)
    const html = pageOf(answer).all('html')[0]?.attributes
    expect(answer.get('Content-Language')).to.equal(html?.['lang'])
    return { lang: html?.['lang'], dir: html?.['dir'], title: pageOf(answer).title }
  }

  const asked: readonly (readonly [acceptLanguage: string | undefined, tag: string])[] = [
    [undefined, 'en'],
    ['', 'en'],
    ['*', 'en'],
    ['de', 'de'],
    ['de-AT', 'de'],
    ['DE-at', 'de'],
    ['fr-CA,fr;q=0.9,en;q=0.8', 'fr'],
    ['fr;q=0.2, es;q=0.9, de;q=0.5', 'es'],
    ['en;q=0.5, ja', 'ja'],
    ['sv, ar;q=0.3', 'ar'],
    ['sv', 'en'],
    ['de;q=0', 'en'],
    ['de;q=0, *;q=0', 'en'],
    ['zh-Hant-TW, zh;q=0.9', 'en'],
    ['%%%, ;;;=, \u00e4', 'en'],
    ['<script>', 'en'],
  ]
  for (const [acceptLanguage, tag] of asked) {
    it(`is ${tag} for a browser that asks for ${JSON.stringify(acceptLanguage)}`, async () => {
      expect(await titleFor(app, acceptLanguage)).to.deep.equal({
        lang: tag,
        dir: tag === 'ar' ? 'rtl' : 'ltr',
        title: LANGUAGES[tag]?.signInFirst,
      })
    })
  }

  it('is the one that the application has chosen, whatever the browser asks for', async () => {
    const german = await start({ pages: { language: 'de' } })
    expect(await titleFor(german, 'fr')).to.include({ lang: 'de', title: de.signInFirst })
  })

  it('is the one that the application finds for the request, else the one that the browser asks for', async () => {
    const language = (req: Request) => req.get('X-Language')
    const finding = await start({ pages: { language } })
    for (const [found, tag] of [
      ['ja', 'ja'],
      ['de-CH', 'de'],
      ['sv', 'en'],
      ['', 'en'],
      ['toString', 'en'],
      [undefined, 'fr'],
    ] as const) {
      const request = visit(finding.browser(), '/2fa/').set('Accept-Language', 'fr')
      if (found !== undefined) void request.set('X-Language', found)
      expect((await request).get('Content-Language'), found).to.equal(tag)
    }
  })

  it('may be one more, which begins with the English texts', async () => {
    const more = await start({ pages: { messages: { sv: { signInFirst: 'Logga in först' } } } })
    const answer = await visit(more.browser(), '/2fa/').set('Accept-Language', 'sv-FI')
    expect(pageOf(answer).title).to.equal('Logga in först')
    expect(pageOf(answer).all('p')[0]?.text).to.equal(en.signInFirstText)
    expect(await titleFor(more, 'de')).to.include({ title: de.signInFirst })
  })

  it('has texts of the application in place of some of its own', async () => {
    const own = await start({ pages: { messages: { de: { signInFirst: 'Bitte erst anmelden' }, en: {} } } })
    expect(await titleFor(own, 'de')).to.include({ title: 'Bitte erst anmelden' })
    expect(await titleFor(own, 'en')).to.include({ title: en.signInFirst })
    expect(await titleFor(app, 'de')).to.include({ title: de.signInFirst })
  })

  it('is that of every page, with names set apart where it runs from right to left', async () => {
    const person = await pending(app, 'somebody')
    const challenge = pageOf(await visit(person.browser, '/2fa/challenge').set('Accept-Language', 'ar'))
    expect(challenge.title).to.equal(ar.challengeTitle)
    expect(challenge.all('html')[0]?.attributes).to.include({ lang: 'ar', dir: 'rtl' })
    expect(challenge.the('name', 'code').attributes).to.include({ dir: 'ltr' })
    const setup = await visit(await signIn(app, 'newcomer'), '/2fa/setup').set('Accept-Language', 'ar')
    expect(pageOf(setup).the('id', 'key').attributes).to.include({ dir: 'ltr' })
    expect((await pageAt(person.browser, '/2fa/challenge')).all('html')[0]?.attributes['dir']).to.equal('ltr')
  })

  describe('fills in', () => {
    it('what it has a value for, and leaves other braces alone', () => {
      const { fill } = inLanguage('en')
      expect(fill('{a} of {b}, {c}, { a }, {}', { a: 1, b: 'two' })).to.equal('1 of two, {c}, { a }, {}')
      expect(fill('{a}', { a: '{b} $& $1', b: 'no' })).to.equal('{b} $& $1')
    })

    for (const tag of ['ar', 'he', 'fa', 'ur', 'ar-EG']) {
      it(`names between marks that keep a sentence in order, in ${tag}`, () => {
        const { fill, direction } = inLanguage(tag, { messages: { [tag]: {} } })
        expect(direction).to.equal('rtl')
        expect(fill('{name}!', { name: 'Phone' })).to.equal('\u2068Phone\u2069!')
      })
    }

    it('names as they are where it runs from left to right', () => {
      for (const tag of ['en', 'ja', 'arn']) {
        const { fill, direction } = inLanguage(tag, { messages: { [tag]: {} } })
        expect([direction, fill('{name}!', { name: 'Phone' })]).to.deep.equal(['ltr', 'Phone!'])
      }
    })
  })

  describe('says how long', () => {
    const durations: readonly (readonly [tag: string, seconds: number, words: string])[] = [
      ['en', 1, '1 second'],
      ['en', 0.2, '1 second'],
      ['en', 30, '30 seconds'],
      ['en', 90, '90 seconds'],
      ['en', 91, '2 minutes'],
      ['en', 3600, '60 minutes'],
      ['en', 3601, '61 minutes'],
      ['en', 86_400, '1 day'],
      ['en', 30 * 86_400, '30 days'],
      ['de', 30 * 86_400, '30 Tage'],
      ['fr', 2, '2 secondes'],
      ['es', 120, '2 minutos'],
    ]
    for (const [tag, seconds, words] of durations) {
      it(`${seconds} seconds are: ${words} (${tag})`, () => {
        expect(inLanguage(tag).duration(seconds).replace(/\s/g, ' ')).to.equal(words)
      })
    }

    it('and which day it is, as UTC has it', () => {
      const instant = Date.UTC(2027, 0, 15, 23, 59)
      expect(inLanguage('en').date(instant)).to.equal('January 15, 2027')
      expect(inLanguage('de').date(instant)).to.equal('15. Januar 2027')
      expect(inLanguage('ja').date(instant)).to.equal('2027年1月15日')
    })
  })

  describe('refuses options that are none', () => {
    const wrong: readonly (readonly [what: string, options: object, message: RegExp])[] = [
      ['a language that there is not', { language: 'sv' }, /^pages: language must be one of en, de, /],
      ['a number', { language: 7 }, /^pages: language must be/],
      ['null', { language: null }, /^pages: language must be/],
      ['a name of every object', { language: 'toString' }, /^pages: language must be/],
      ['messages of no language', { messages: { 'no tag': {} } }, /"no tag", which is no language tag/],
      ['a misspelt message', { messages: { de: { signInFrist: 'x' } } }, /messages\.de.*"signInFirst"/],
      [
        'a message that is no text',
        { messages: { de: { signIn: 7 } } },
        /messages\.de\.signIn must be a text/,
      ],
      ['a message that is missing', { messages: { de: { signIn: undefined } } }, /signIn must be a text/],
      ['messages that are a text', { messages: 'de' }, /^pages: messages must be/],
      ['messages that are nothing', { messages: null }, /^pages: messages must be/],
      ['messages of a language that are a text', { messages: { de: 'x' } }, /messages\.de/],
      ['messages of a language that are nothing', { messages: { de: null } }, /messages\.de/],
    ]
    for (const [what, options, message] of wrong) {
      it(what, () => {
        expect(() => languageOf('pages', options)).to.throw(TypeError, message)
      })
    }
  })
})
