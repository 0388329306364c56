import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { Page } from 'playwright-core'
import { fileURLToPath } from 'node:url'
import { RedisStorage } from '../../lib/storage/redis.js'
import { pageAssets } from '../../lib/pages/assets.js'
import { secondFactorPages } from '../../lib/pages/index.js'
import { startApp, type TestApp } from '../support/app.js'
import { axeViolations, browserOfSuite, type WatchedPage } from '../support/chromium.js'
import { FailingStorage } from '../support/failing-storage.js'
import { redisOfSuite } from '../support/suite.js'
import { noiseOf, PAGE_STATES } from './page-states.js'

const INSPECTION = fileURLToPath(new URL('inspection.js', import.meta.url))
const NAME = 'ACME'

/** Colours in which no text can be read on light ground, and on dark ground. */
const BRANDS = ['#ffe600', '#101010'] as const

/** All that a brand can break of what axe-core knows: WCAG 1.4.1 and 1.4.3. */
const COLOUR_RULES = ['wcag141', 'wcag143']

const SCHEMES = ['light', 'dark'] as const
const WIDE = { width: 1280, height: 800 }
const NARROW = { width: 360, height: 640 }
/** WCAG 1.4.10. */
const NARROWEST = { width: 320, height: 256 }

/** Either language in either scheme, at either width: any two of these meet. */
const LANGUAGES = [
  { language: 'en', direction: 'ltr', light: NARROW, dark: WIDE },
  { language: 'ar', direction: 'rtl', light: WIDE, dark: NARROW },
] as const

/** Where the style sheet of a brand is. */
const pathOf = (brand: string) => brand.replace('#', '/brand-')

/** Look at the page in each of these ways; what is wrong, and where. */
async function inEach<Way>(
  ways: readonly Way[],
  prepare: (way: Way) => Promise<unknown>,
  look: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const faults: string[] = []
  for (const way of ways) {
    await prepare(way)
    faults.push(...(await look()).map((fault) => `${JSON.stringify(way)} ${fault}`))
  }
  return faults
}

describe('every page', () => {
  const browser = browserOfSuite()
  const redis = redisOfSuite()
  let app: TestApp
  let storage: FailingStorage
  before(async () => {
    const client = await redis.client()
    storage = new FailingStorage(new RedisStorage({ client }))
    app = await startApp({
      storage,
      sessions: client,
      secondFactor: { throttle: { freeAttempts: 5, disableAfter: 6 } },
      pages: { theme: { name: NAME }, logoutPath: '/logout' },
      routes: (into, secondFactor) => {
        for (const brand of BRANDS)
          into.use(pathOf(brand), secondFactorPages(secondFactor, { theme: { brand } }))
      },
    })
  })
  after(() => app.close())

  for (const { language, direction, ...sizes } of LANGUAGES) {
    for (const [index, { title, reach, problem, done }] of PAGE_STATES.entries()) {
      describe(`${title}, in ${language}`, () => {
        let watched: WatchedPage
        let page: Page
        before(async () => {
          watched = await browser.open(app, { locale: language, viewport: WIDE, reducedMotion: 'reduce' })
          ;({ page } = watched)
          await page.addInitScript({ path: INSPECTION })
          await reach({ app, storage, page, name: `${language}-${index}` })
        })
        after(() => watched.context.close())

        const faults = (check: string, ...given: readonly unknown[]) =>
          page.evaluate<readonly string[]>(
            `inspection.${check}(${given.map((value) => JSON.stringify(value)).join()})`,
          )
        const wear = (brand: string) =>
          page.evaluate(`inspection.wear('${pathOf(brand)}/assets/${pageAssets({ brand }).style.name}')`)
        const inEachScheme = (look: () => Promise<readonly string[]>) =>
          inEach(SCHEMES, (colorScheme) => page.emulateMedia({ colorScheme }), look)

        it('says what is wrong aloud, and puts the focus there', async () => {
          expect(await faults('errors', problem)).to.deep.equal([])
          expect(await faults('statuses', done === true)).to.deep.equal([])
        })

        it('says which page it is, and in which language', async () => {
          expect(await faults('identity', language, direction, NAME)).to.deep.equal([])
          expect(await faults('headings')).to.deep.equal([])
        })

        it('names every field and every button so that they can be told apart', async () => {
          for (const check of ['fields', 'references', 'names', 'orders']) {
            expect(await faults(check), check).to.deep.equal([])
          }
        })

        it('reads in the direction of its language, and its codes from left to right', async () => {
          expect(await faults('directions', direction)).to.deep.equal([])
        })

        it('has nothing that axe-core finds wrong, light or dark, narrow or wide', async () => {
          const violations = await inEach(
            SCHEMES,
            async (colorScheme) => {
              await page.emulateMedia({ colorScheme })
              await page.setViewportSize(sizes[colorScheme])
            },
            () => axeViolations(page),
          )
          expect(violations).to.deep.equal([])
        })

        it('shows where the focus is, and where to press', async () => {
          await page.keyboard.press('Tab')
          const unseen = await inEachScheme(async () => [
            ...(await faults('focus')),
            ...(await faults('edges')),
          ])
          expect(unseen).to.deep.equal([])
        })

        it('shows both to people who choose all colours themselves', async () => {
          await page.emulateMedia({ forcedColors: 'active' })
          const unseen = await inEachScheme(async () => [
            ...(await faults('focus')),
            ...(await faults('edges', true)),
          ])
          await page.emulateMedia({ forcedColors: 'none' })
          expect(unseen).to.deep.equal([])
        })

        it('can be pressed, and read in wide letters, on the narrowest screen', async () => {
          await page.setViewportSize(NARROWEST)
          for (const check of ['targets', 'overflow', 'motion']) {
            expect(await faults(check), check).to.deep.equal([])
          }
          await page.evaluate('inspection.spaceOut()')
          expect(await faults('overflow'), 'spaced out').to.deep.equal([])
          await page.evaluate('inspection.setBack()')
        })

        // No colour depends on the language.
        if (language === 'en') {
          it('can be read, and shows all that, in the colours of any brand', async () => {
            await page.keyboard.press('Tab')
            const look = async () => [
              ...(await axeViolations(page, COLOUR_RULES)),
              ...(await faults('focus')),
              ...(await faults('edges')),
            ]
            expect(await inEach(BRANDS, wear, () => inEachScheme(look))).to.deep.equal([])
          })
        }

        it('leaves the browser quiet', async () => {
          expect(await noiseOf(watched)).to.deep.equal([])
        })
      })
    }
  }
})
