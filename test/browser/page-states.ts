import type { Locator, Page } from 'playwright-core'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { type TestApp, wrongCode } from '../support/app.js'
import type { WatchedPage } from '../support/chromium.js'
import type { FailingStorage } from '../support/failing-storage.js'
import { secureBrowser } from '../support/trusting-browser.js'

/** Somebody with a browser, who has not signed in yet. */
export interface Visitor {
  readonly app: TestApp
  readonly storage: FailingStorage
  readonly page: Page
  readonly name: string
}

/** A page, as people may find it. */
export interface PageState {
  readonly title: string
  readonly reach: (visitor: Visitor) => Promise<unknown>
  /** The field that something is wrong with, or the page as a whole. */
  readonly problem?: 'code' | 'label' | 'page'
  /** Whether it says that something was done. */
  readonly done?: true
}

/** 80 bits, as authenticators of the first hour have. */
const WEAK_SECRET = 'GEZDGNBVGY3TQOJQ'
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
const NOT_FRESH_SECONDS = 601

/** Every page in every state; a new one is a row. */
export const PAGE_STATES: readonly PageState[] = [
  { title: 'the notice to sign in first', reach: ({ page }) => page.goto('/2fa/') },
  { title: 'a second factor that is off', reach: off },
  { title: 'a setup that has not begun', reach: setupFromElsewhere },
  { title: 'a setup that took too long', reach: setupTooLate, problem: 'page' },
  { title: 'a setup that asks for a code', reach: setupOfAnother },
  { title: 'a setup that got a wrong code', reach: wrongAfter(setupOfAnother), problem: 'code' },
  { title: 'the key', reach: setup },
  { title: 'the key, after a wrong code', reach: wrongAfter(setup), problem: 'code' },
  { title: 'the first backup codes', reach: firstCodes },
  { title: 'new backup codes', reach: newCodes },
  { title: 'the challenge', reach: challenge },
  { title: 'the challenge by a backup code', reach: challengeByBackupCode },
  { title: 'the challenge, after a wrong code', reach: wrongAfter(challenge), problem: 'code' },
  {
    title: 'the challenge, after a wrong backup code',
    reach: wrongAfter(challengeByBackupCode),
    problem: 'code',
  },
  { title: 'the challenge while it is locked', reach: locked, problem: 'code' },
  { title: 'the challenge without an authenticator', reach: disabled, problem: 'code' },
  { title: 'a second factor that is on', reach: manage },
  { title: 'a second factor of many parts', reach: manageMuch },
  { title: 'a name that is none', reach: noName, problem: 'label' },
  { title: 'a name without its code', reach: nameWithoutCode, problem: 'code' },
  { title: 'a form without its code', reach: turnOffWrongly, problem: 'code' },
  { title: 'a form of something gone', reach: renameGone, problem: 'page' },
  { title: 'something done', reach: rename, done: true },
  { title: 'too many authenticators', reach: tooMany },
  { title: 'the notice about another site', reach: formFromElsewhere },
  { title: 'the notice that nothing can be done now', reach: unavailable },
]

/** What Chromium says of every answer that refuses what a form has asked for. */
const REFUSAL = /status of (?:4\d\d|503) /

/** What a browser has complained of, apart from refusals: they are what is looked at. */
export async function noiseOf({ seen }: Pick<WatchedPage, 'seen'>): Promise<readonly string[]> {
  return (await seen()).filter((noise) => !REFUSAL.test(noise))
}

/** Do what loads another page, and wait until it is there, painted, and has put the focus where it belongs. */
export async function andLoad(page: Page, action: () => Promise<unknown>): Promise<void> {
  const loaded = page.waitForEvent('load')
  await action()
  await loaded
  await page.evaluate('new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))')
}

const signIn = ({ app, page, name }: Visitor) =>
  page.request.post(`${app.url}/login`, { data: { name }, failOnStatusCode: true })

const sendCode = ({ app, page }: Visitor, code: string, path = '/2fa/verify') =>
  page.request.post(app.url + path, { data: { code } })

