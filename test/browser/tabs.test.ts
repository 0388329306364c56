import { expect } from 'chai'
import { before, beforeEach, describe, it } from 'mocha'
import type { SecondFactorEvent } from '../../lib/index.js'
import type { TestApp } from '../support/app.js'
import { browserOfSuite } from '../support/chromium.js'
import { appsOnRedis } from '../support/suite.js'
import { INSIDE, PAGES_OF_APP, type Person, personIn } from './person.js'

const CHALLENGE = 'Confirm that it is you'
const SETUP = 'Set up an authenticator app'
const ROUNDS = [1, 2, 3]

describe('somebody with two tabs', () => {
  const newPerson = personIn(browserOfSuite())
  const apps = appsOnRedis()
  const events: SecondFactorEvent['type'][] = []
  let app: TestApp
  before(async () => {
    const onEvent = ({ type }: SecondFactorEvent) => {
      events.push(type)
    }
    app = await apps.start({ ...PAGES_OF_APP, secondFactor: { onEvent } })
  })
  beforeEach(() => {
    events.length = 0
  })
  const happened = (type: string) => events.filter((event) => event === type).length

  let people = 0
  const signedIn = async (options: Parameters<typeof newPerson>[2] = {}) => {
    const person = await newPerson(app, `person-${people++}`, options)
    await person.signIn()
    return person
  }
  /** Both tabs show the challenge. */
  const challengedTwice = async (): Promise<readonly [Person, Person]> => {
    const person = await signedIn()
    await person.enrol()
    await person.getToChallenge('/account?tab=1')
    const other = await person.newTab()
    await other.goTo('/account?tab=2')
    events.length = 0
    return [person, other]
  }
  const addresses = (tabs: readonly Person[]) => tabs.map((tab) => tab.address())

  it('goes on in the second one by the code of the first one', async () => {
    const tabs = await challengedTwice()
    const code = tabs[0].nextCode()
    for (const tab of tabs) await tab.enter(code)
    expect(addresses(tabs)).to.deep.equal(['/account?tab=1', '/account?tab=2'])
    expect([happened('verified'), happened('failed')]).to.deep.equal([1, 0])
  })

  /** All tabs send their codes at the same time. */
  const race = async (tabs: readonly Person[], codes: readonly string[]) => {
    const fields = tabs.map((tab) => tab.page.locator('[name="code"]'))
    for (const [index, field] of fields.entries()) await field.fill(codes[index] ?? '')
    await Promise.all(tabs.map((tab, index) => tab.arrive(async () => fields[index]?.press('Enter'))))
    await tabs[0]?.watched.expectQuiet()
  }

  for (const round of ROUNDS) {
    it(`gets in when both send the same code at once, of which one counts (${round})`, async () => {
      const tabs = await challengedTwice()
      const code = tabs[0].nextCode()
      await race(tabs, [code, code])
      expect([happened('verified'), happened('failed')]).to.deep.equal([1, 0])
      const headings = await Promise.all(tabs.map((tab) => tab.heading()))
      expect(headings).to.include(INSIDE)
      for (const tab of tabs) {
        if ((await tab.heading()) === CHALLENGE) await tab.enter(tab.nextCode())
        else if ((await tab.heading()) !== INSIDE) await tab.goTo('/account')
        expect(await tab.heading()).to.equal(INSIDE)
      }
      expect(happened('failed')).to.equal(0)
    })

    it(`sees one set of backup codes when both set up a device at once (${round})`, async () => {
      const person = await signedIn()
      const tabs = [person, await person.newTab()]
      for (const tab of tabs) {
        await tab.goTo('/2fa/setup')
        tab.scan(await tab.page.locator('[name="uri"]').inputValue())
      }
      const codes = tabs.map((tab) => tab.phone.codeAt(app.clock.now()))
      await race(tabs, codes)
      const shown = await Promise.all(tabs.map((tab) => tab.shownCodes()))
      expect(shown.map(({ length }) => length)).to.have.members([10, 0])

      const behind = tabs[shown.findIndex(({ length }) => length === 0)] as Person
      if ((await behind.heading()) === SETUP) await behind.enter(codes[tabs.indexOf(behind)] ?? '')
      await behind.goTo('/2fa/')
      expect(await behind.page.locator('main').innerText()).to.include('10 of 10 left')
      const { authenticators } = await app.secondFactor.status(person.name)
      expect(authenticators.filter(({ verified }) => verified)).to.have.length(happened('enrolled'))

      await behind.getToChallenge()
      await behind.follow('Use a backup code')
      await behind.enter(shown.flat()[9] ?? '')
      expect(await behind.heading()).to.equal(INSIDE)
    })
  }

  it('keeps the backup codes of who confirms twice: with a script, a form is sent once', async () => {
    let sent = 0
    const slow = await apps.start({
      ...PAGES_OF_APP,
      front: (host) =>
        host.post('/2fa/setup/:id', (_req, _res, next) => {
          sent++
          setTimeout(next, 500)
        }),
    })
    const person = await newPerson(slow, 'impatient')
    await person.signIn()
    await person.goTo('/2fa/setup')
    person.scan(await person.page.locator('[name="uri"]').inputValue())
    await person.page.locator('[name="code"]').fill(person.nextCode())
    await person.page.evaluate(`{
      const button = document.querySelector('form button:not([type])')
      for (const wait of [0, 100, 200]) setTimeout(() => button.click(), wait)
    }`)
    await person.page.getByRole('heading', { name: 'Save your backup codes' }).waitFor()
    expect(await person.shownCodes()).to.have.length(10)
    expect(sent).to.equal(1)
  })

  for (const javaScriptEnabled of [true, false]) {
    it(`gets in by a double click, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
      const person = await signedIn({ javaScriptEnabled })
      await person.enrol()
      await person.getToChallenge('/account?twice=1')
      await person.page.locator('[name="code"]').fill(person.nextCode())
      await person.page.getByRole('button', { name: 'Continue' }).dblclick()
      await person.page.getByRole('heading', { name: INSIDE }).waitFor()
      expect(person.address()).to.equal('/account?twice=1')
      expect([happened('verified'), happened('failed')]).to.deep.equal([1, 0])
      await person.watched.expectQuiet()
    })
  }
})
