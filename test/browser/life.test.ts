import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { readFile } from 'node:fs/promises'
import { type TestApp, wrongCode } from '../support/app.js'
import { browserOfSuite } from '../support/chromium.js'
import { readQrCode } from '../support/qr-code.js'
import { appsOnRedis } from '../support/suite.js'
import { INSIDE, OUTSIDE, PAGES_OF_APP, Person, personIn } from './person.js'

const CHALLENGE = 'Confirm that it is you'
const SETUP = 'Set up an authenticator app'
const CODES = 'Save your backup codes'
const MANAGE = 'Two-step sign-in'

describe('a life with the second factor', () => {
  const browser = browserOfSuite()
  const newPerson = personIn(browser)
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await apps.start(PAGES_OF_APP)
  })

  for (const javaScriptEnabled of [true, false]) {
    describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
      const name = `ann-${javaScriptEnabled ? 'with' : 'without'}`
      let ann: Person
      let codes: readonly string[]
      let fresh: readonly string[]
      before(async () => {
        ann = await newPerson(app, name, { javaScriptEnabled })
      })

      const labels = () => ann.page.locator('li h3').allInnerTexts()
      const done = () => ann.page.getByRole('status').innerText()

      it('begins where it is off, with one button', async () => {
        await ann.signIn()
        await ann.goTo('/2fa/')
        expect(await ann.heading()).to.equal(MANAGE)
        expect(await ann.page.locator('main').innerText()).to.include('It is off.')
        await ann.follow('Turn on')
        expect([ann.address(), await ann.heading()]).to.deep.equal(['/2fa/setup', SETUP])
      })

      it('gets a key by a picture, by a link, and in groups of four, which say the same', async () => {
        const picture = await ann.page.getByRole('img').getAttribute('src')
        const link = await ann.page
          .getByRole('link', { name: 'Open an authenticator app' })
          .getAttribute('href')
        const typed = await ann.page.locator('#key').innerText()
        expect(readQrCode(picture ?? '')).to.equal(link)
        expect(typed).to.match(/^(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}$/)
        expect(new URL(link ?? '').searchParams.get('secret')).to.equal(typed.replaceAll(' ', ''))
        const phone = ann.scan(link ?? '')
        const now = app.clock.now()
        expect(ann.scan(typed.replaceAll(' ', '')).codeAt(now)).to.equal(phone.codeAt(now))
      })

      it('is on once the first code is shown, of a device that has a name', async () => {
        await ann.page.getByLabel('Name of the device').fill('Ann’s <b>phone</b>')
        await ann.enter(ann.nextCode())
        expect(await ann.heading()).to.equal(CODES)
        codes = await ann.shownCodes()
        expect(new Set(codes)).to.have.property('size', 10)
      })

      it('keeps its backup codes as a text file', async () => {
        const downloads = ann.page.waitForEvent('download')
        await ann.page.getByRole('link', { name: 'Download' }).click()
        const download = await downloads
        expect(download.suggestedFilename()).to.equal('backup-codes.txt')
        expect(await readFile(await download.path(), 'utf8')).to.equal(
          ['ACME', 'Backup codes', '', ...codes, ''].join('\r\n'),
        )
        await ann.follow('I have saved these codes')
        expect([ann.address(), await labels()]).to.deep.equal(['/2fa/', ['Ann’s <b>phone</b>']])
      })

      it('ends a session by a button, and the next one waits for a code before its page', async () => {
        await ann.follow('Sign out')
        expect(await ann.heading()).to.equal(OUTSIDE)
        await ann.signIn()
        await ann.goTo('/account?tab=payments&day=2')
        expect(await ann.heading()).to.equal(CHALLENGE)
        expect(ann.address()).to.equal('/2fa/challenge?returnTo=%2Faccount%3Ftab%3Dpayments%26day%3D2')
        await ann.enter(ann.nextCode().replace(/(?=...$)/, ' '))
        expect([ann.address(), await ann.heading()]).to.deep.equal(['/account?tab=payments&day=2', INSIDE])
      })

      it('trusts a browser, which is asked for nothing until it is trusted no more', async () => {
        await ann.getToChallenge()
        await ann.page.getByLabel('Trust this browser for 30 days').check()
        await ann.enter(ann.nextCode())
        expect(await ann.heading()).to.equal(INSIDE)
        const [cookie, ...more] = (await ann.watched.context.cookies()).filter((one) => one.secure)
        expect(cookie).to.include({ httpOnly: true, path: '/', sameSite: 'Lax', domain: '127.0.0.1' })
        expect(cookie?.name).to.match(/^__Host-second-factor-/)
        expect(more).to.be.empty

        await ann.getToChallenge('/account?straight=through')
        expect([ann.address(), await ann.heading()]).to.deep.equal(['/account?straight=through', INSIDE])
        await ann.goTo('/2fa/')
        expect(await labels()).to.include('Chrome on Linux (this browser)')
        await ann.enter(ann.nextCode(), await ann.open('/forget'))
        expect(await done()).to.equal('Trust is removed. A code will be asked for at the next sign-in.')
        expect(await labels()).to.deep.equal(['Ann’s <b>phone</b>'])

        await ann.getToChallenge()
        expect(await ann.heading()).to.equal(CHALLENGE)
      })

      it('goes on by a backup code when the phone is lost, and needs no other one to put things right', async () => {
        await ann.follow('Use a backup code')
        expect(ann.address()).to.equal('/2fa/challenge?method=backup_code&returnTo=%2Faccount')
        expect(await ann.page.getByRole('alert').count()).to.equal(0)
        await ann.enter(codes[0] ?? '')
        expect([ann.address(), await ann.heading()]).to.deep.equal(['/account', INSIDE])

        await ann.goTo('/2fa/')
        expect(await ann.page.locator('main').innerText()).to.include('9 of 10 left')
        const removal = await ann.open('/remove')
        expect(await removal.locator('[name="code"]').count()).to.equal(0)
        await ann.load(() => removal.getByRole('button').click())
        expect(await done()).to.equal('The authenticator is removed.')
        expect(await ann.page.locator('main').innerText()).to.include('It is off.')

        await ann.follow('Turn on')
        codes = await ann.setUp('New phone')
        await ann.follow('I have saved these codes')
        expect(await labels()).to.deep.equal(['New phone'])
      })

      it('makes new backup codes for a code, and the old ones work until the new ones are saved', async () => {
        await ann.enter(ann.nextCode(), await ann.open('/2fa/codes'))
        expect(await ann.heading()).to.equal(CODES)
        fresh = await ann.shownCodes()
        expect(fresh)
          .to.have.length(10)
          .and.not.have.any.members([...codes])

        // In the same browser: in another one it would be a recovery, after which all others ask for a code again.
        const tab = await ann.newTab()
        await tab.goTo('/2fa/challenge?method=backup_code&returnTo=/account')
        await tab.enter(fresh[0] ?? '')
        expect(await tab.alert()).to.match(/^This backup code does not work/)
        await tab.enter(codes[0] ?? '')
        expect(await tab.heading()).to.equal(INSIDE)

        await ann.follow('I have saved these codes')
        expect(await done()).to.equal('Your new backup codes work, and the old ones do not any more.')
        await tab.goTo('/2fa/challenge?method=backup_code&returnTo=/account')
        await tab.enter(codes[1] ?? '')
        expect(await tab.alert()).to.match(/^This backup code does not work/)
      })

      it('is asked for a code again where a backup code was used in another browser', async () => {
        const other = await newPerson(app, name, { javaScriptEnabled })
        await other.signIn()
        await other.goTo('/account?from=elsewhere')
        await other.follow('Use a backup code')
        await other.enter(fresh[0] ?? '')
        expect([other.address(), await other.heading()]).to.deep.equal(['/account?from=elsewhere', INSIDE])

        await ann.goTo('/2fa/')
        expect(ann.address()).to.equal('/2fa/challenge?returnTo=%2F2fa%2F')
        await ann.enter(ann.nextCode())
        expect([ann.address(), await ann.heading()]).to.deep.equal(['/2fa/', MANAGE])
      })

      it('gives a device another name', async () => {
        const renaming = await ann.open('/rename')
        await renaming.getByLabel('New name').fill('電話 & "phone"')
        await ann.load(() => renaming.getByRole('button').click())
        expect(await done()).to.equal('The new name is saved.')
        expect(await labels()).to.deep.equal(['電話 & "phone"'])
      })

      it('has two devices for a while, and loses one for a code', async () => {
        await ann.follow('Add another')
        await ann.enter(ann.nextCode())
        await ann.setUp('Tablet')
        expect([ann.address(), await labels()]).to.deep.equal(['/2fa/', ['電話 & "phone"', 'Tablet']])
        const first = ann.page.locator('li', { hasText: '電話' })
        await first.getByText('Remove', { exact: false }).first().click()
        await ann.enter(ann.nextCode(), first)
        expect(await done()).to.equal('The authenticator is removed.')
        expect(await labels()).to.deep.equal(['Tablet'])
      })

      it('turns it off for a code, and the password alone lets in', async () => {
        const off = await ann.open('/2fa/off')
        await ann.enter(wrongCode(ann.phone, app.clock.now()), off)
        expect(await ann.alert()).to.match(/^This code does not work/)
        await ann.enter(ann.nextCode(), await ann.open('/2fa/off'))
        expect(await done()).to.equal('Two-step sign-in is off.')
        await ann.getToChallenge('/account')
        expect(await ann.heading()).to.equal(INSIDE)
      })
    })
  }
})
