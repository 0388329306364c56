import { expect } from 'chai'
import { statusOf } from '../../lib/express/problem.js'
import { SecondFactorError } from '../../lib/index.js'
import type { Path } from '../security/cases.js'
import { type Browser, type TestApp, type TestAppOptions, whoAmI, wrongCode } from './app.js'
import { mountDialects, showClerk, showLogto, showStytch } from './dialect-doors.js'
import { authenticate } from './passport-paths.js'
import { beginEnrolment, type BegunEnrolment, enrolUser } from './service.js'

/** What goes along with a code; not to the service, which takes a code and nothing else. */
export interface Along {
  readonly headers?: Readonly<Record<string, string>>
  /** More members of the body. */
  readonly members?: object
}

/** One session, or none, that shows codes over one path. */
export interface Door {
  /** The status of the answer; the service's outcomes have the one that they have over HTTP. */
  show(code: unknown, along?: Along): Promise<number>
  /** Whether the second factor counts as shown in this session now. */
  isOpen(): Promise<boolean>
  /** Sign in once more, in the same browser. */
  signInAgain(): Promise<void>
}

/** Somebody whose codes are shown over one path. */
export interface Guest {
  readonly name: string
  readonly backupCodes: readonly string[]
  /** A TOTP code that is right now, unless it was used; or so many time steps from now. */
  readonly code: (steps?: number) => string
  readonly wrongCode: () => string
  /** The authenticator: confirmed, or on the path of enrolment waiting for it. */
  readonly authenticatorId: string
}

type OpenDoor = (app: TestApp, guest: Guest) => Promise<Door>

/** A way to show a code. */
export interface CodePath {
  readonly title: Path
  /** A success opens the session. */
  readonly opens: boolean
  /** Somebody new. */
  readonly invite: (app: TestApp) => Promise<Guest>
  /** One more session of theirs. */
  readonly open: OpenDoor
}

export const WRONG_BACKUP_CODE = 'AAAAA-AAAAA-AAAAA-AAAAA-AAAAA'

const SESSIONLESS = '/login/2fa/sessionless'
const CHALLENGE = '/2fa/challenge'
const TIME_STEP = 30
let guests = 0

/** Options of an application that has all of the paths. */
export const WITH_CODE_PATHS: Pick<TestAppOptions, 'pages' | 'routes'> = {
  pages: {},
  routes(app, secondFactor, auth) {
    app.post(SESSIONLESS, authenticate(auth, { session: false }), (req, res) => {
      res.json({ user: req.user })
    })
    mountDialects(app, secondFactor, auth)
  },
}

async function signIn(app: TestApp, name: string): Promise<Browser> {
  const browser = app.browser()
  await browser.post('/login').send({ name }).expect(204)
  return browser
}

/** A browser that posts codes to one address. */
function doorOf(browser: Browser, name: string, url: string): Door {
  return {
    async show(code, { headers = {}, members } = {}) {
      const answer = await browser
        .post(url)
        .set(headers)
        .send({ ...members, code })
      return answer.status
    },
    async isOpen() {
      return (await whoAmI(browser)).state === 'satisfied'
    },
    async signInAgain() {
      await browser.post('/login').send({ name }).expect(204)
    },
  }
}

/** A browser that fills in the form of the challenge. It is sent on when it is let in, and when nothing is asked of it. */
async function challenge(app: TestApp, { name }: Guest): Promise<Door> {
  const browser = await signIn(app, name)
  const door = doorOf(browser, name, CHALLENGE)
  return {
    ...door,
    async show(code, { headers = {}, members } = {}) {
      const answer = await browser
        .post(CHALLENGE)
        .set({ Accept: 'text/html', ...headers })
        .type('form')
        // A list is, in a form, a field that comes more than once.
        .send({
          ...members,
          code: Array.isArray(code) ? [...(code as unknown[]), ...(code as unknown[])] : code,
        })
      return answer.status === 303 ? 200 : answer.status
    },
  }
}

/** A browser in which Logto's challenge is gone through. */
async function logto(app: TestApp, { name }: Guest): Promise<Door> {
  const browser = await signIn(app, name)
  return {
    ...doorOf(browser, name, CHALLENGE),
    show: (code, along) => showLogto(browser, code, along),
  }
}

