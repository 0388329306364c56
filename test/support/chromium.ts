import { expect } from 'chai'
import { after, before } from 'mocha'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { programAt } from './programs.js'
import { temporaryFolder } from './server-process.js'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Less than Mocha's, so that a failure says what was waited for. */
const PATIENCE_MS = 10_000

/** What an application answers on purpose. Chromium logs each as an error. */
const INTENDED_STATUSES = [400, 401, 403, 404, 410, 422, 429, 503]

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] as const

/** A real Chromium, without a window. */
export interface Chromium {
  /**
   * A page of its own, cookies included, whose relative addresses are the application's. It is watched: whatever the
   * browser complains of is noticed, and so is every request that leaves the application.
   */
  open(app: { readonly url: string }, options?: BrowserContextOptions): Promise<WatchedPage>
  stop(): Promise<void>
}

export interface WatchedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What was noticed so far, on this page and those that it has opened. */
  readonly seen: () => Promise<readonly string[]>
  /** Fails when anything was noticed, and names it. */
  readonly expectQuiet: () => Promise<void>
}

const folders = new Set<ReturnType<typeof temporaryFolder>>()
process.on('exit', () => {
  for (const folder of folders) folder.remove()
})

/** A Chromium of one suite's own, stopped after it. To be called where the suite is described. */
export function browserOfSuite(): Pick<Chromium, 'open'> {
  let browser: Chromium | undefined
  before(async () => {
    browser = await startChromium()
  })
  after(() => browser?.stop())
  return {
    async open(app, options) {
      if (browser === undefined) throw new TypeError('Pages are opened while tests run.')
      return browser.open(app, options)
    },
  }
}

/**
 * Start a Chromium with a profile of its own in a temporary folder, which Playwright removes. If the process exits
 * first, Playwright kills what it has started.
 */
export async function startChromium(): Promise<Chromium> {
  // Besides its profile, Chromium keeps a few things in the folders of whoever starts it.
  const folder = temporaryFolder()
  folders.add(folder)
  const browser = await chromium.launch({
    executablePath: programAt('chromium'),
    args: FLAGS,
    env: { ...process.env, XDG_CONFIG_HOME: folder.path, XDG_CACHE_HOME: folder.path },
  })
  return {
    async open(app, options) {
      const context = await browser.newContext({ baseURL: app.url, ...options })
      context.setDefaultTimeout(PATIENCE_MS)
      const seen = await watch(context, new URL(app.url).origin)
      return {
        page: await context.newPage(),
        context,
        seen,
        expectQuiet: async () => {
          const noise = await seen()
          expect(noise, ['The browser was not quiet.', ...noise, ''].join('\n')).to.be.empty
        },
      }
    },
    async stop() {
      await browser.close()
      folder.remove()
      folders.delete(folder)
    },
  }
}

/** Notice whatever is wrong, from now on. */
async function watch(context: BrowserContext, origin: string): Promise<WatchedPage['seen']> {
  const noticed: { readonly what: string; readonly unless?: string }[] = []
  // Chromium asks for an icon by itself, once per browser, which no application need have.
  const excuses = new Set([answered(404, `${origin}/favicon.ico`)])

  context.on('console', (message) => {
    if (!['error', 'warning', 'assert'].includes(message.type())) return
    const what = `console ${message.type()}: ${message.text()} (${message.location().url})`
    const [, status] = /^Failed to load resource: .* status of (\d{3}) \(/.exec(message.text()) ?? []
    noticed.push(
      status === undefined ? { what } : { what, unless: answered(Number(status), message.location().url) },
    )
  })
  context.on('weberror', (error) => noticed.push({ what: `page error: ${error.error().message}` }))
  context.on('request', (request) => {
    if (leaves(request.url(), origin)) noticed.push({ what: `request to another host: ${request.url()}` })
  })
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? ''
    const what = `request failed: ${request.url()} ${reason}`
    const mayBeDownload = request.isNavigationRequest() && reason === 'net::ERR_ABORTED'
    noticed.push(mayBeDownload ? { what, unless: downloaded(request.url()) } : { what })
  })

  context.on('response', (response) => {
    const isDocument = response.request().isNavigationRequest() && response.frame().parentFrame() === null
    if (isDocument && INTENDED_STATUSES.includes(response.status()))
      excuses.add(answered(response.status(), response.url()))
  })
  context.on('download', (download) => excuses.add(downloaded(download.url())))

  // A policy that only reports says so on the console, but not as an error.
  await context.addInitScript({
    content: `addEventListener('securitypolicyviolation', (violation) => {
      console.error('Content-Security-Policy:', violation.disposition, violation.violatedDirective, violation.blockedURI)
    }, true)`,
  })

  return async () => {
    for (const page of context.pages()) await settle(page)
    return noticed
      .filter(({ unless }) => unless === undefined || !excuses.has(unless))
      .map(({ what }) => what)
  }
}

const answered = (status: number, url: string) => `${status} ${withoutFragment(url)}`
const downloaded = (url: string) => `download ${withoutFragment(url)}`
const withoutFragment = (url: string) => url.replace(/#.*/, '')

/** Whether a request goes anywhere but to the application. */
function leaves(url: string, origin: string): boolean {
  const to = new URL(url)
  return to.origin !== origin && to.protocol !== 'data:' && to.protocol !== 'about:'
}

/** Wait until a page has loaded, and everything is here that Chromium had to say about it. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState()
  await page.evaluate('0')
}

/**
 * What axe-core finds wrong with a page, as `rule: element`. The page needs JavaScript; its Content-Security-Policy does
 * not matter.
 *
 * @param tags - the rules to check; WCAG 2.0, 2.1 and 2.2, levels A and AA, unless given
 */
export async function axeViolations(page: Page, tags: readonly string[] = WCAG): Promise<readonly string[]> {
  if (await page.evaluate<boolean>('!window.axe')) {
    await page.evaluate(readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8'))
  }
  const options = {
    resultTypes: ['violations'],
    runOnly: { type: 'tag', values: tags },
    // Off unless asked for.
    rules: { 'target-size': { enabled: true } },
  }
  return page.evaluate<string[]>(`
    axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`)
}