/** Fill the one code field in, and send its form. */
async function enter(page: Page, code: string, within: Page | Locator = page): Promise<void> {
  const field = within.locator('[name="code"]')
  await field.fill(code)
  await andLoad(page, () => field.press('Enter'))
}

async function off(visitor: Visitor): Promise<void> {
  await signIn(visitor)
  await visitor.page.goto('/2fa/')
}

async function setup(visitor: Visitor): Promise<TestAuthenticator> {
  await signIn(visitor)
  await visitor.page.goto('/2fa/setup')
  return new TestAuthenticator(await visitor.page.locator('[name="uri"]').inputValue())
}

/** Follow a link of another site, which must not begin anything. */
async function setupFromElsewhere(visitor: Visitor): Promise<void> {
  const { app, page } = visitor
  await signIn(visitor)
  await page.goto(`data:text/html,<a href="${app.url}/2fa/setup">On</a>`)
  await andLoad(page, () => page.click('a'))
}

async function setupTooLate(visitor: Visitor): Promise<void> {
  const phone = await setup(visitor)
  visitor.app.clock.advance(NOT_FRESH_SECONDS)
  await enter(visitor.page, phone.codeAt(visitor.app.clock.now()))
}

async function setupOfAnother(visitor: Visitor): Promise<TestAuthenticator> {
  const phone = await enrol(visitor)
  visitor.app.clock.advance(NOT_FRESH_SECONDS)
  await visitor.page.goto('/2fa/setup')
  return phone
}

/** Enter a code that is no authenticator's, and no backup code. */
function wrongAfter(reach: (visitor: Visitor) => Promise<TestAuthenticator>): PageState['reach'] {
  return async (visitor) => {
    const phone = await reach(visitor)
    await enter(visitor.page, wrongCode(phone, visitor.app.clock.now()))
  }
}

async function firstCodes(visitor: Visitor): Promise<TestAuthenticator> {
  const phone = await setup(visitor)
  await enter(visitor.page, phone.codeAt(visitor.app.clock.now()))
  visitor.app.clock.advance(30)
  return phone
}

async function newCodes(visitor: Visitor): Promise<void> {
  const phone = await manage(visitor)
  await enter(visitor.page, phone.codeAt(visitor.app.clock.now()), await form(visitor.page, '/codes'))
}

/** Turn the second factor on, without a page. The next code of the phone is a new one. */
async function enrol(visitor: Visitor): Promise<TestAuthenticator> {
  const { app, page } = visitor
  await signIn(visitor)
  const begun = await page.request.post(`${app.url}/2fa/totp`, { data: {}, failOnStatusCode: true })
  const { id, uri } = (await begun.json()) as { id: string; uri: string }
  const phone = new TestAuthenticator(uri)
  await sendCode(visitor, phone.codeAt(app.clock.now()), `/2fa/totp/${id}/verify`)
  app.clock.advance(30)
  return phone
}

async function challenge(visitor: Visitor): Promise<TestAuthenticator> {
  const phone = await enrol(visitor)
  await signInAgain(visitor)
  return phone
}

async function signInAgain(visitor: Visitor): Promise<void> {
  await visitor.page.request.post(`${visitor.app.url}/logout`)
  await signIn(visitor)
  await visitor.page.goto('/2fa/challenge')
}

async function challengeByBackupCode(visitor: Visitor): Promise<TestAuthenticator> {
  const phone = await challenge(visitor)
  await visitor.page.goto('/2fa/challenge?method=backup_code')
  return phone
}

async function locked(visitor: Visitor): Promise<TestAuthenticator> {
  const phone = await challenge(visitor)
  const wrong = wrongCode(phone, visitor.app.clock.now())
  for (let count = 0; count < 5; count++) await sendCode(visitor, wrong)
  await enter(visitor.page, wrong)
  return phone
}

async function disabled(visitor: Visitor): Promise<void> {
  const phone = await locked(visitor)
  visitor.app.clock.advance(60)
  const wrong = wrongCode(phone, visitor.app.clock.now())
  for (let count = 0; count < 2; count++) await enter(visitor.page, wrong)
}

