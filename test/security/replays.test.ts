import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { TestApp } from '../support/app.js'
import { ENROLMENT, verificationsBut, WITH_CODE_PATHS } from '../support/code-paths.js'
import { appsOnRedis } from '../support/suite.js'

const TIME_STEP = 30

describe('a TOTP code that was used', () => {
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await apps.start(WITH_CODE_PATHS)
  })

  for (const path of verificationsBut()) {
    describe(`[${path.title}]`, () => {
      it('C8 C12 C22 C30 counts no second time in its step, in this session or another', async () => {
        const guest = await path.invite(app)
        const [door, other] = [await path.open(app, guest), await path.open(app, guest)]
        const code = guest.code()
        expect(await door.show(code)).to.equal(200)
        expect(await door.show(code)).to.equal(422)
        expect(await other.show(code)).to.equal(422)
        expect(await other.isOpen()).to.equal(path.title === 'step-up')
      })

      it('C9 counts no more in the next step, although the window reaches back to its own', async () => {
        const guest = await path.invite(app)
        const door = await path.open(app, guest)
        const code = guest.code()
        expect(await door.show(code)).to.equal(200)
        app.clock.advance(TIME_STEP)
        expect(await door.show(code)).to.equal(422)

        const late = await path.invite(app)
        const lateDoor = await path.open(app, late)
        app.clock.advance(TIME_STEP)
        expect(await lateDoor.show(late.code(-1))).to.equal(200)
      })

      it('C38 has spent all steps before its own, wherever in the window they are', async () => {
        const guest = await path.invite(app)
        const door = await path.open(app, guest)
        expect(await door.show(guest.code(1))).to.equal(200)
        for (const steps of [1, 0]) expect(await door.show(guest.code(steps))).to.equal(422)
        app.clock.advance(TIME_STEP)
        for (const steps of [0, -1]) expect(await door.show(guest.code(steps))).to.equal(422)
        expect(await door.show(guest.code(1))).to.equal(200)
      })

      it('C23 C24 is used on every other path too', async () => {
        const guest = await path.invite(app)
        const door = await path.open(app, guest)
        const others = verificationsBut(path.title, 'step-up')
        const doors = await Promise.all(others.map((other) => other.open(app, guest)))
        const code = guest.code()
        expect(await door.show(code)).to.equal(200)
        for (const other of doors) expect(await other.show(code)).to.equal(422)
      })
    })
  }

  for (const path of verificationsBut('step-up')) {
    it(`C8 C9 C12 C22 C23 C30 [enrolment] in confirming does not count over the ${path.title}`, async () => {
      const guest = await ENROLMENT.invite(app)
      const code = guest.code()
      expect(await (await ENROLMENT.open(app, guest)).show(code)).to.equal(200)
      const door = await path.open(app, guest)
      expect(await door.show(code)).to.equal(422)
      app.clock.advance(TIME_STEP)
      expect(await door.show(code)).to.equal(422)
      expect(await door.show(guest.code())).to.equal(200)
    })
  }
})
