import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { Response } from 'supertest'
import { en } from '../../lib/pages/messages/en.js'
import { type TestApp, wrongCode } from '../support/app.js'
import {
  codesOf,
  enrolled,
  fillIn,
  type Form,
  locationOf,
  type Page,
  pageAt,
  pageOf,
  type PersonOfPages,
  signIn,
  submit,
  visit,
} from '../support/page-forms.js'
import { beginEnrolment, succeeded } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'
import { trustBrowser } from '../support/trusting-browser.js'

const MANAGE = '/2fa/'
const CODES = '/2fa/codes'
const OFF = '/2fa/off'

describe('the page that manages the second factor', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await start({ pages: { logoutPath: '/logout' } })
  })

  const status = (name: string) => app.secondFactor.status(name)
  const labels = async (name: string) => (await status(name)).authenticators.map(({ label }) => label)
  const pageFor = ({ browser }: Pick<PersonOfPages, 'browser'>): Promise<Page> => pageAt(browser, MANAGE)
  const renameOf = ({ authenticatorId }: PersonOfPages) => `/2fa/authenticators/${authenticatorId}/rename`
  const removeOf = ({ authenticatorId }: PersonOfPages) => `/2fa/authenticators/${authenticatorId}/remove`

  /** Where a form that did what it was asked for leads, and what is said there. */
  async function doneBy({ browser }: Pick<PersonOfPages, 'browser'>, answer: Response): Promise<string> {
    const [code, path = ''] = locationOf(answer).split(' ')
    expect(code).to.equal('303')
    return (await pageAt(browser, path)).the('role', 'status').text
  }

  it('tells who has none how to turn it on', async () => {
    const page = await pageFor({ browser: await signIn(app, 'newcomer') })
    expect(page.all('p')[0]?.text).to.equal(en.manageOff)
    expect(page.having('href', '/2fa/setup')).to.have.length(1)
    expect(page.forms.map(({ action }) => action)).to.deep.equal(['/logout'])
  })

  it('shows what there is, with a form for each thing that can be done', async () => {
    const person = await enrolled(app, 'looks')
    await beginEnrolment(app, 'looks', 'Never confirmed')
    const page = await pageFor(person)
    expect(page.forms.map(({ action }) => action)).to.deep.equal([
      renameOf(person),
      removeOf(person),
      CODES,
      OFF,
      '/logout',
    ])
    const [main] = page.all('main')
    expect(main?.text).to.match(/Authenticator 1 Added on January 15, 2027\W+last used on January 15, 2027/)
    expect(main?.text).to.include('10 of 10 left').and.to.include(en.noTrustedBrowsers)
    expect(main?.text).to.not.include('Never confirmed')
    expect(page.having('href', '/2fa/setup')).to.have.length(1)
    expect(page.all('details').filter(({ attributes }) => 'open' in attributes)).to.deep.equal([])
    expect(new Set(page.having('id').map(({ attributes }) => attributes['id'])).size).to.equal(
      page.having('id').length,
    )
  })

  it('counts the backup codes that are left, and says when there are none', async () => {
    const few = await start({ pages: {}, secondFactor: { backupCodes: { count: 2 } } })
    const person = await enrolled(few, 'runs out')
    const [first = '', second = ''] = person.backupCodes
    await submit(person.browser, '/2fa/challenge', { code: first }).expect(303)
    expect((await pageFor(person)).all('main')[0]?.text).to.include('1 of 2 left')
    await submit(person.browser, '/2fa/challenge', { code: second }).expect(303)
    expect((await pageFor(person)).all('main')[0]?.text).to.include(en.backupCodesNone)
  })

  it('says which authenticator is disabled, and which key is short', async () => {
    const throttle = { freeAttempts: 1, firstWaitSeconds: 1, longestWaitSeconds: 1, disableAfter: 1 }
    const strict = await start({ pages: {}, secondFactor: { throttle } })
    const person = await enrolled(strict, 'weak')
    succeeded(await strict.secondFactor.importTotp('weak', { base32: 'ABCDEFGHIJKLMNOP', label: 'Old' }))
    const problems = async () => (await pageFor(person)).having('class', 'problem').map(({ text }) => text)
    expect(await problems()).to.deep.equal([en.weak])
    await strict.secondFactor.verify('weak', wrongCode(person.phone, strict.clock.now()))
    expect(await problems()).to.include.members([en.disabled, en.weak])
  })

  describe('renames an authenticator', () => {
    it('without a code while the session is fresh', async () => {
      const person = await enrolled(app, 'renames')
      const form = (await pageFor(person)).form(renameOf(person))
      expect(form).to.deep.include({ fields: { label: 'Authenticator 1' }, asks: ['label'] })
      const answer = await fillIn(person.browser, form, { label: 'Old phone' })
      expect(await doneBy(person, answer)).to.equal(en.renamed)
      expect(await labels('renames')).to.deep.equal(['Old phone'])
    })

    it('with one, once it is not', async () => {
      const person = await enrolled(app, 'renames late')
      app.clock.advance(601)
      const form = (await pageFor(person)).form(renameOf(person))
      expect(form.asks).to.deep.equal(['label', 'code'])
      const needed = pageOf(await fillIn(person.browser, form, { label: 'Kept' }))
      expect(needed.alert).to.equal(en.codeNeeded)
      expect(needed.form(renameOf(person)).fields).to.include({ label: 'Kept' })
      expect(await labels('renames late')).to.deep.equal(['Authenticator 1'])
      await fillIn(person.browser, form, { label: 'Kept', code: person.nextCode() }).expect(303)
      expect(await labels('renames late')).to.deep.equal(['Kept'])
    })

    it('to no name that cannot be one, and keeps what was typed', async () => {
      const person = await enrolled(app, 'misnames')
      const form = (await pageFor(person)).form(renameOf(person))
      for (const label of ['', '  ', 'x'.repeat(65)]) {
        const page = pageOf(await fillIn(person.browser, form, { label }).expect(400))
        expect(page.alert).to.equal(en.notAName)
        const field = page.the('name', 'label').attributes
        expect(field).to.include({ value: label, 'aria-invalid': 'true', autofocus: '' })
        expect(page.the('id', field['aria-describedby']).attributes).to.include({ role: 'alert' })
        expect(page.having('open').map(({ tag }) => tag)).to.deep.equal(['details'])
      }
      expect(await labels('misnames')).to.deep.equal(['Authenticator 1'])
    })
  })

  describe('makes new backup codes', () => {
    const fresh = async (person: PersonOfPages) => {
      const form = (await pageFor(person)).form(CODES)
      const answer = await fillIn(person.browser, form, { code: person.nextCode() }).expect(200)
      const [confirm] = pageOf(answer).forms
      return { answer, codes: codesOf(answer), confirm: confirm as Form }
    }

    it('beside the old ones, which work until the new ones are confirmed, and are void then', async () => {
      const person = await enrolled(app, 'replaces')
      const { answer, codes, confirm } = await fresh(person)
      expect(codes).to.have.length(10)
      expect(answer.text).to.include(en.oldCodesText)
      const [old = '', another = ''] = person.backupCodes
      const [code = ''] = codes
      expect(await app.secondFactor.verify('replaces', code)).to.include({ reason: 'invalid_code' })
      await submit(person.browser, '/2fa/challenge', { code: old }).expect(303)
      expect(await doneBy(person, await fillIn(person.browser, confirm))).to.match(
        /^Your new backup codes work/,
      )
      expect(await app.secondFactor.verify('replaces', another)).to.include({ reason: 'invalid_code' })
      expect(await app.secondFactor.verify('replaces', code)).to.include({ ok: true })
    })

    it('which are gone when they were confirmed too late; the old ones are not', async () => {
      const person = await enrolled(app, 'confirms late')
      const { confirm } = await fresh(person)
      app.clock.advance(601)
      const typed = { code: person.nextCode() }
      const page = pageOf(await fillIn(person.browser, confirm, typed).expect(410))
      expect(page.alert).to.equal(en.codesExpired)
      const [old = ''] = person.backupCodes
      expect(await app.secondFactor.verify('confirms late', old)).to.include({ ok: true })
    })
  })

  describe('asks for a code before anything is taken away, however fresh the session is', () => {
    const dangerous = { remove: removeOf, newCodes: () => CODES, turnOff: () => OFF }
    for (const [name, pathOf] of Object.entries(dangerous)) {
      it(`${name}: none, a wrong one, one while locked, and the right one`, async () => {
        const person = await enrolled(app, name)
        const before = await status(name)
        const form = (await pageFor(person)).form(pathOf(person))
        expect(form.asks).to.deep.equal(['code'])
        for (const code of ['', ' ']) {
          const page = pageOf(await fillIn(person.browser, form, { code }))
          expect(page.alert).to.equal(en.codeNeeded)
        }
        expect(pageOf(await submit(person.browser, form.action)).alert).to.equal(en.codeNeeded)
        await fillIn(person.browser, form, { code: '12' }).expect(400)
        for (let time = 0; time < 5; time++) {
          const code = wrongCode(person.phone, app.clock.now())
          const page = pageOf(await fillIn(person.browser, form, { code }).expect(422))
          expect(page.alert).to.equal(en.wrongCode)
          const [field] = page.having('aria-invalid')
          expect(page.the('id', field?.attributes['aria-describedby']).attributes).to.include({
            role: 'alert',
          })
          expect(page.having('open')).to.have.length(1)
        }
        const locked = await fillIn(person.browser, form, { code: person.phone.codeAt(app.clock.now()) })
        expect([locked.status, locked.get('Retry-After')]).to.deep.equal([429, '30'])
        expect(pageOf(locked).the('data-wait', '30').attributes).to.include({ role: 'timer' })
        const { readAt: _, ...now } = await status(name)
        expect(before).to.deep.include(now)

        const done = await fillIn(person.browser, form, { code: person.nextCode() })
        expect(done.status).to.equal(name === 'newCodes' ? 200 : 303)
        expect((await status(name)).enabled).to.equal(name === 'newCodes')
      })
    }

    it('but not of who has just come in by a backup code, until that is long ago', async () => {
      await enrolled(app, 'lost it').then(async (person) => {
        const browser = await signIn(app, 'lost it')
        const [code = ''] = person.backupCodes
        await submit(browser, '/2fa/challenge', { code }).expect(303)
        const form = (await pageFor({ browser })).form(CODES)
        expect(form.asks).to.deep.equal([])
        app.clock.advance(601)
        expect(pageOf(await fillIn(browser, form)).alert).to.equal(en.codeNeeded)
        await submit(browser, '/2fa/challenge', { code: person.backupCodes[1] ?? '' }).expect(303)
        await fillIn(browser, (await pageFor({ browser })).form(removeOf(person))).expect(303)
        expect(await status('lost it')).to.include({ enabled: false })
      })
    })

    it('and takes a backup code for it, once', async () => {
      const person = await enrolled(app, 'spends')
      const [code = ''] = person.backupCodes
      await submit(person.browser, CODES, { code }).expect(200)
      expect((await status('spends')).backupCodes).to.include({ remaining: 9 })
    })
  })

  it('removes one of two, and this session stays in; with the last one it is off', async () => {
    const person = await enrolled(app, 'removes')
    const { authenticator, phone } = await beginEnrolment(app, 'removes', 'Tablet')
    succeeded(await app.secondFactor.confirm('removes', authenticator.id, phone.codeAt(app.clock.now())))
    expect((await pageFor(person)).all('main')[0]?.text).to.include(
      'Codes from Tablet will not work any more.',
    )
    const answer = await submit(person.browser, removeOf(person), { code: person.nextCode() })
    expect(await doneBy(person, answer)).to.equal(en.removed)
    expect(await labels('removes')).to.deep.equal(['Tablet'])

    const page = await pageFor(person)
    expect(page.all('main')[0]?.text).to.include(en.removeLastText)
    app.clock.advance(30)
    const code = phone.codeAt(app.clock.now())
    const last = `/2fa/authenticators/${authenticator.id}/remove`
    expect(await doneBy(person, await submit(person.browser, last, { code }))).to.equal(en.removed)
    expect(await status('removes')).to.include({ enabled: false, backupCodes: null })
  })

  it('turns it off, backup codes and trusted browsers included', async () => {
    const person = await trustBrowser(app, 'turns off')
    const code = person.phone.codeAt(app.clock.now())
    const answer = await submit(person.browser, OFF, { code })
    expect(await doneBy(person, answer)).to.equal(en.turnedOff)
    const { enabled, authenticators, backupCodes, trustedDevices } = await status('turns off')
    expect([enabled, authenticators, backupCodes, trustedDevices]).to.deep.equal([false, [], null, []])
  })

  it('says so when another tab has been faster', async () => {
    const person = await enrolled(app, 'twice')
    const { authenticator, phone } = await beginEnrolment(app, 'twice', 'Tablet')
    succeeded(await app.secondFactor.confirm('twice', authenticator.id, phone.codeAt(app.clock.now())))
    await app.secondFactor.remove('twice', authenticator.id)
    await submit(person.browser, '/2fa/challenge', { code: person.nextCode() }).expect(303)
    for (const [form, fields] of [
      ['rename', { label: 'Mine' }],
      ['remove', { code: person.nextCode() }],
    ] as const) {
      const action = `/2fa/authenticators/${authenticator.id}/${form}`
      const page = pageOf(await submit(person.browser, action, fields).expect(404))
      expect(page.alert).to.equal(en.notFound)
      expect(page.having('open')).to.deep.equal([])
    }
    const forget = await submit(person.browser, '/2fa/browsers/nothing/forget').expect(404)
    expect(pageOf(forget).alert).to.equal(en.notFound)
  })

  it('says what has been done by names that it knows, and nothing else', async () => {
    const { browser } = await enrolled(app, 'done')
    const known = ['renamed', 'removed', 'codesReplaced', 'forgotten', 'turnedOff']
    for (const name of known) expect((await pageAt(browser, `${MANAGE}?done=${name}`)).the('role', 'status'))
    for (const query of [
      '',
      '?done=',
      '?done=wrongCode',
      '?done=undefined',
      '?done=toString',
      '?done[]=renamed',
    ]) {
      expect((await pageAt(browser, MANAGE + query)).having('role'), query).to.deep.equal([])
    }
    const twice = await visit(browser, `${MANAGE}?done=renamed&done=removed`)
    expect(pageOf(twice).having('role')).to.deep.equal([])
  })
})
