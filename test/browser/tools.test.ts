import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { TestApp } from '../support/app.js'
import { browserOfSuite } from '../support/chromium.js'
import { appsOnRedis } from '../support/suite.js'
import { PAGES_OF_APP, Person, personIn } from './person.js'

const OPTIONS = { permissions: ['clipboard-read', 'clipboard-write'] }

describe('what a page does at the press of a button', () => {
  const newPerson = personIn(browserOfSuite())
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await apps.start(PAGES_OF_APP)
  })
  const copied = ({ page }: Person) => page.evaluate<string>('navigator.clipboard.readText()')

  it('copies the key as it is written', async () => {
    const ann = await newPerson(app, 'ann', OPTIONS)
    await ann.signIn()
    await ann.goTo('/2fa/setup')
    const { page } = ann
    const copy = page.getByRole('button', { name: 'Copy' })
    await copy.click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await copied(ann)).to.equal(await page.locator('#key').innerText())
    const uri = await page.locator('[name="uri"]').inputValue()
    expect(ann.scan((await copied(ann)).replaceAll(' ', '')).codeAt(0)).to.equal(ann.scan(uri).codeAt(0))
    await ann.watched.expectQuiet()
  })

  it('copies the backup codes, one a line, and says so for a moment', async () => {
    const bob = await newPerson(app, 'bob', OPTIONS)
    await bob.page.clock.install()
    await bob.signIn()
    const codes = await bob.setUp()
    const { page } = bob
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await copied(bob)).to.equal(codes.join('\n'))
    await page.clock.runFor(2000)
    await page.getByRole('button', { name: 'Copy', exact: true }).waitFor()
    await bob.watched.expectQuiet()
  })

  it('prints the backup codes, and nothing that can be pressed', async () => {
    const eve = await newPerson(app, 'eve')
    await eve.signIn()
    const codes = await eve.setUp()
    const { page } = eve
    await page.evaluate("addEventListener('beforeprint', () => (document.title = 'printed'))")
    await page.getByRole('button', { name: 'Print' }).click()
    expect(await page.title()).to.equal('printed')

    await page.emulateMedia({ media: 'print' })
    for (const code of codes) expect(await page.getByText(code, { exact: true }).isVisible()).to.be.true
    for (const role of ['button', 'link'] as const)
      expect(await page.getByRole(role).count(), role).to.equal(0)
    await eve.watched.expectQuiet()
  })

  it('has no button that would do nothing, without JavaScript', async () => {
    const max = await newPerson(app, 'max', { javaScriptEnabled: false })
    await max.signIn()
    await max.goTo('/2fa/setup')
    expect(await max.page.getByRole('button').allInnerTexts()).to.deep.equal(['Confirm', 'Sign out'])
    await max.setUp()
    expect(await max.page.getByRole('button').count()).to.equal(0)
    expect(await max.page.getByRole('link').allInnerTexts()).to.deep.equal([
      'Download',
      'I have saved these codes',
    ])
  })
})
