import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type TestApp, wrongCode } from '../support/app.js'
import { browserOfSuite } from '../support/chromium.js'
import { appsOnRedis } from '../support/suite.js'
import { INSIDE, PAGES_OF_APP, Person, personIn } from './person.js'

const CLIPBOARD = ['clipboard-read', 'clipboard-write']
const START = new Date('2027-01-15T08:00:00Z')
const LOCK_SECONDS = 30

describe('the challenge', () => {
  const newPerson = personIn(browserOfSuite())
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await apps.start(PAGES_OF_APP)
  })

  let people = 0
  /** Somebody who has signed in with the first factor, and now needs a code. */
  const challenged = async (options: Parameters<typeof newPerson>[2] = {}, wanted = '/account') => {
    const person = await newPerson(app, `person-${people++}`, options)
    await person.signIn()
    await person.enrol()
    await person.getToChallenge(wanted)
    return person
  }
  const enterWrong = (person: Person) => person.enter(wrongCode(person.phone, app.clock.now()))
  /** Where the next key that is pressed will go. */
  const focused = ({ page }: Person) => page.locator('*:focus').getAttribute('name')

  it('takes a code that is pasted with a space, from the clipboard', async () => {
    const person = await challenged({ permissions: CLIPBOARD })
    const code = person.nextCode()
    const pasted = `${code.slice(0, 3)} ${code.slice(3)}`
    await person.page.evaluate(`navigator.clipboard.writeText('${pasted}')`)
    await person.page.keyboard.press('Control+V')
    expect(await person.page.locator('[name="code"]').inputValue()).to.equal(pasted)
    await person.load(() => person.page.keyboard.press('Enter'))
    expect([person.address(), await person.heading()]).to.deep.equal(['/account', INSIDE])
  })

  it('goes on to the whole address that was asked for, and home when it would lead away', async () => {
    const person = await challenged({}, '/account?a=1&b=%C3%A9%20%22')
    await person.enter(person.nextCode())
    expect(person.address()).to.equal('/account?a=1&b=%C3%A9%20%22')
    for (const away of ['https://example.com/', '//example.com', '/\\example.com', '/%0d//example.com']) {
      await person.goTo(`/2fa/challenge?${new URLSearchParams({ returnTo: away }).toString()}`)
      await person.enter(person.nextCode())
      expect(new URL(person.page.url()).origin).to.equal(app.url)
    }
  })

  it('keeps the way back while somebody mistypes, and looks for a backup code, and does not', async () => {
    const person = await challenged({}, '/account?kept=1')
    await enterWrong(person)
    await person.follow('Use a backup code')
    await enterWrong(person)
    await person.follow('Use the authenticator app')
    await person.enter(person.nextCode())
    expect(person.address()).to.equal('/account?kept=1')
  })

  for (const javaScriptEnabled of [true, false]) {
    describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
      it('has the focus where the code is typed', async () => {
        const person = await challenged({ javaScriptEnabled })
        expect(await focused(person)).to.equal('code')
        await person.page.keyboard.type(person.nextCode())
        await person.load(() => person.page.keyboard.press('Enter'))
        expect(await person.heading()).to.equal(INSIDE)
      })

      it('says that a code was wrong, at its field, where the next one can be typed at once', async () => {
        const person = await challenged({ javaScriptEnabled })
        await enterWrong(person)
        const alert = person.page.getByRole('alert')
        expect(await alert.isVisible()).to.be.true
        expect(await alert.innerText()).to.match(/^This code does not work\./)
        const field = person.page.getByLabel('Code', { exact: true })
        expect(await field.getAttribute('aria-invalid')).to.equal('true')
        expect(await field.getAttribute('aria-describedby')).to.equal(await alert.getAttribute('id'))
        expect(await field.inputValue()).to.equal('')
        expect(await focused(person)).to.equal('code')

        await person.page.keyboard.type(person.nextCode())
        await person.load(() => person.page.keyboard.press('Enter'))
        expect(await person.heading()).to.equal(INSIDE)
      })

      it('says how long to wait after too many wrong codes, and takes a right one then', async () => {
        const person = await challenged({ javaScriptEnabled })
        for (let count = 0; count < 6; count++) await enterWrong(person)
        expect(await person.alert()).to.equal(`Too many wrong codes. Try again in ${LOCK_SECONDS} seconds.`)
        expect(await person.page.locator('[data-wait]').isVisible()).to.equal(javaScriptEnabled)
        await person.enter(person.phone.codeAt(app.clock.now()))
        expect(await person.alert()).to.match(/^Too many wrong codes/)
        app.clock.advance(LOCK_SECONDS)
        await person.enter(person.phone.codeAt(app.clock.now()))
        expect(await person.heading()).to.equal(INSIDE)
      })
    })
  }

  it('counts the wait down before the person’s eyes, and says when it is over', async () => {
    const person = await challenged()
    const { clock } = person.page
    await clock.install({ time: START })
    await clock.pauseAt(START)
    for (let count = 0; count < 6; count++) await enterWrong(person)

    const timer = person.page.getByRole('timer')
    const left = (seconds: number) => timer.getByText(`${seconds} second`, { exact: false }).waitFor()
    await left(LOCK_SECONDS)
    await clock.runFor(1000)
    await left(29)
    await clock.fastForward(19_000)
    await left(10)
    expect(await person.alert()).to.match(/^Too many wrong codes/)
    await clock.runFor(9000)
    await left(1)
    await clock.runFor(1000)
    await person.page.getByRole('alert').getByText('You can try again now.').waitFor()
    expect(await timer.count()).to.equal(0)

    expect(await focused(person)).to.equal('code')
    app.clock.advance(LOCK_SECONDS)
    await person.enter(person.phone.codeAt(app.clock.now()))
    expect(await person.heading()).to.equal(INSIDE)
  })
})