async function manage(visitor: Visitor): Promise<TestAuthenticator> {
  const phone = await enrol(visitor)
  await visitor.page.goto('/2fa/')
  return phone
}

/** One authenticator disabled, another one weak, two trusted browsers, and everything open. */
async function manageMuch(visitor: Visitor): Promise<void> {
  const { app, page, name } = visitor
  await disabled(visitor)
  await app.secondFactor.importTotp(name, { base32: WEAK_SECRET, label: '<Ann’s old phone> of 2019' })
  const phone = new TestAuthenticator(WEAK_SECRET)

  const another = secureBrowser(app)
  await another.post('/login').send({ name })
  const trusting = { code: phone.codeAt(app.clock.now()), trustDevice: true }
  await another.post('/2fa/verify').set('User-Agent', FIREFOX).send(trusting).expect(200)

  app.clock.advance(30)
  await signInAgain(visitor)
  await page.check('#trust')
  await enter(page, phone.codeAt(app.clock.now()))
  app.clock.advance(NOT_FRESH_SECONDS)
  await page.goto('/2fa/')
  for (const summary of await page.locator('summary').all()) await summary.click()
}

/** Open the form that is sent to this path. */
async function form(page: Page, path: string): Promise<Locator> {
  const found = page.locator(`form[action$="${path}"]`).last()
  await page.locator('details', { has: found }).last().locator('summary').click()
  return found
}

async function renameTo(visitor: Visitor, label: string): Promise<void> {
  const { page } = visitor
  const renaming = await form(page, '/rename')
  await renaming.locator('[name="label"]').fill(label)
  await andLoad(page, () => renaming.locator('[name="label"]').press('Enter'))
}

async function rename(visitor: Visitor): Promise<void> {
  await manage(visitor)
  await renameTo(visitor, 'هاتف')
}

async function noName(visitor: Visitor): Promise<void> {
  await manage(visitor)
  await renameTo(visitor, ' ')
}

async function nameWithoutCode(visitor: Visitor): Promise<void> {
  await manage(visitor)
  visitor.app.clock.advance(NOT_FRESH_SECONDS)
  await visitor.page.goto('/2fa/')
  await enter(visitor.page, 'none', await form(visitor.page, '/rename'))
}

async function turnOffWrongly(visitor: Visitor): Promise<void> {
  await manage(visitor)
  await enter(visitor.page, 'none', await form(visitor.page, '/off'))
}

/** Another tab has removed meanwhile what this one has a form for. */
async function renameGone(visitor: Visitor): Promise<void> {
  const { app, page, name } = visitor
  const phone = await manage(visitor)
  await app.secondFactor.importTotp(name, { base32: WEAK_SECRET })
  await page.goto('/2fa/')
  const [, gone] = (await app.secondFactor.status(name)).authenticators
  const code = phone.codeAt(app.clock.now())
  await page.request.post(`${app.url}/2fa/authenticators/${gone?.id}/remove`, { form: { code } })
  await renameTo(visitor, 'Gone')
}

async function tooMany(visitor: Visitor): Promise<void> {
  await enrol(visitor)
  for (let count = 1; count < 5; count++) {
    await visitor.app.secondFactor.importTotp(visitor.name, { base32: WEAK_SECRET })
  }
  await visitor.page.goto('/2fa/setup')
}

async function formFromElsewhere(visitor: Visitor): Promise<void> {
  const { app, page } = visitor
  await signIn(visitor)
  const sent = `<form method="post" action="${app.url}/2fa/off"><button>Win</button></form>`
  await page.goto(`data:text/html,${sent}`)
  await andLoad(page, () => page.click('button'))
}

async function unavailable(visitor: Visitor): Promise<void> {
  await signIn(visitor)
  visitor.storage.fail('reject', { userId: visitor.name })
  await visitor.page.goto('/2fa/')
  visitor.storage.recover()
}
