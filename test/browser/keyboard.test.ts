import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { fileURLToPath } from 'node:url'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { type TestApp, wrongCode } from '../support/app.js'
import { browserOfSuite, type WatchedPage } from '../support/chromium.js'
import { appsOnRedis } from '../support/suite.js'
import { andLoad, noiseOf } from './page-states.js'

const INSPECTION = fileURLToPath(new URL('inspection.js', import.meta.url))
/** More stops than any page has. */
const MANY_STOPS = 60

const CONFIRMATION = 'input "Code of your app, or a backup code"'

const HOME =
  '<!doctype html><html lang="en"><title>Home</title><h1>Home</h1><a href="/2fa/">Security</a></html>'

/** A person who has no mouse. */
class Typist {
  constructor(readonly page: Page) {}

  focused(): Promise<string> {
    return this.page.evaluate<string>('inspection.focused()')
  }

  /** Go on with the Tab key until this has the focus: such as `button "Save"`. */
  async tabTo(wanted: string): Promise<void> {
    const passed: string[] = []
    while (passed.length < MANY_STOPS) {
      const now = await this.focused()
      if (now === wanted) return
      passed.push(now)
      await this.page.keyboard.press('Tab')
    }
    throw new Error(`The focus does not reach ${wanted}, but ${passed.join(', ')}`)
  }

  async press(wanted: string, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
    await this.tabTo(wanted)
    await this.page.keyboard.press(key)
  }

  /** Press what loads another page. */
  async follow(wanted: string, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
    await this.tabTo(wanted)
    await andLoad(this.page, () => this.page.keyboard.press(key))
  }

  /** Type into a field, in place of what is there. */
  async type(field: string, text: string): Promise<void> {
    await this.tabTo(field)
    await this.page.keyboard.press('ControlOrMeta+A')
    await this.page.keyboard.type(text)
  }

  /** Type into the last field of a form, and send it. */
  async send(field: string, text: string): Promise<void> {
    await this.type(field, text)
    await andLoad(this.page, () => this.page.keyboard.press('Enter'))
  }

  text(selector: string): Promise<string> {
    return this.page.locator(selector).innerText()
  }
}

