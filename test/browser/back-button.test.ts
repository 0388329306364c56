import type { Express, Request, Response } from 'express'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core'
import type { TestApp } from '../support/app.js'
import { browserOfSuite } from '../support/chromium.js'
import { programAt } from '../support/programs.js'
import { appsOnRedis } from '../support/suite.js'
import { OUTSIDE, ownPages, PAGES_OF_APP, Person, personIn } from './person.js'

const LABEL = 'Ann’s own phone'

/**
 * A Chromium as people have it: it keeps pages that they have left, `no-store` or not, to show them again at once.
 * Playwright's do not. Nobody watches what it says.
 */
function keepingBrowserOfSuite() {
  let browser: Browser
  before(async () => {
    browser = await chromium.launch({
      executablePath: programAt('chromium'),
      args: ['--no-sandbox', '--disable-gpu'],
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    })
  })
  after(() => browser.close())
  return async (app: TestApp, name: string, options: BrowserContextOptions = {}): Promise<Person> => {
    const context = await browser.newContext({ baseURL: app.url, ...options })
    context.setDefaultTimeout(10_000)
    const page = await context.newPage()
    const quiet = { seen: () => Promise.resolve([]), expectQuiet: () => Promise.resolve() }
    return new Person(app, { page, context, ...quiet }, name)
  }
}

/** Sign out as many applications do it, so that the browser keeps its cookie, or loses it too. */
const leaving = (losesCookie: boolean) => (app: Express) => {
  app.post('/leave', (req: Request, res: Response, next) => {
    req.session.destroy((error) => {
      if (error) {
        next(error)
        return
      }
      if (losesCookie) res.clearCookie('connect.sid')
      res.redirect(303, '/signin')
    })
  })
  ownPages(app)
}

describe('the back button', () => {
  const newPerson = personIn(browserOfSuite())
  const newKeepingPerson = keepingBrowserOfSuite()
  const apps = appsOnRedis()
  let visits = 0
  let app: TestApp
  let keepingApp: TestApp
  let cleanApp: TestApp
  before(async () => {
    app = await apps.start(PAGES_OF_APP)
    keepingApp = await apps.start({
      ...PAGES_OF_APP,
      routes: (into) => {
        leaving(false)(into)
        into.get('/counted', (_req, res) => {
          res.set('Cache-Control', 'no-store').send(`<!doctype html><h1>Visit ${++visits}</h1>`)
        })
      },
    })
    cleanApp = await apps.start({ ...PAGES_OF_APP, routes: leaving(true) })
  })

  const goBack = ({ page }: Person) => page.goBack({ waitUntil: 'commit' })
  /** Not fetched again, and not shown either: the browser asks whether to send the form once more. */
  const isGone = (error: unknown) => {
    expect(String(error)).to.include('net::ERR_CACHE_MISS')
    return false
  }
  const outside = ({ page }: Person) => page.getByRole('heading', { name: OUTSIDE }).waitFor()

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with JavaScript' : 'without JavaScript'

    it(`shows nothing of the pages to whoever comes after, ${how}`, async () => {
      const ann = await newPerson(app, `ann ${how}`, { javaScriptEnabled })
      await ann.signIn()
      await ann.goTo('/2fa/setup')
      const key = await ann.page.locator('#key').innerText()
      ann.scan(key.replaceAll(' ', ''))
      await ann.page.getByLabel('Name of the device').fill(LABEL)
      await ann.enter(ann.nextCode())
      const codes = await ann.shownCodes()
      await ann.follow('I have saved these codes')
      await ann.follow('Sign out')
      for (const [left, arrives] of [
        ['the page of all devices', true],
        ['the backup codes, which were an answer to a form', false],
        ['the key', true],
      ] as const) {
        expect(await goBack(ann).then(() => true, isGone), left).to.equal(arrives)
        if (arrives) await outside(ann)
        else await ann.page.waitForFunction("location.protocol === 'chrome-error:'")
        const text = await ann.page.content()
        for (const secret of [LABEL, key, key.replaceAll(' ', ''), ...codes])
          expect(text, left).not.to.include(secret)
      }
    })
  }

  it('belongs to a browser that keeps pages, in what follows', async () => {
    const { page } = await newKeepingPerson(keepingApp, 'nobody')
    await page.goto('/counted')
    await page.goto('/signin')
    await page.goBack({ waitUntil: 'commit' })
    await page.getByRole('heading', { name: 'Visit 1' }).waitFor()
    expect(visits).to.equal(1)
  })

  it('makes a page that was kept ask again who is there', async () => {
    const ann = await newKeepingPerson(keepingApp, 'ann who is kept')
    await ann.signIn()
    await ann.enrol(LABEL)
    await ann.goTo('/2fa/')
    expect(await ann.page.content()).to.include(LABEL)
    await ann.follow('Sign out')
    await goBack(ann)
    await outside(ann)
    expect(await ann.page.content()).not.to.include(LABEL)
  })

  it('finds no kept page when signing out takes the cookie away, without JavaScript', async () => {
    const ann = await newKeepingPerson(cleanApp, 'ann without', { javaScriptEnabled: false })
    await ann.signIn()
    await ann.enrol(LABEL)
    await ann.goTo('/2fa/')
    await ann.follow('Sign out')
    await goBack(ann)
    await outside(ann)
    expect(await ann.page.content()).not.to.include(LABEL)
  })
})
