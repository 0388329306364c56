import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import supertest from 'supertest'
import { MemoryStorage } from '../../lib/index.js'
import type { TestApp } from '../support/app.js'
import {
  type Door,
  ENROLMENT,
  guessesBut,
  verificationsBut,
  WITH_CODE_PATHS,
  WRONG_BACKUP_CODE,
} from '../support/code-paths.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { newService, rejection, succeeded } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'
import type { Path } from './cases.js'

const SHARED_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

/** What stands in place of a code, made from the right one. */
const NO_CODES: readonly (readonly [what: string, value: (right: string) => unknown])[] = [
  ['C32 nothing', () => undefined],
  ['C32 an empty text', () => ''],
  ['C32 blanks', () => ' \t\n '],
  ['C32 C41 null', () => null],
  ['C41 true', () => true],
  ['C41 a number', () => 1e21],
  ['C41 a list in a list', () => [[]]],
  ['C41 an object', () => ({ $ne: null })],
  ['C40 the right code as a number', Number],
  ['C40 the right code in a list', (right) => [right]],
  ['C40 the right code with a point', (right) => `${right}.`],
  ['C40 the right code behind a sign', (right) => `+${right.slice(1)}`],
  ['C40 the right code with a letter', (right) => `${right.slice(0, -1)}x`],
  ['C40 C41 the right code in full-width digits', (right) => right.replace(/\d/g, (digit) => '０１２３４５６７８９'[+digit] ?? '')], // prettier-ignore
]

/** In a form, a number is the same text. */
const NO_CODES_OF_FORMS = NO_CODES.filter(([, value]) => value !== Number)

/** Logto calls every text that does not count a wrong code; that it is no guess shows in the right code's success. */
const refusalOfNone = (title: Path, value: unknown): number =>
  title === 'Logto' && typeof value === 'string' ? 422 : 400

const ANSWERS_TO_NOT_ENROLLED: Readonly<Partial<Record<Path, number>>> = {
  // A page has nothing to ask of them any more, and lets them go on as they are.
  pages: 200,
  // Logto tells them the same as everybody whose code does not count.
  Logto: 422,
}

/** What nobody has asked for, and some systems do believe. */
const MEMBERS = {
  userId: 'somebody else',
  user: { id: 'somebody else' },
  id: 'somebody else',
  verified: true,
  satisfied: true,
  ok: true,
  secret: SHARED_SECRET,
  window: 1000,
  step: 0,
  digits: 1,
  backupCodes: [WRONG_BACKUP_CODE],
  authority: { shown: 'second_factor' },
  basis: {},
  method: 'backup_code',
}

describe('a code', () => {
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    app = await apps.start(WITH_CODE_PATHS)
  })

  for (const path of guessesBut()) {
    describe(`[${path.title}]`, () => {
      for (const [what, value] of path.title === 'pages' ? NO_CODES_OF_FORMS : NO_CODES) {
        it(`${what} is refused as none, and is no guess`, async () => {
          const guest = await path.invite(app)
          const door = await path.open(app, guest)
          const statuses: number[] = []
          for (let count = 0; count < 6; count++) statuses.push(await door.show(value(guest.code())))
          expect(statuses).to.deep.equal(Array(6).fill(refusalOfNone(path.title, value(guest.code()))))
          expect(await door.show(guest.code())).to.equal(200)
        })
      }

      it('C14 of another account does not count, and stays unused', async () => {
        const [guest, owner] = [await path.invite(app), await path.invite(app)]
        const [door, ownersDoor] = [await path.open(app, guest), await path.open(app, owner)]
        const codes = [owner.code(), ...owner.backupCodes.slice(0, 1)]
        for (const code of codes) expect(await door.show(code)).to.equal(422)
        for (const code of codes) expect(await ownersDoor.show(code)).to.equal(200)
      })
    })
  }

  for (const path of guessesBut('service')) {
    it(`C31 [${path.title}] is judged without regard to what else the body has`, async () => {
      const [guest, other] = [await path.invite(app), await path.invite(app)]
      const door = await path.open(app, guest)
      const members = { ...MEMBERS, userId: other.name, user: { id: other.name } }
      expect(await door.show(guest.wrongCode(), { members })).to.equal(422)
      expect(await door.show(other.code(), { members })).to.equal(422)
      expect(await door.show(WRONG_BACKUP_CODE, { members })).to.equal(path === ENROLMENT ? 400 : 422)
      expect(await door.show(guest.code(), { members })).to.equal(200)
      expect((await app.secondFactor.status(other.name)).enabled).to.equal(path !== ENROLMENT)
    })
  }

  for (const path of verificationsBut()) {
    describe(`[${path.title}]`, () => {
      it('C39 counts for nobody who is not enrolled any more', async () => {
        const guest = await path.invite(app)
        const door = await path.open(app, guest)
        const code = guest.code()
        await app.secondFactor.reset(guest.name)
        const answer = ANSWERS_TO_NOT_ENROLLED[path.title] ?? 409
        expect(await door.show(code)).to.equal(answer)
        expect(await door.show(guest.backupCodes[0])).to.equal(answer)
        expect(await door.isOpen()).to.equal(false)
      })

      it('C42 with equal digits counts for each of two users', async () => {
        const guests = [await path.invite(app), await path.invite(app)]
        for (const { name } of guests) {
          succeeded(await app.secondFactor.importTotp(name, { base32: SHARED_SECRET }))
        }
        const doors: Door[] = []
        for (const guest of guests) doors.push(await path.open(app, guest))
        const code = newCode(app)
        expect(await Promise.all(doors.map((door) => door.show(code)))).to.deep.equal([200, 200])
        for (const door of doors) expect(await door.show(code)).to.equal(422)
      })
    })
  }

  for (const [title, url] of [
    ['Router', '/2fa/verify'],
    ['enrolment', '/2fa/totp/some-id/verify'],
    ['strategy', '/login/2fa'],
    ['sessionless strategy', '/login/2fa/sessionless'],
  ] as const) {
    it(`C34 C39 [${title}] signs nobody in who has not shown the first factor`, async () => {
      const [path] = verificationsBut()
      const guest = await path?.invite(app)
      for (const code of [guest?.code(), guest?.backupCodes[0]]) {
        const answer = await supertest(app.url).post(url).send({ code, userId: guest?.name })
        expect(answer.status).to.equal(401)
        expect(answer.get('Set-Cookie')).to.equal(undefined)
      }
    })
  }

  for (const userId of ['', undefined, null, 0, {}, []]) {
    it(`C39 [service] is not looked at for a user id that is ${JSON.stringify(userId)}`, async () => {
      const { secondFactor } = newService({ storage: new MemoryStorage() })
      const error = await rejection(secondFactor.verify(userId as string, '123456'))
      expect(error).to.be.instanceOf(TypeError)
    })
  }

  it('C34 [enrolment] that confirmed an authenticator makes a mark of that authenticator', async () => {
    const guest = await ENROLMENT.invite(app)
    const browser = app.browser()
    await browser.post('/login').send({ name: guest.name }).expect(204)
    const url = `/2fa/totp/${guest.authenticatorId}/verify`
    await browser.post(url).send({ code: guest.code() }).expect(200)
    const { session } = (await browser.get('/private').expect(200)).body as { session: object }
    const { authenticatorId, name: userId } = guest
    expect(session)
      .to.have.property('secondFactor')
      .that.includes({ userId, method: 'totp', authenticatorId })
  })
})

/** What an app shows for the shared secret. */
const newCode = ({ clock }: TestApp): string => new TestAuthenticator(SHARED_SECRET).codeAt(clock.now())
