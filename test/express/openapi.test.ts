import { expect } from 'chai'
import { after, describe, it } from 'mocha'
import { readFileSync } from 'node:fs'
import type { Response } from 'supertest'
import { ENDPOINTS } from '../../lib/express/endpoints.js'
import { statusOf } from '../../lib/express/problem.js'
import { openApiDocument, type OpenApiOptions, type ProblemCode } from '../../lib/index.js'
import { type Browser, startApp, type TestApp, wrongCode } from '../support/app.js'
import {
  callEndpoint,
  emptyCall,
  ENDPOINT_CALLS,
  type EndpointCall,
  outcomeOf,
  type PreparedPerson,
  preparePerson,
} from '../support/endpoints.js'
import { FailingStorage } from '../support/failing-storage.js'
import { documentedCodes, seen } from '../support/openapi-check.js'

const MANAGEMENT_SECONDS = 600

/** Somebody for whom the call would succeed, in a browser that has shown the second factor just now. */
interface Scene {
  readonly app: TestApp
  readonly storage: FailingStorage
  readonly browser: Browser
  readonly person: PreparedPerson
  readonly call: EndpointCall
}

const signIn = async (app: TestApp, name: string): Promise<Browser> => {
  const browser = app.browser()
  await browser.post('/login').send({ name }).expect(204)
  return browser
}

const send = ({ app, browser, person, call }: Scene, as: Browser = browser) =>
  callEndpoint(app, as, call, person)

/** The same call with a code that is wrong. */
const guess = (scene: Scene) => {
  const { app, browser, person, call } = scene
  const phone = call.route === '/verify' ? person.phone : person.pendingPhone
  return emptyCall(browser, call, person).send({ code: wrongCode(phone, app.clock.now()) })
}

async function guessTillLocked(scene: Scene): Promise<void> {
  for (let count = 0; count < 5; count++) await guess(scene).expect(422)
}

/** So long that what was begun is void, and the second factor shown again since. */
async function waitAndShowAgain({ app, browser, person }: Scene): Promise<void> {
  app.clock.advance(MANAGEMENT_SECONDS + 30)
  await browser
    .post('/2fa/verify')
    .send({ code: person.phone.codeAt(app.clock.now()) })
    .expect(200)
}

/** What makes an endpoint refuse with each of the codes. */
const SITUATIONS: Readonly<Record<ProblemCode, (scene: Scene) => PromiseLike<Response>>> = {
  invalid_request: ({ browser, person, call }) => emptyCall(browser, call, person).type('json').send('{'),
  unsupported_media_type: ({ browser, person, call }) =>
    emptyCall(browser, call, person).type('text').send('text'),
  not_authenticated: (scene) => send(scene, scene.app.browser()),
  cross_site_request: (scene) => send(scene).set('Sec-Fetch-Site', 'cross-site'),
  async second_factor_required(scene) {
    return send(scene, await signIn(scene.app, scene.person.name))
  },
  fresh_second_factor_required(scene) {
    scene.app.clock.advance(MANAGEMENT_SECONDS)
    return send(scene)
  },
  async enrolment_required(scene) {
    return send(scene, await signIn(scene.app, `nobody's friend`))
  },
  async not_enrolled(scene) {
    return send(scene, await signIn(scene.app, 'not enrolled'))
  },
  not_found: (scene) => {
    const call = { ...scene.call, path: () => scene.call.route.replace(':id', 'no-such-id') }
    return send({ ...scene, call })
  },
  already_verified(scene) {
    const { authenticatorId: pendingId } = scene.person
    return send({ ...scene, person: { ...scene.person, pendingId } })
  },
  async too_many_authenticators(scene) {
    const confirmation = ENDPOINT_CALLS.find(({ route }) => route === '/totp/:id/verify')
    if (confirmation) await send({ ...scene, call: confirmation }).expect(200)
    return send(scene)
  },
  async enrolment_expired(scene) {
    await waitAndShowAgain(scene)
    return send(scene)
  },
  invalid_code: guess,
  async authenticator_disabled(scene) {
    await guessTillLocked(scene)
    scene.app.clock.advance(3600)
    return send(scene)
  },
  async locked(scene) {
    await guessTillLocked(scene)
    return send(scene)
  },
  unavailable(scene) {
    scene.storage.fail('reject')
    return send(scene)
  },
}

