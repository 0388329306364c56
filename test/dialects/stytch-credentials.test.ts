import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { CountingStorage } from '../support/counting-storage.js'
import {
  activeTotp,
  basic,
  CREDENTIALS,
  PROJECT,
  PROJECT_SECRET,
  send,
  type StytchTest,
  stytchTests,
  userOf,
} from '../support/stytch.js'

describe('stytchDialect, about credentials,', () => {
  const { start } = stytchTests()
  const storage = new CountingStorage()
  let lookups = 0
  let test: StytchTest
  let totp_id: string
  before(async () => {
    const user = (userId: string) => {
      lookups++
      return userOf(userId)
    }
    test = await start({ secondFactor: { storage }, dialect: { user } })
    totp_id = (await activeTotp(test, 'owner')).totp_id
    storage.reset()
    lookups = 0
  })

  const untouched = { read: 0, insert: 0, replace: 0, remove: 0 }
  const right = `${PROJECT}:${PROJECT_SECRET}`
  const wrong: Readonly<Record<string, string | undefined>> = {
    none: undefined,
    'an empty header': '',
    'a scheme alone': 'Basic',
    'a scheme and a space': 'Basic ',
    'another scheme': basic(right).replace('Basic', 'Bearer'),
    'no scheme': basic(right).slice(6),
    'no base64': `Basic ${right}`,
    'two of them': `${basic(right)}, ${basic(right)}`,
    'something behind': `${basic(right)} x`,
    'base64 with something in it': `${basic(right).slice(0, 12)}-${basic(right).slice(12)}`,
    'no colon': basic(PROJECT + PROJECT_SECRET),
    'a secret alone': basic(PROJECT_SECRET),
    'a secret alone that begins with its project': basic('sixteen letters!'),
    'no secret': basic(`${PROJECT}:`),
    'no project': basic(`:${PROJECT_SECRET}`),
    nothing: basic(':'),
    'part of the secret': basic(right.slice(0, -1)),
    'more than the secret': basic(`${right}x`),
    'the secret in another case': basic(right.toUpperCase()),
    "another project's secret": basic(`${PROJECT}:the secret of another`),
    'an unknown project': basic(`project-2:${PROJECT_SECRET}`),
    'a name that every object has': basic('constructor:function Object() { [native code] }'),
    'the prototype': basic('__proto__:[object Object]'),
    'a project that has no secret': basic('toString:undefined'),
  }
  for (const [name, header] of Object.entries(wrong)) {
    it(`refuses ${name}, and looks at nothing else`, async () => {
      const headers = {
        'Content-Type': 'application/json',
        ...(header !== undefined && { Authorization: header }),
      }
      const paths = ['', '/authenticate', '/recover', '/recovery_codes'].map((path) => `/v1/totps${path}`)
      // A body that nobody could read shows that nobody has tried.
      const posted = paths.map((path) => send(test, path, { headers, body: '{"user_id":"owner"' }))
      const deleted = send(test, `/v1/users/totps/${totp_id}`, { method: 'DELETE', headers, body: '{}' })
      for (const { status, body, headers: answered } of await Promise.all([...posted, deleted])) {
        expect([status, body['error_type']]).to.deep.equal([401, 'unauthorized_credentials'])
        expect(answered.get('WWW-Authenticate')).to.match(/^Basic realm="/)
        expect(answered.get('Cache-Control')).to.equal('no-store')
      }
      expect(storage.counts).to.deep.equal(untouched)
      expect(lookups).to.equal(0)
    })
  }

  const accepted: Readonly<Record<string, string>> = {
    'as clients send them': basic(right),
    'with the scheme in small letters': basic(right).replace('Basic', 'basic'),
    'with the scheme in capital letters': basic(right).replace('Basic', 'BASIC'),
    'with more spaces': basic(right).replace(' ', '   '),
    'of another project': basic('other:the secret of another'),
  }
  for (const [name, Authorization] of Object.entries(accepted)) {
    it(`takes right ones ${name}`, async () => {
      const headers = { ...CREDENTIALS, Authorization }
      const { body } = await send(test, '/v1/totps', { headers, body: '{"user_id":"owner"}' })
      expect(body['error_type']).to.equal('active_totp_exists')
    })
  }

  it('asks the storage nothing about a user whom the application does not know', async () => {
    storage.reset()
    const headers = CREDENTIALS
    const body = JSON.stringify({ user_id: 'nobody', totp_code: '123456', recovery_code: 'ckss-2skx-ebow' })
    for (const path of ['', '/authenticate', '/recover', '/recovery_codes']) {
      expect((await send(test, `/v1/totps${path}`, { headers, body })).status).to.equal(404)
    }
    expect(storage.counts).to.deep.equal(untouched)
  })
})
