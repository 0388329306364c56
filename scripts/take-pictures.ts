// The pictures of the pages in the README, taken of the pages themselves.
import type { Page } from 'playwright-core'
import { MemoryStorage } from '../lib/index.js'
import { TestAuthenticator } from '../lib/testing/index.js'
import { startApp } from '../test/support/app.js'
import { startChromium } from '../test/support/chromium.js'

const app = await startApp({
  storage: new MemoryStorage(),
  secondFactor: { now: Date.now },
  hold: { challengePath: '/2fa/challenge' },
  pages: { theme: { name: 'ACME' }, logoutPath: '/logout' },
})
const chromium = await startChromium()
const { page, context } = await chromium.open(app, { viewport: { width: 560, height: 400 } })
const logIn = () => context.request.post('/login', { data: { name: 'alice@example.com' } })
const take = (of: Page, name: string) => of.screenshot({ path: `docs/${name}.png`, fullPage: true })

await logIn()
await page.goto('/2fa/setup')
const phone = new TestAuthenticator(await page.inputValue('[name=uri]'))
await page.fill('[name=label]', 'My phone')
await take(page, 'setup')
await page.fill('[name=code]', phone.codeAt())
await page.press('[name=code]', 'Enter')
await page.getByRole('link', { name: 'I have saved these codes' }).click()
await logIn()
await page.goto('/2fa/')
await take(page, 'challenge')

await chromium.stop()
await app.close()
