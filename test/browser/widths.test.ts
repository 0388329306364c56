import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { CDPSession } from 'playwright-core'
import { type TestApp, wrongCode } from '../support/app.js'
import { browserOfSuite } from '../support/chromium.js'
import { appsOnRedis } from '../support/suite.js'
import { PAGES_OF_APP, type Person, personIn } from './person.js'

/** German words are long; Japanese has no spaces; Arabic begins on the right. */
const LANGUAGES = ['en', 'de', 'ja', 'ar']
/** The last one is what 640 pixels are at 200 %. */
const WIDTHS = [640, 360, 320]
/** As large as people set it in their browsers. */
const TEXT_SIZES = [16, 32]
const LABEL = 'W'.repeat(64)

/** What is wider than the screen, or stands outside. */
const OVERFLOW = `(() => {
  const { scrollWidth, clientWidth } = document.scrollingElement
  if (scrollWidth <= clientWidth) return []
  const isOutside = (box) => box.width > 1 && (box.right > clientWidth + 1 || box.left < -1)
  const outside = [...document.querySelectorAll('main *')].filter((one) => isOutside(one.getBoundingClientRect()))
  return ['the page: ' + scrollWidth + ' px', ...outside.map((one) => one.localName + ': ' + one.textContent.trim())]
})()`

describe('a narrow screen', () => {
  const newPerson = personIn(browserOfSuite())
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await apps.start({ ...PAGES_OF_APP, secondFactor: { issuer: 'W'.repeat(40) } })
  })

  const lookAt = async ({ page }: Person, settings: CDPSession): Promise<readonly string[]> => {
    const found: string[] = []
    for (const standard of TEXT_SIZES) {
      await settings.send('Page.setFontSizes', { fontSizes: { standard, fixed: standard } })
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 640 })
        const outside = await page.evaluate<readonly string[]>(OVERFLOW)
        found.push(...outside.map((what) => `${standard} px text on ${width} px: ${what}`))
      }
    }
    expect(await page.evaluate('getComputedStyle(document.body).fontSize')).to.equal('32px')
    await settings.send('Page.setFontSizes', { fontSizes: { standard: 16, fixed: 13 } })
    return found
  }

  for (const language of LANGUAGES) {
    it(`is never too narrow for a page, at any text size (${language})`, async () => {
      const ann = await newPerson(app, `${LABEL}-${language}`, { locale: language })
      const { page } = ann
      const settings = await ann.watched.context.newCDPSession(page)
      const found: string[] = []
      const look = async (what: string) => {
        expect(await page.locator('html').getAttribute('lang')).to.equal(language)
        found.push(...(await lookAt(ann, settings)).map((fault) => `${what}, ${fault}`))
      }
      const enterWrong = () => ann.enter(wrongCode(ann.phone, app.clock.now()))

      await ann.signIn()
      await ann.goTo('/2fa/')
      await look('off')
      await ann.goTo('/2fa/setup')
      ann.scan(await page.locator('[name="uri"]').inputValue())
      await page.locator('[name="label"]').fill(LABEL)
      await enterWrong()
      await look('setup')
      await ann.enter(ann.nextCode())
      expect(await ann.shownCodes()).to.have.length(10)
      await look('codes')

      await ann.getToChallenge()
      await page.locator('#trust').check()
      await ann.enter(ann.nextCode())
      await ann.goTo('/2fa/')
      for (const summary of await page.locator('summary').all()) await summary.click()
      expect(await page.locator('h3').allInnerTexts())
        .to.have.length(2)
        .and.include(LABEL)
      await look('manage')

      await ann.watched.context.clearCookies()
      await ann.signIn()
      await ann.goTo('/2fa/challenge')
      for (let count = 0; count < 6; count++) await enterWrong()
      await page.getByRole('timer').waitFor()
      await look('challenge')
      expect(found).to.deep.equal([])
    })
  }
})