describe('whoever has nothing but a keyboard', () => {
  const browser = browserOfSuite()
  const { start } = appsOnRedis()
  let app: TestApp
  let watched: WatchedPage
  let typist: Typist
  let phone: TestAuthenticator
  let backupCodes: readonly string[]
  const now = () => phone.codeAt(app.clock.now())

  before(async () => {
    app = await start({
      pages: { theme: { name: 'ACME' }, logoutPath: '/sign-out', homePath: '/home' },
      routes: (into) => {
        into.get('/home', (_req, res) => {
          res.send(HOME)
        })
        into.post('/sign-out', (req, res, next) => {
          req.logOut((error) => {
            if (error) next(error)
            else res.redirect('/home')
          })
        })
      },
    })
    watched = await browser.open(app, {
      locale: 'en',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const { page } = watched
    typist = new Typist(page)
    await page.addInitScript({ path: INSPECTION })
    await signIn()
  })
  after(() => watched.context.close())

  const signIn = () =>
    watched.page.request.post('/login', { data: { name: 'typist' }, failOnStatusCode: true })

  /** All stops of the Tab key, from the top of the page to its end. */
  async function walk(): Promise<readonly string[]> {
    const stops: string[] = []
    const last = 'button "Sign out"'
    await typist.tabTo(last)
    do {
      await watched.page.keyboard.press('Tab')
      stops.push(await typist.focused())
    } while (stops.length < MANY_STOPS && stops.at(-1) !== last)
    // On its way round, the focus leaves the page for the browser.
    return stops.filter((stop) => stop !== 'the page')
  }

  it('turns it on', async () => {
    await watched.page.goto('/home')
    await typist.follow('a "Security"')
    await typist.follow('a "Turn on"')
    expect(await walk()).to.deep.equal([
      'a "Open an authenticator app on this device"',
      'button "Copy"',
      'input "Name of the device (optional)"',
      'input "Code that the app shows now"',
      'button "Confirm"',
      'button "Sign out"',
    ])
    phone = new TestAuthenticator((await typist.text('#key')).replaceAll(' ', ''))
  })

  it('is told of a wrong code where the next one is typed, and keeps the name', async () => {
    await typist.type('input "Name of the device (optional)"', 'My phone')
    await typist.send('input "Code that the app shows now"', wrongCode(phone, app.clock.now()))
    expect(await typist.focused()).to.equal('input "Code that the app shows now"')
    await watched.page.keyboard.type(now())
    await typist.follow('button "Confirm"', 'Space')
    expect(await typist.text('h1')).to.equal('Save your backup codes')
  })

  it('copies, downloads and prints the backup codes', async () => {
    const { page } = watched
    backupCodes = await page.locator('#codes li').allInnerTexts()
    await page.evaluate("addEventListener('beforeprint', () => { document.title = 'Printed' })")

    await typist.press('button "Copy"')
    await page.locator('[role="status"]', { hasText: 'Copied' }).waitFor({ state: 'attached' })
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).to.equal(backupCodes.join('\n'))

    const saving = page.waitForEvent('download')
    await typist.press('a "Download"')
    const download = await saving
    expect(download.suggestedFilename()).to.equal('backup-codes.txt')
    expect(readFileSync(await download.path(), 'utf8')).to.include(backupCodes.join('\r\n'))

    await typist.press('button "Print"', 'Space')
    await page.waitForFunction("document.title === 'Printed'")
    await typist.follow('a "I have saved these codes"')
    expect(await typist.text('h3')).to.equal('My phone')
  })

  it('signs out, and comes back with a code and Enter, trusting the browser by Space', async () => {
    await typist.follow('button "Sign out"')
    await signIn()
    app.clock.advance(30)
    await typist.follow('a "Security"')
    expect(await typist.focused()).to.equal('input "Code"')
    expect(await walk()).to.deep.equal([
      'input "Code"',
      'input "Trust this browser for 30 days"',
      'button "Continue"',
      'a "Use a backup code"',
      'button "Sign out"',
    ])
    await typist.press('input "Trust this browser for 30 days"', 'Space')
    await typist.send('input "Code"', now())
    expect(await typist.text('h3 >> nth=-1')).to.include('(this browser)')
  })

  it('finds the way to backup codes', async () => {
    await typist.follow('button "Sign out"')
    await watched.context.clearCookies()
    await signIn()
    await typist.follow('a "Security"')
    await typist.follow('a "Use a backup code"')
    expect(await typist.focused()).to.equal('input "Backup code"')
    await watched.page.keyboard.type(wrongCode(phone, app.clock.now()))
    await andLoad(watched.page, () => watched.page.keyboard.press('Enter'))
    expect(await typist.focused()).to.equal('input "Backup code"')
    await typist.send('input "Backup code"', backupCodes[0] ?? '')
    expect(await typist.text('h1')).to.equal('Two-step sign-in')
    expect(await typist.text('section >> nth=1')).to.include('9 of 10 left')
  })

  it('opens every form by Enter or Space, and gets to nothing that is not seen', async () => {
    await watched.page.goto('/2fa/')
    const closed = [
      'summary "Rename My phone"',
      'summary "Remove My phone"',
      'a "Add another"',
      'summary "Make new codes"',
      'summary "Turn off"',
      'button "Sign out"',
    ]
    expect(await walk()).to.deep.equal(closed)
    for (const [index, summary] of closed.filter((stop) => stop.startsWith('summary')).entries()) {
      await typist.press(summary, index % 2 === 0 ? 'Enter' : 'Space')
    }
    expect(await walk()).to.deep.equal([
      'summary "Rename My phone"',
      'input "New name"',
      'button "Save My phone"',
      'summary "Remove My phone"',
      'button "Remove My phone"',
      'a "Add another"',
      'summary "Make new codes"',
      'button "Make new codes"',
      'summary "Turn off"',
      'button "Turn off"',
      'button "Sign out"',
    ])
  })

  it('renames, after a name that is none and a code that is none', async () => {
    await watched.page.goto('/2fa/')
    await typist.press('summary "Rename My phone"')
    await typist.send('input "New name"', ' ')
    expect(await typist.focused()).to.equal('input "New name"')

    app.clock.advance(601)
    await watched.page.goto('/2fa/')
    await typist.press('summary "Rename My phone"', 'Space')
    await typist.type('input "New name"', 'Telephone')
    await typist.send(CONFIRMATION, 'none')
    expect(await typist.focused()).to.equal(CONFIRMATION)
    await typist.send(CONFIRMATION, now())
    expect(await typist.text('[role="status"]')).to.equal('The new name is saved.')
    expect(await typist.text('h3')).to.equal('Telephone')
  })

  it('makes new backup codes, and turns it off', async () => {
    app.clock.advance(30)
    await typist.press('summary "Make new codes"')
    await typist.send(CONFIRMATION, now())
    await typist.follow('button "I have saved these codes"')
    expect(await typist.text('section >> nth=1')).to.include('10 of 10 left')

    app.clock.advance(30)
    await typist.press('summary "Turn off"', 'Space')
    await typist.send(CONFIRMATION, now())
    expect(await typist.text('[role="status"]')).to.equal('Two-step sign-in is off.')
    expect(await walk()).to.deep.equal(['a "Turn on"', 'button "Sign out"'])
  })

  it('removes the only authenticator', async () => {
    await typist.follow('a "Turn on"')
    phone = new TestAuthenticator((await typist.text('#key')).replaceAll(' ', ''))
    await typist.send('input "Code that the app shows now"', now())
    await typist.follow('a "I have saved these codes"')
    app.clock.advance(30)
    await typist.press('summary "Remove Authenticator 1"')
    await typist.send(CONFIRMATION, now())
    expect(await typist.text('[role="status"]')).to.equal('The authenticator is removed.')
  })

  it('leaves the browser quiet', async () => {
    expect(await noiseOf(watched)).to.deep.equal([])
  })
})