/** Where there are no sessions: whoever shows a code knows who the user is. */
const sessionless =
  (show: (app: TestApp, name: string, ...shown: Parameters<Door['show']>) => Promise<number>): OpenDoor =>
  (app, { name }) =>
    Promise.resolve({
      show: (...shown) => show(app, name, ...shown),
      isOpen: () => Promise.resolve(false),
      signInAgain: () => Promise.resolve(),
    })

async function showService({ secondFactor }: TestApp, name: string, code: unknown): Promise<number> {
  try {
    const outcome = await secondFactor.verify(name, code as string)
    return outcome.ok ? 200 : statusOf(outcome.reason)
  } catch (error) {
    if (error instanceof SecondFactorError) return error.status
    throw error
  }
}

/** Somebody new, and what they hold. */
function guestWith(
  app: TestApp,
  name: string,
  { phone, authenticator, backupCodes = [] }: BegunEnrolment & { readonly backupCodes?: readonly string[] },
): Guest {
  return {
    name,
    backupCodes,
    authenticatorId: authenticator.id,
    code: (steps = 0) => phone.codeAt(app.clock.now() + steps * TIME_STEP * 1000),
    wrongCode: () => wrongCode(phone, app.clock.now()),
  }
}

const nextName = () => `guest ${++guests}`

/** A path of people who are enrolled. */
const verification = (title: Path, opens: boolean, open: OpenDoor): CodePath => ({
  title,
  opens,
  open,
  invite: async (app) => {
    const name = nextName()
    return guestWith(app, name, await enrolUser(app, name))
  },
})

const posting =
  (url: string): OpenDoor =>
  async (app, { name }) =>
    doorOf(await signIn(app, name), name, url)

/** The session has shown a code before; the next time step is a fresh one. */
async function stepUp(app: TestApp, { name, code }: Guest): Promise<Door> {
  const browser = await signIn(app, name)
  await browser.post('/2fa/verify').send({ code: code() }).expect(200)
  app.clock.advance(TIME_STEP)
  return doorOf(browser, name, '/2fa/verify')
}

/** Every way to show a code of somebody who is enrolled. */
const VERIFICATIONS: readonly CodePath[] = [
  verification('service', false, sessionless(showService)),
  verification('Router', true, posting('/2fa/verify')),
  verification('strategy', true, posting('/login/2fa')),
  verification('sessionless strategy', false, posting(SESSIONLESS)),
  verification('step-up', true, stepUp),
  verification('pages', true, challenge),
  verification('Stytch', false, sessionless(showStytch)),
  verification('Clerk', false, sessionless(showClerk)),
  verification('Logto', true, logto),
]

/** The first code of an authenticator, which nobody may guess either. */
export const ENROLMENT: CodePath = {
  title: 'enrolment',
  opens: true,
  invite: async (app) => {
    const name = nextName()
    return guestWith(app, name, await beginEnrolment(app, name))
  },
  open: (app, guest) => posting(`/2fa/totp/${guest.authenticatorId}/verify`)(app, guest),
}

/** The paths of verification, without those that are held elsewhere. */
export const verificationsBut = (...titles: readonly Path[]): readonly CodePath[] =>
  VERIFICATIONS.filter(({ title }) => !titles.includes(title))

/** The same, and the enrolment. */
export const guessesBut = (...titles: readonly Path[]): readonly CodePath[] =>
  [...VERIFICATIONS, ENROLMENT].filter(({ title }) => !titles.includes(title))

/** So many sessions of one guest. Those of a step-up are opened one after the other. */
export async function openDoors(
  app: TestApp,
  path: CodePath,
  guest: Guest,
  count: number,
): Promise<readonly Door[]> {
  const doors: Door[] = []
  for (let index = 0; index < count; index++) doors.push(await path.open(app, guest))
  return doors
}

/** How often each status came: `{ 200: 1, 422: 49 }`. */
export function countStatuses(statuses: readonly number[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** How many of these sessions have shown the second factor. */
export async function countOpen(doors: readonly Door[]): Promise<number> {
  const open = await Promise.all(doors.map((door) => door.isOpen()))
  return open.filter((isOpen) => isOpen).length
}

/** Wrong codes, each of them looked at, until the next one would not be. */
export async function lockOut(door: Door, guest: Guest): Promise<void> {
  for (let count = 0; count < 5; count++) expect(await door.show(guest.wrongCode())).to.equal(422)
}
