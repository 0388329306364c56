import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { PageName } from '../../lib/pages/index.js'
import { PAGE_NAMES } from '../../lib/pages/locals.js'
import { type TestApp, type TestAppOptions, wrongCode } from '../support/app.js'
import { enrolled, locationOf, pageOf, pending, signIn, submit, visit } from '../support/page-forms.js'
import { FailingStorage } from '../support/failing-storage.js'
import { appsOnRedis } from '../support/suite.js'

/** What a view was made from. */
type Locals = Readonly<Record<string, unknown>>

const COMMON = [
  ...['tag', 'direction', 'messages', 'fill', 'duration', 'date'],
  ...['base', 'name', 'logo', 'stylesheets', 'script', 'logoutPath'],
]
const OWN: Readonly<Record<PageName, readonly string[]>> = {
  challenge: ['returnTo', 'method', 'trustSeconds', 'shownAt', 'problem'],
  setup: ['step', 'returnTo', 'authenticator', 'label', 'problem'],
  codes: ['codes', 'file', 'returnTo', 'confirmPath'],
  manage: [
    'enabled',
    'authenticators',
    'backupCodes',
    'trustedDevices',
    'asksCode',
    'waitingCodes',
    'done',
    'failed',
  ],
  notice: ['title', 'text', 'link'],
}

describe('views of the application in place of pages', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  let seen: { view: string; locals: Locals } | undefined

  /** An engine that has no files: it says which view was asked for, and keeps the locals. */
  const front: TestAppOptions['front'] = (host) => {
    class View {
      readonly path: string
      constructor(readonly name: string) {
        this.path = name
      }
      render(locals: Locals, done: (error: Error | null, text?: string) => void) {
        seen = { view: this.name, locals }
        if (this.name === 'broken') done(new Error('the view is broken'))
        else done(null, `<p>${this.name}</p>`)
      }
    }
    host.set('view', View)
  }
  const views = Object.fromEntries(PAGE_NAMES.map((name) => [name, `my-${name}`]))

  before(async () => {
    app = await start({ front, pages: { views, theme: { name: 'ACME' }, logoutPath: '/logout' } })
  })

  /** The locals that a view was handed, and no others. */
  function expectView(name: PageName, text: string): Locals {
    expect(text).to.equal(`<p>my-${name}</p>`)
    expect(seen?.view).to.equal(`my-${name}`)
    const { settings: _settings, _locals, cache: _cache, ...locals } = seen?.locals ?? {}
    expect(Object.keys(locals)).to.have.members([...COMMON, ...OWN[name]])
    expect(locals).to.include({
      base: '/2fa',
      tag: 'en',
      direction: 'ltr',
      name: 'ACME',
      logoutPath: '/logout',
    })
    return locals
  }

  it('get what the challenge is made from, and its problem', async () => {
    const { browser, phone } = await pending(app, 'challenged')
    const shown = await visit(browser, '/2fa/challenge?returnTo=/x').expect(200)
    const locals = expectView('challenge', shown.text)
    expect(locals).to.include({ returnTo: '/x', method: 'totp', trustSeconds: 2_592_000, problem: undefined })
    const code = wrongCode(phone, app.clock.now())
    const wrong = await submit(browser, '/2fa/challenge', { code }).expect(422)
    expect(expectView('challenge', wrong.text)['problem']).to.include({ code: 'invalid_code' })
  })

  it('get what the set-up and the codes are made from', async () => {
    const browser = await signIn(app, 'sets up')
    const shown = await visit(browser, '/2fa/setup').expect(200)
    const { authenticator, step } = expectView('setup', shown.text)
    expect(step).to.equal('scan')
    expect(authenticator).to.have.all.keys('id', 'key', 'uri', 'qrCode')
    const person = await enrolled(app, 'makes codes')
    const codes = await submit(person.browser, '/2fa/codes', { code: person.nextCode() }).expect(200)
    expect(expectView('codes', codes.text)['codes']).to.have.length(10)
  })

  it('get what is managed, and what a page that says one thing says', async () => {
    const { browser } = await enrolled(app, 'manages')
    const shown = await visit(browser, '/2fa/').expect(200)
    expect(expectView('manage', shown.text)).to.deep.include({ asksCode: { dangerous: true, other: false } })
    const told = await visit(app.browser(), '/2fa/').expect(401)
    expect(expectView('notice', told.text)).to.include({ title: 'Sign in first' })
  })

  it('are sent with the headers of the pages', async () => {
    const ours = (await visit((await start({ pages: {} })).browser(), '/2fa/').expect(401)).headers
    const theirs = (await visit(app.browser(), '/2fa/').expect(401)).headers
    for (const name of [
      'content-security-policy',
      'cache-control',
      'referrer-policy',
      'content-type',
      'vary',
    ]) {
      expect((theirs as Locals)[name], name).to.equal((ours as Locals)[name])
    }
  })

  it('stand beside pages that were not replaced', async () => {
    const mixed = await start({ front, pages: { views: { manage: 'mine' } } })
    const { browser } = await enrolled(mixed, 'mixed')
    expect((await visit(browser, '/2fa/')).text).to.equal('<p>mine</p>')
    expect(pageOf(await visit(browser, '/2fa/challenge')).forms).to.have.length(1)
  })

  it('whose engine fails are the business of the error handler of the application', async () => {
    const storage = new FailingStorage()
    const broken = await start({ front, storage, pages: { views: { manage: 'broken', notice: 'broken' } } })
    const { browser } = await enrolled(broken, 'breaks')
    const refusals = [
      visit(browser, '/2fa/'),
      submit(browser, '/2fa/off'),
      visit(broken.browser(), '/2fa/'),
      submit(browser, '/2fa/off').set('Sec-Fetch-Site', 'cross-site'),
    ]
    for (const refusal of refusals) {
      const answer = await refusal
      expect([answer.status, answer.body]).to.deep.equal([500, { error: 'the view is broken' }])
    }
    storage.fail('reject')
    expect((await visit(browser, '/2fa/')).body).to.deep.equal({ error: 'the view is broken' })
    storage.recover()
    expect(locationOf(await visit(browser, '/2fa/challenge'))).to.equal('200 ')
  })

  it('that there are not are told to the error handler too', async () => {
    const missing = await start({ pages: { views: { notice: 'nowhere' } } })
    const answer = await visit(missing.browser(), '/2fa/').expect(500)
    expect((answer.body as { error: string }).error).to.match(/No default engine|Failed to lookup view/)
  })
})
