import { once } from 'node:events'
import { type IncomingMessage, request as rawRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { Response } from 'supertest'
import { MemoryStorage } from '../../lib/index.js'
import { secondFactorPages } from '../../lib/pages/index.js'
import { en } from '../../lib/pages/messages/en.js'
import { cookieOf, startApp, type TestAppOptions, wrongCode } from '../support/app.js'
import {
  codesOf,
  enrolled,
  fillIn,
  NAVIGATION,
  Page,
  pageAt,
  pageOf,
  readScan,
  signIn,
  submit,
  visit,
} from '../support/page-forms.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { succeeded } from '../support/service.js'

/** It would be an element, end an attribute of either quotes, and begin a reference. */
const MARKUP = `<img src=x onerror=alert(1)>"'&\``
const PLAIN = 'plain'

interface Supplied {
  readonly options?: Partial<TestAppOptions>
  readonly label?: string
  readonly device?: string
  /** Sent wherever a page or a form takes it: in an address, in hidden fields, as an id. */
  readonly sent?: string
}

/** Go through every page in every state, with what somebody has supplied. */
async function walk({ options = {}, label = PLAIN, device = PLAIN, sent = PLAIN }: Supplied) {
  const totp = { maxAuthenticators: 2 }
  const pages = { logoutPath: '/logout', ...options.pages }
  const app = await startApp({
    storage: new MemoryStorage(),
    ...options,
    pages,
    secondFactor: { totp, ...options.secondFactor },
  })
  const seen: Record<string, Page> = {}
  const see = (name: string, answer: Response) => (seen[name] = pageOf(answer))
  const at = encodeURIComponent(sent)
  const query = `?returnTo=${at}&method=${at}&done=${at}&${at}=${at}`
  const forged = { uri: sent, label: sent, method: sent, shownAt: sent, returnTo: sent, trustDevice: sent }
  try {
    see('stranger', await visit(app.browser(), `/2fa/${query}`))
    const browser = await signIn(app, 'walker')
    see('off', await visit(browser, `/2fa/${query}`))
    see('begin', await visit(browser, `/2fa/setup${query}`).set('Sec-Fetch-Site', 'cross-site'))
    see('foreign', await submit(browser, '/2fa/setup', forged).set('Sec-Fetch-Site', 'cross-site'))
    see('expired', await submit(browser, `/2fa/setup/${at}`, { code: '123456', ...forged }))
    const scan = readScan(see('scan', await visit(browser, `/2fa/setup${query}`)))
    const phone = new TestAuthenticator(scan.uri)
    const wrong = () => wrongCode(phone, app.clock.now())
    const right = () => {
      app.clock.advance(30)
      return phone.codeAt(app.clock.now())
    }
    see('scan again', await fillIn(browser, scan.form, { code: wrong(), label }))
    see('scan forged', await fillIn(browser, scan.form, { code: '12', ...forged }))
    const otpauth = `otpauth://totp/${sent.replaceAll(' ', '/')}`
    see('scan forged well', await fillIn(browser, scan.form, { code: '12', ...forged, uri: otpauth }))
    const codes = await fillIn(browser, scan.form, { code: phone.codeAt(app.clock.now()), label })
    see('codes', codes)
    succeeded(await app.secondFactor.trustDevice('walker', { label: device }))
    succeeded(await app.secondFactor.trustDevice('walker', { label: device }))
    see('manage', await visit(browser, `/2fa/${query}`))
    for (const done of ['renamed', 'removed', 'codesReplaced', 'forgotten', 'turnedOff']) {
      see(done, await visit(browser, `/2fa/?done=${done}`))
    }
    const [id = ''] = (await app.secondFactor.status('walker')).authenticators.map((one) => one.id)
    see('misnamed', await submit(browser, `/2fa/authenticators/${id}/rename`, { label: label.repeat(20) }))
    see('not found', await submit(browser, `/2fa/browsers/${at}/forget`))
    see('code needed', await submit(browser, '/2fa/off'))
    see('challenge', await visit(browser, `/2fa/challenge${query}`))
    see('backup', await visit(browser, '/2fa/challenge?method=backup_code'))
    see('challenge forged', await submit(browser, '/2fa/challenge', { code: sent, ...forged }))
    see('new codes', await submit(browser, '/2fa/codes', { code: right() }))
    see('late codes', await submit(browser, `/2fa/codes/${at}`))
    readScan(see('second', await submit(browser, '/2fa/setup', { code: right() })))
    see('too many', await submit(browser, '/2fa/setup', { code: right() }))
    app.clock.advance(601)
    see('stale', await visit(browser, `/2fa/setup${query}`))
    see('manage stale', await visit(browser, '/2fa/'))
    for (let time = 0; time < 5; time++) await submit(browser, '/2fa/challenge', { code: wrong() })
    see('locked', await submit(browser, '/2fa/challenge', { code: wrong() }))
    const [backupCode = ''] = codesOf(codes)
    see(
      'wrong backup',
      await submit(browser, '/2fa/challenge', {
        code: `${backupCode.slice(0, -5)}00000`,
        method: 'backup_code',
      }),
    )
    return seen
  } finally {
    await app.close()
  }
}

const outlinesOf = (pages: Readonly<Record<string, Page>>) =>
  Object.fromEntries(Object.entries(pages).map(([name, page]) => [name, page.outline]))

const messagesOf = (text: string) => ({ en: Object.fromEntries(Object.keys(en).map((key) => [key, text])) })

describe('what somebody supplies to a page', () => {
  let plain: Readonly<Record<string, Page>>
  before(async () => {
    plain = await walk({})
  })

  /** The same tags and attributes as ever, and the markup as text somewhere, if it is to be seen. */
  function expectText(pages: Readonly<Record<string, Page>>, seenOn: readonly string[], than = plain): void {
    expect(outlinesOf(pages)).to.deep.equal(outlinesOf(than))
    const found = Object.entries(pages).filter(([, { elements }]) =>
      elements.some(
        ({ text: said, attributes }) =>
          said.includes(MARKUP) || Object.values(attributes).some((value) => value.includes(MARKUP)),
      ),
    )
    expect(found.map(([name]) => name)).to.include.members(seenOn)
    for (const [name, { source }] of Object.entries(pages)) {
      expect(source, name).to.not.include('<img src=x')
      expect(source, name).to.not.include(MARKUP)
    }
  }

  it('is shown on more than twenty pages, each different', () => {
    expect(Object.keys(plain)).to.have.length.above(25)
    expect(new Set(Object.values(plain).map(({ source }) => source)).size).to.be.above(22)
  })

  it('is text as a name of an authenticator', async () => {
    expectText(await walk({ label: MARKUP }), ['scan again', 'manage', 'misnamed', 'manage stale'])
  })

  it('is text as a name of a browser', async () => {
    expectText(await walk({ device: MARKUP }), ['manage', 'code needed'])
  })

  it('is text, or nothing, as an address to go back to, hidden fields, ids and names of messages', async () => {
    expectText(await walk({ sent: MARKUP }), ['scan forged well'])
  })

  it('is text as a path of this site to go back to', async () => {
    const marked = `/${MARKUP}?${MARKUP}#${MARKUP}`.replaceAll(' ', '/')
    const app = await startApp({ storage: new MemoryStorage(), pages: {} })
    try {
      const { browser } = await enrolled(app, 'somebody')
      for (const path of ['/challenge', '/setup']) {
        const look = (returnTo: string) =>
          pageAt(browser, `/2fa${path}?returnTo=${encodeURIComponent(returnTo)}`)
        const [usual, page] = [await look('/x'), await look(marked)]
        expect(page.outline).to.equal(usual.outline)
        const { returnTo } = page.forms[0]?.fields ?? {}
        expect(decodeURIComponent(returnTo ?? '')).to.equal(marked)
        expect(page.source).to.match(/&#38;.*&#39;|&#39;.*&#38;/)
      }
    } finally {
      await app.close()
    }
  })

  it('is part of an address alone as an issuer and an account name', async () => {
    const pages = await walk({
      options: { secondFactor: { issuer: MARKUP }, pages: { accountName: () => MARKUP } },
    })
    expectText(pages, [])
    const { uri, href } = readScan(pages['scan'] ?? expect.fail())
    expect(href).to.equal(uri)
    expect(decodeURIComponent(new URL(uri).pathname)).to.equal(`/${MARKUP}:${MARKUP}`)
  })

  it('is text as a name in the theme', async () => {
    const named = await walk({ options: { pages: { theme: { name: PLAIN } } } })
    const pages = await walk({ options: { pages: { theme: { name: MARKUP } } } })
    expectText(pages, Object.keys(plain), named)
    const logo = '/logo.svg'
    const pictured = await walk({ options: { pages: { theme: { name: PLAIN, logo } } } })
    expectText(
      await walk({ options: { pages: { theme: { name: MARKUP, logo } } } }),
      Object.keys(plain),
      pictured,
    )
  })

  it('is text as a text of the application, every one of them', async () => {
    const pages = await walk({ options: { pages: { messages: messagesOf(MARKUP) } } })
    expectText(pages, Object.keys(plain))
    const marked = await walk({ options: { pages: { messages: messagesOf(`{name}{duration}${MARKUP}`) } } })
    expectText(marked, Object.keys(plain))
  })

  it('is text where it is filled into a text', async () => {
    const messages = { en: { removeText: '{name}', browserOn: '{browser}', removeLastText: '{name}' } }
    expectText(await walk({ label: MARKUP, device: MARKUP, options: { pages: { messages } } }), ['manage'])
  })

  it('is text as a path that the pages are mounted at', async () => {
    const routes: TestAppOptions['routes'] = (host, secondFactor) => {
      host.use('/:tenant/2fa', secondFactorPages(secondFactor))
    }
    const app = await startApp({ storage: new MemoryStorage(), routes })
    try {
      const login = await app.browser().post('/login').send({ name: 'somebody' }).expect(204)
      const { hostname, port } = new URL(app.url)
      // No client that encodes the path first: the bytes go out as they stand here.
      const get = async (path: string) => {
        const headers = { Accept: NAVIGATION, Cookie: cookieOf(login) }
        const [answer] = (await once(rawRequest({ hostname, port, path, headers }).end(), 'response')) as [
          IncomingMessage,
        ]
        return new Page(await text(answer))
      }
      for (const path of ['/', '/setup']) {
        const tenant = MARKUP.replaceAll(' ', '/**/').replaceAll('/', '')
        const [usual, marked] = [await get(`/acme/2fa${path}`), await get(`/${tenant}/2fa${path}`)]
        expect(marked.outline).to.equal(usual.outline)
        expect(marked.all('script')[0]?.attributes['src']).to.include(tenant)
        expect(marked.source).to.not.include(tenant)
      }
    } finally {
      await app.close()
    }
  })

  it('is text as what a browser calls itself', async () => {
    const app = await startApp({ storage: new MemoryStorage(), pages: {} })
    try {
      const { browser, nextCode } = await enrolled(app, 'somebody')
      const fields = { code: nextCode(), trustDevice: 'on' }
      await submit(browser, '/2fa/challenge', fields).set('User-Agent', MARKUP).expect(303)
      const page = await pageAt(browser, '/2fa/')
      expect(page.all('h3').at(-1)?.text).to.equal(MARKUP)
    } finally {
      await app.close()
    }
  })

  it('stays in the file of backup codes, encoded', async () => {
    const pages = await walk({ options: { pages: { theme: { name: MARKUP } } } })
    const { href = '' } = pages['codes']?.the('download').attributes ?? {}
    expect(href).to.match(/^data:text\/plain;charset=utf-8,[\w%.~!*'()-]+$/)
    expect(decodeURIComponent(href)).to.include(`${MARKUP}\r\n`)
  })
})
