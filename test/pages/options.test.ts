import { expect } from 'chai'
import { describe, it } from 'mocha'
import { MemoryStorage } from '../../lib/index.js'
import { type PagesOptions, secondFactorPages } from '../../lib/pages/index.js'
import { startApp } from '../support/app.js'
import { visit } from '../support/page-forms.js'
import { newService } from '../support/service.js'

const make = (options: unknown) => () => secondFactorPages(newService().secondFactor, options as PagesOptions)

const PATHS = [
  'https://evil.example',
  '//evil.example',
  'login',
  '',
  '/a?b',
  '/a#b',
  '/\\a',
  '/a/../b',
  '/a b',
  7,
  null,
]

describe('the options of secondFactorPages', () => {
  it('are none by default', () => {
    expect(make({})).to.not.throw()
    expect(() => secondFactorPages(newService().secondFactor)).to.not.throw()
  })

  it('are all of them these', () => {
    const options: Required<PagesOptions> = {
      user: (req) => req.user,
      userId: () => 'anna',
      accountName: () => 'anna',
      managementMaxAgeSeconds: 60,
      allowedOrigins: ['https://app.example'],
      homePath: '/home',
      loginPath: '/login',
      logoutPath: '/logout',
      redirectOrigins: ['https://login.example'],
      theme: {},
      views: { challenge: 'challenge', setup: 'setup', codes: 'codes', manage: 'manage', notice: 'notice' },
      language: 'de',
      messages: { de: { signIn: 'Anmelden' } },
    }
    expect(make(options)).to.not.throw()
  })

  it('let a form lead on to sites that are named, and to no others', async () => {
    const app = await startApp({
      storage: new MemoryStorage(),
      pages: { redirectOrigins: ['https://login.example', 'https://other.example:8443'] },
    })
    try {
      const policy = (await visit(app.browser(), '/2fa/')).get('Content-Security-Policy')
      expect(policy).to.include("; form-action 'self' https://login.example https://other.example:8443; ")
    } finally {
      await app.close()
    }
  })

  for (const origins of [
    ['https://x.example/path'],
    ['x.example'],
    ["'none'; script-src *"],
    'https://x.example',
  ]) {
    it(`refuse redirectOrigins of ${JSON.stringify(origins)}`, () => {
      expect(make({ redirectOrigins: origins })).to.throw(TypeError, /redirectOrigins/)
    })
  }

  const misspelt = {
    homepath: 'homePath',
    loginPaht: 'loginPath',
    logoutpath: 'logoutPath',
    themes: 'theme',
    view: 'views',
    languages: 'language',
    message: 'messages',
    managementMaxAgeSecond: 'managementMaxAgeSeconds',
    acountName: 'accountName',
  }
  for (const [name, meant] of Object.entries(misspelt)) {
    it(`refuse ${name}, and say that ${meant} is meant`, () => {
      expect(make({ [name]: '/x' })).to.throw(
        TypeError,
        `secondFactorPages: unknown option "${name}". Did you mean "${meant}"?`,
      )
    })
  }

  for (const name of ['homePath', 'loginPath', 'logoutPath']) {
    for (const path of PATHS) {
      it(`refuse ${name} ${JSON.stringify(path)}`, () => {
        expect(make({ [name]: path })).to.throw(TypeError, `secondFactorPages: ${name} must be a path`)
      })
    }
  }

  const wrong: readonly (readonly [options: unknown, message: string])[] = [
    [null, 'options must be an object'],
    [[], 'options must be an object'],
    ['x', 'options must be an object'],
    [{ theme: null }, 'theme: options must be an object'],
    [{ theme: 'dark' }, 'theme: options must be an object'],
    [{ theme: { brand: 'red' } }, 'theme.brand must be a colour'],
    [{ views: null }, 'views: options must be an object'],
    [{ views: 'x' }, 'views: options must be an object'],
    [{ views: { chalenge: 'x' } }, 'views: unknown option "chalenge". Did you mean "challenge"?'],
    [{ views: { challenge: '' } }, 'views.challenge must be the name of an Express view'],
    [{ views: { codes: 7 } }, 'views.codes must be the name of an Express view'],
    [{ views: { codes: undefined } }, 'views.codes must be the name of an Express view'],
    [{ language: 'xx' }, 'language must be one of'],
    [{ messages: { de: { signIn: 7 } } }, 'messages.de.signIn must be a text'],
    [{ user: 'x' }, 'user must be a function'],
    [{ userId: 'x' }, 'userId must be a function'],
    [{ accountName: 'x' }, 'accountName must be a function'],
    [{ managementMaxAgeSeconds: 0 }, 'managementMaxAgeSeconds must be a number'],
    [{ managementMaxAgeSeconds: '60' }, 'managementMaxAgeSeconds must be a number'],
    [{ allowedOrigins: 'https://app.example' }, 'allowedOrigins must be a list of origins'],
    [{ allowedOrigins: ['app.example'] }, 'allowedOrigins must be a list of origins'],
  ]
  for (const [options, message] of wrong) {
    it(`refuse ${JSON.stringify(options)}`, () => {
      expect(make(options)).to.throw(TypeError, `secondFactorPages: ${message}`)
    })
  }

  it('come behind what createSecondFactor() has returned', () => {
    for (const first of [undefined, null, {}, createNothing]) {
      expect(() => secondFactorPages(first as never)).to.throw(TypeError, 'createSecondFactor()')
    }
  })
})

const createNothing = () => undefined
