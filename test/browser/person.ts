import type { Express } from 'express'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { html, type Html } from '../../lib/pages/html.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import type { TestApp, TestAppOptions } from '../support/app.js'
import type { Chromium, WatchedPage } from '../support/chromium.js'

/** What the application's own page says to those who may see it, and to everybody else. */
export const INSIDE = 'Your account'
export const OUTSIDE = 'Nobody is signed in'

/** Pages of the second factor in an application with pages of its own. `POST /leave` signs out. */
export const PAGES_OF_APP = {
  hold: { challengePath: '/2fa/challenge', enrolPath: '/2fa/setup' },
  pages: { theme: { name: 'ACME' }, homePath: '/account', loginPath: '/signin', logoutPath: '/leave' },
  routes: ownPages,
} as const satisfies Partial<TestAppOptions>

const document = (title: string, content: Html = html``) =>
  html`<!doctype html>
    <html lang="en">
      <title>${title}</title>
      <h1>${title}</h1>
      ${content}
    </html>`.text

/** Guarded as applications with Passport are: nothing here knows of a second factor. */
export function ownPages(app: Express): void {
  app.get('/account', (req, res) => {
    if (req.isAuthenticated()) res.send(document(INSIDE, html`<p id="address">${req.originalUrl}</p>`))
    else res.redirect(303, '/signin')
  })
  app.get('/signin', (req, res) => {
    // Without a word of where to go on to, on the way back: /account is what people want to see.
    if (req.isAuthenticated()) res.redirect(303, '/account')
    else res.send(document(OUTSIDE))
  })
  app.post('/leave', (req, res, next) => {
    req.logOut((error) => {
      if (error) next(error)
      else res.redirect(303, '/signin')
    })
  })
}

/** Somebody with a browser, and perhaps a phone. The browser has to be quiet after each page. */
export class Person {
  private scanned: TestAuthenticator | undefined

  constructor(
    readonly app: TestApp,
    readonly watched: WatchedPage,
    readonly name: string,
  ) {}

  get page(): Page {
    return this.watched.page
  }

  /** The first factor. */
  async signIn(): Promise<void> {
    await this.page.request.post(`${this.app.url}/login`, {
      data: { name: this.name },
      failOnStatusCode: true,
    })
  }

  /** Do what loads another page. */
  async load(action: () => Promise<unknown>): Promise<void> {
    await this.arrive(action)
    await this.watched.expectQuiet()
  }

  /** The same, while other tabs may be on their way too. */
  async arrive(action: () => Promise<unknown>): Promise<void> {
    await Promise.all([this.page.waitForEvent('load'), action()])
  }

  async goTo(path: string): Promise<void> {
    await this.load(() => this.page.goto(path))
  }

  /** Follow a link or press a button that says this. */
  async follow(name: string, within: Page | Locator = this.page): Promise<void> {
    const named = { name, exact: true }
    const found = within.getByRole('link', named).or(within.getByRole('button', named))
    await this.load(() => found.click())
  }

  /** Type into the one code field, and send its form. */
  async enter(code: string, within: Page | Locator = this.page): Promise<void> {
    const field = within.locator('[name="code"]')
    await field.fill(code)
    await this.load(() => field.press('Enter'))
  }

  /** Open the form in place that is sent to a path which ends so. */
  async open(path: string): Promise<Locator> {
    const form = this.page.locator(`form[action$="${path}"]`)
    const details = this.page.locator('details', { has: form })
    if (!(await form.isVisible())) await details.locator('summary').click()
    return details
  }

  get phone(): TestAuthenticator {
    if (this.scanned === undefined) throw new TypeError('There is no phone yet.')
    return this.scanned
  }

  /** A code that the phone has not shown before. */
  nextCode(): string {
    this.app.clock.advance(30)
    return this.phone.codeAt(this.app.clock.now())
  }

  /** Have a phone that knows a key. */
  scan(uriOrSecret: string): TestAuthenticator {
    this.scanned = new TestAuthenticator(uriOrSecret)
    return this.scanned
  }

  /** Turn the second factor on without a page; the backup codes are returned. */
  async enrol(label?: string): Promise<readonly string[]> {
    const send = async (path: string, data: object) => {
      const answer = await this.page.request.post(`${this.app.url}/2fa${path}`, {
        data,
        failOnStatusCode: true,
      })
      return (await answer.json()) as { id: string; uri: string; backupCodes: string[] }
    }
    const { id, uri } = await send('/totp', label === undefined ? {} : { label })
    this.scan(uri)
    const { backupCodes } = await send(`/totp/${id}/verify`, { code: this.nextCode() })
    return backupCodes
  }

  /** Turn the second factor on by its pages; the browser shows the backup codes, which are returned. */
  async setUp(label = ''): Promise<readonly string[]> {
    const uri = this.page.locator('[name="uri"]')
    if ((await uri.count()) === 0) await this.goTo('/2fa/setup')
    this.scan(await uri.inputValue())
    await this.page.getByLabel('Name of the device').fill(label)
    await this.enter(this.nextCode())
    return this.shownCodes()
  }

  /** Sign in as somebody who has a phone, and get to the challenge. */
  async getToChallenge(wanted = '/account'): Promise<void> {
    await this.page.request.post(`${this.app.url}/logout`)
    await this.signIn()
    await this.goTo(wanted)
  }

  /** The same person with the same browser, in another tab. */
  async newTab(): Promise<Person> {
    const tab = new Person(
      this.app,
      { ...this.watched, page: await this.watched.context.newPage() },
      this.name,
    )
    tab.scanned = this.scanned
    return tab
  }

  /** The backup codes on the page. */
  async shownCodes(): Promise<readonly string[]> {
    return this.page.locator('#codes li').allTextContents()
  }

  /** What is said to be wrong. */
  alert(): Promise<string> {
    return this.page.getByRole('alert').innerText()
  }

  heading(): Promise<string> {
    return this.page.locator('h1').innerText()
  }

  /** The path and query of the page. */
  address(): string {
    const { pathname, search } = new URL(this.page.url())
    return pathname + search
  }
}

/** Persons of a suite, each with a browser of their own. */
export const personIn =
  (browser: Pick<Chromium, 'open'>) =>
  async (app: TestApp, name: string, options?: BrowserContextOptions): Promise<Person> =>
    new Person(app, await browser.open(app, options), name)
