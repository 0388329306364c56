import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import type { TestApp } from '../support/app.js'
import {
  countOpen,
  countStatuses,
  ENROLMENT,
  openDoors,
  verificationsBut,
  WITH_CODE_PATHS,
} from '../support/code-paths.js'
import { appsOnRedis } from '../support/suite.js'

const RACERS = 50

// Many processes, and many more sessions: test/races.test.ts. Without sessions: test/second-factor.test.ts.
const PATHS = verificationsBut('service', 'Router', 'strategy')

describe('a backup code', () => {
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await apps.start(WITH_CODE_PATHS)
  })

  for (const path of verificationsBut()) {
    it(`C3 C6 [${path.title}] counts once, in whatever session, and however much later`, async () => {
      const guest = await path.invite(app)
      const [door, other] = [await path.open(app, guest), await path.open(app, guest)]
      const [code = '', unused = ''] = guest.backupCodes
      expect(await door.show(code)).to.equal(200)
      expect(await door.show(code)).to.equal(422)
      expect(await other.show(code.toLowerCase().replaceAll('-', ' '))).to.equal(422)
      await door.signInAgain()
      expect(await door.show(code)).to.equal(422)
      app.clock.advance(365 * 86_400)
      expect(await door.show(code)).to.equal(422)
      expect(await door.show(unused)).to.equal(200)
    })
  }

  for (const path of PATHS) {
    it(`C4 C5 C7 C20 [${path.title}] lets one of ${RACERS} sessions in that use it at once`, async () => {
      const guest = await path.invite(app)
      const doors = await openDoors(app, path, guest, RACERS)
      const [code = '', ...unused] = guest.backupCodes
      const statuses = await Promise.all(doors.map((door) => door.show(code)))
      expect(countStatuses(statuses)).to.deep.equal({ 200: 1, 422: RACERS - 1 })
      // What the other sessions had shown before is void since the recovery.
      expect(await countOpen(doors)).to.equal(path.opens ? 1 : 0)
      const { backupCodes } = await app.secondFactor.status(guest.name)
      expect(backupCodes?.remaining).to.equal(unused.length)
    })
  }
})

describe('codes that are shown at once', () => {
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await apps.start(WITH_CODE_PATHS)
  })

  for (const path of PATHS) {
    describe(`[${path.title}]`, () => {
      it(`C7 C24 let one of ${RACERS} sessions in when they are one TOTP code`, async () => {
        const guest = await path.invite(app)
        const doors = await openDoors(app, path, guest, RACERS)
        const code = guest.code()
        const statuses = await Promise.all(doors.map((door) => door.show(code)))
        expect(countStatuses(statuses)).to.deep.equal({ 200: 1, 422: RACERS - 1 })
        // In a step-up all of them were open before.
        expect(await countOpen(doors)).to.equal(path.title === 'step-up' ? RACERS : Number(path.opens))
      })

      it('C43 both count when they are a TOTP code and a backup code', async () => {
        const guest = await path.invite(app)
        const doors = await openDoors(app, path, guest, 2)
        const codes = [guest.code(), guest.backupCodes[0]]
        const statuses = await Promise.all(doors.map((door, index) => door.show(codes[index])))
        expect(statuses).to.deep.equal([200, 200])
      })

      it('C43 all count when they are ten backup codes', async () => {
        const guest = await path.invite(app)
        const doors = await openDoors(app, path, guest, guest.backupCodes.length)
        const statuses = await Promise.all(doors.map((door, index) => door.show(guest.backupCodes[index])))
        expect(countStatuses(statuses)).to.deep.equal({ 200: 10 })
        expect((await app.secondFactor.status(guest.name)).backupCodes?.remaining).to.equal(0)
      })
    })
  }

  it(`C24 [enrolment] confirm one of ${RACERS} times, and count over no path after that`, async () => {
    const guest = await ENROLMENT.invite(app)
    const doors = await openDoors(app, ENROLMENT, guest, RACERS)
    const code = guest.code()
    const statuses = await Promise.all(doors.map((door) => door.show(code)))
    // The others are too late: it is confirmed, or they owe what it has just begun to ask for.
    expect(statuses.filter((status) => status === 200)).to.have.length(1)
    expect(statuses.filter((status) => ![200, 403, 409].includes(status))).to.deep.equal([])
    expect(await countOpen(doors)).to.equal(1)
    for (const path of verificationsBut('step-up')) {
      expect(await (await path.open(app, guest)).show(code), path.title).to.equal(422)
    }
  })
})
