import { expect } from 'chai'
import { after, describe, it } from 'mocha'
import { MemoryStorage, openApiDocument, type RouterOptions, secondFactorRouter } from '../../lib/index.js'
import { startApp, type TestApp } from '../support/app.js'
import { newService } from '../support/service.js'

describe('the OpenAPI document of a Router', () => {
  const apps: TestApp[] = []
  after(() => Promise.all(apps.map((app) => app.close())))

  const start = async (router: RouterOptions = {}) => {
    const app = await startApp({ storage: new MemoryStorage(), router })
    apps.push(app)
    return app
  }

  describe('is served', () => {
    it('to anybody, where the option says', async () => {
      const app = await start({ openapi: '/openapi.json' })
      const answer = await app.browser().get('/2fa/openapi.json').expect(200)
      expect(answer.get('Content-Type')).to.equal('application/json; charset=utf-8')
      expect(answer.headers).to.include({ 'cache-control': 'no-store' }).and.have.property('x-request-id')
      expect(answer.body).to.deep.equal(openApiDocument())
    })

    it('with the name of the cookie that the option says', async () => {
      const app = await start({ openapi: { path: '/openapi.json', sessionCookie: 'sid' } })
      const answer = await app.browser().get('/2fa/openapi.json').expect(200)
      expect(answer.body).to.deep.equal(openApiDocument({ sessionCookie: 'sid' }))
    })

    it('with where it is mounted, also at the root', async () => {
      const app = await startApp({
        storage: new MemoryStorage(),
        routes(host, secondFactor) {
          host.use('/teams/:id/2fa', secondFactorRouter(secondFactor, { openapi: '/about/api.json' }))
          host.use(secondFactorRouter(secondFactor, { openapi: '/api.json' }))
        },
      })
      apps.push(app)
      for (const [path, url] of [
        ['/teams/7/2fa/about/api.json', '/teams/7/2fa'],
        ['/api.json', '/'],
      ] as const) {
        const answer = await app.browser().get(path).expect(200)
        expect(answer.body).to.have.property('servers').that.deep.equals([{ url }])
      }
    })

    it('nowhere without the option', async () => {
      await (await start()).browser().get('/2fa/openapi.json').expect(404)
    })
  })

  const MISUSES: readonly (readonly [what: string, openapi: unknown, says: string])[] = [
    ['is none', true, 'openapi'],
    ['is null', null, 'openapi'],
    ['is empty', '', '/openapi.json'],
    ['is relative', 'openapi.json', '/openapi.json'],
    ['is a pattern', '/:any', '/openapi.json'],
    ['leads upwards', '/../openapi.json', '/openapi.json'],
    ["is an endpoint's", '/Trusted-Devices', '/Trusted-Devices'],
    ['is missing', { sessionCookie: 'sid' }, '/openapi.json'],
    ['has a misspelt neighbour', { path: '/openapi.json', sessionCooky: 'sid' }, '"sessionCookie"'],
    ['stands beside a name that is none', { path: '/openapi.json', sessionCookie: 1 }, 'sessionCookie'],
  ]
  for (const [what, openapi, says] of MISUSES) {
    it(`is not served at a path that ${what}; the Router says so`, () => {
      const { secondFactor } = newService()
      const make = () => secondFactorRouter(secondFactor, { openapi } as RouterOptions)
      expect(make).to.throw(TypeError, says)
    })
  }
})