const callOf = (operation: string): EndpointCall => {
  const { method, path } = ENDPOINTS[operation as keyof typeof ENDPOINTS]
  const found = ENDPOINT_CALLS.find((call) => call.method === method && call.route === path)
  if (!found) throw new Error(`There is no call of ${operation}.`)
  return found
}

describe('the OpenAPI document', () => {
  const apps: TestApp[] = []
  after(() => Promise.all(apps.map((app) => app.close())))

  describe('says what the Router does:', () => {
    const documented = documentedCodes()

    /** Two authenticators are all that there is room for, and a lock disables. */
    async function prepare(operation: string, disables: boolean): Promise<Scene> {
      const storage = new FailingStorage()
      const app = await startApp({
        storage,
        secondFactor: { totp: { maxAuthenticators: 2 }, ...(disables && { throttle: { disableAfter: 5 } }) },
      })
      apps.push(app)
      const browser = app.browser()
      const person = await preparePerson(app, browser, 'somebody')
      return { app, storage, browser, person, call: callOf(operation) }
    }

    for (const { operation, status, codes } of documented) {
      for (const code of codes) {
        it(`${operation} refuses with ${status} ${code}`, async () => {
          const scene = await prepare(operation, code === 'authenticator_disabled')
          const answer = await SITUATIONS[code](scene)
          expect(outcomeOf(answer)).to.equal(`${status} ${code}`)
          expect(status).to.equal(statusOf(code))
        })
      }
      if (codes.length > 0) continue
      it(`${operation} succeeds with ${status}`, async () => {
        expect(outcomeOf(await send(await prepare(operation, false)))).to.equal(String(status))
      })
    }

    it('all of that was seen, and held against the document', () => {
      const pairs = documented.flatMap(({ operation, status, codes }) =>
        codes.length > 0 ? codes.map((code) => `${operation} ${code}`) : [`${operation} ${status}`],
      )
      expect(seen.map(({ operation, status, code }) => `${operation} ${code ?? status}`)).to.include.members(
        pairs,
      )
    })

    it('and has every endpoint, by its name', () => {
      expect(new Set(documented.map(({ operation }) => operation))).to.deep.equal(
        new Set(Object.keys(ENDPOINTS)),
      )
    })
  })

  it('has the version of the package', () => {
    const file = new URL('../../package.json', import.meta.url)
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
    expect(openApiDocument().info.version).to.equal(version)
  })

  it('is plain JSON, a new one each time', () => {
    expect(JSON.parse(JSON.stringify(openApiDocument()))).to.deep.equal(openApiDocument())
    expect(openApiDocument()).to.not.equal(openApiDocument())
  })

  it('says where the Router is mounted, and what the cookie is called', () => {
    expect(openApiDocument().servers).to.deep.equal([{ url: '/2fa' }])
    const { servers, components } = openApiDocument({
      server: 'https://app.example.com/2fa',
      sessionCookie: 'sid',
    })
    expect(servers).to.deep.equal([{ url: 'https://app.example.com/2fa' }])
    expect(components['securitySchemes']?.['session']).to.include({ in: 'cookie', name: 'sid' })
  })

  for (const [what, options, says] of [
    ['options that are none', null, 'options'],
    ['a misspelt option', { sever: '/2fa' }, 'Did you mean "server"?'],
    ['a server that is none', { server: 1 }, 'server'],
    ['an empty name of a cookie', { sessionCookie: '' }, 'sessionCookie'],
  ] as const) {
    it(`is not made with ${what}, saying so`, () => {
      expect(() => openApiDocument(options as OpenApiOptions)).to.throw(TypeError, says)
    })
  }
})
