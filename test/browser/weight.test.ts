import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { Response } from 'playwright-core'
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { TestApp } from '../support/app.js'
import { browserOfSuite } from '../support/chromium.js'
import { appsOnRedis } from '../support/suite.js'
import { secureBrowser } from '../support/trusting-browser.js'
import { PAGES_OF_APP, type Person, personIn } from './person.js'

const HEAVIEST_BYTES = 40_000
const NAME = 'a.person.with.a.very.long.name@mail.of.a.very.long.domain.example'
const KEY = 'GEZDGNBVGY3TQOJ'
const DEVICES = 5
const BROWSERS = 10

/** 64 characters that compress badly. */
const label = (number: number) =>
  Array.from({ length: 64 }, (_, index) =>
    String.fromCodePoint(0x4e00 + ((number * 977 + index * 131) % 20_000)),
  ).join('')

/** What came over the wire for one page, with headers: as it came, and as it would with its bodies compressed. */
interface Weight {
  readonly page: string
  readonly raw: number
  readonly gzip: number
}

/** Do what loads a page, with nothing of it in the cache, and weigh what came. */
async function weigh(person: Person, title: string, action: () => Promise<unknown>): Promise<Weight> {
  const { page, watched } = person
  const network = await watched.context.newCDPSession(page)
  await network.send('Network.enable')
  await network.send('Network.setCacheDisabled', { cacheDisabled: true })
  let raw = 0
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (raw += encodedDataLength))
  const responses: Response[] = []
  const remember = (response: Response) => responses.push(response)
  page.on('response', remember)
  await person.load(action)
  page.off('response', remember)

  const fetched = responses.filter((response) => !response.url().startsWith('data:'))
  expect(fetched.map((response) => response.url().replace(/.*(?=\.\w+$)/, '')).slice(1)).to.have.members([
    '.css',
    '.js',
  ])
  const bodies = await Promise.all(fetched.map((response) => response.body()))
  await network.detach()
  const saved = bodies.reduce((bytes, body) => bytes + body.length - gzipSync(body).length, 0)
  return { page: title, raw, gzip: raw - saved }
}

describe('the weight of the pages', () => {
  const newPerson = personIn(browserOfSuite())
  const apps = appsOnRedis()
  let app: TestApp
  let ann: Person
  before(async () => {
    app = await apps.start(PAGES_OF_APP)
    ann = await newPerson(app, NAME)
  })

  /** Have as much as anybody can have. */
  const haveMuch = async () => {
    for (let count = 0; count < BROWSERS; count++) {
      const other = secureBrowser(app)
      await other.post('/login').send({ name: NAME }).expect(204)
      const userAgent = createHash('sha256').update(String(count)).digest('hex')
      const shown = { code: ann.nextCode(), trustDevice: true }
      await other.post('/2fa/verify').set('User-Agent', userAgent).send(shown).expect(200)
    }
    for (let count = 1; count < DEVICES; count++) {
      const imported = await app.secondFactor.importTotp(NAME, {
        base32: `${KEY}${'ABCDE'[count]}`,
        label: label(count),
      })
      expect(imported).to.have.property('ok', true)
    }
  }

  it('is less than 40 kB for each, with the QR code, nothing cached, compressed', async () => {
    await ann.signIn()
    const weights = [await weigh(ann, 'setup', () => ann.page.goto('/2fa/setup'))]
    ann.scan(await ann.page.locator('[name="uri"]').inputValue())
    await ann.page.getByLabel('Name of the device').fill(label(0))
    await ann.page.locator('[name="code"]').fill(ann.nextCode())
    weights.push(await weigh(ann, 'codes', () => ann.page.keyboard.press('Enter')))
    await haveMuch()
    weights.push(await weigh(ann, 'manage', () => ann.page.goto('/2fa/')))
    expect(await ann.page.locator('li').count()).to.equal(DEVICES + BROWSERS)
    await ann.page.request.post(`${app.url}/logout`)
    await ann.signIn()
    weights.push(await weigh(ann, 'challenge', () => ann.page.goto('/2fa/challenge')))

    const figures = JSON.stringify(weights)
    for (const { page, gzip } of weights) expect(gzip, `${page} of ${figures}`).to.be.below(HEAVIEST_BYTES)
  })
})

describe('the first paint', () => {
  const newPerson = personIn(browserOfSuite())
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await apps.start(PAGES_OF_APP)
  })

  it('waits for no script, nor does a form', async () => {
    const bob = await newPerson(app, 'bob')
    const { page } = bob
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    let held = 0
    await page.route('**/*.js', async (route) => {
      held++
      await released
      await route.continue()
    })
    const painted = () =>
      page.evaluate(`new Promise((resolve) => {
        new PerformanceObserver(resolve).observe({ type: 'paint', buffered: true })
      })`)
    const code = page.locator('[name="code"]')

    await bob.signIn()
    await page.goto('/2fa/', { waitUntil: 'commit' })
    const turnOn = page.getByRole('link', { name: 'Turn on' })
    await turnOn.waitFor()
    await painted()
    await turnOn.click({ noWaitAfter: true })
    await code.waitFor()
    await painted()
    expect(await page.evaluate("document.querySelector('.qr img').naturalWidth")).to.be.greaterThan(100)
    bob.scan(await page.locator('[name="uri"]').inputValue())
    await code.fill(bob.nextCode())
    await code.press('Enter', { noWaitAfter: true })
    await page.locator('#codes').waitFor()
    await painted()
    await page.request.post(`${app.url}/logout`)
    await bob.signIn()
    await page.goto('/2fa/challenge', { waitUntil: 'commit' })
    await code.waitFor()
    await painted()
    expect(held).to.equal(4)

    release()
    await page.waitForLoadState()
    expect(await page.evaluate("document.querySelectorAll('script:not([defer])').length")).to.equal(0)
    // Whoever goes on while a script is still under way leaves it behind.
    const noise = (await bob.watched.seen()).filter((what) => !/\.js net::ERR_ABORTED$/.test(what))
    expect(noise).to.deep.equal([])
  })
})
