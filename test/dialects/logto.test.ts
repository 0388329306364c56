import { createManagementApi } from '@logto/api/management'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import * as OTPAuth from 'otpauth'
import { logtoDialect, type LogtoDialectOptions } from '../../lib/dialects/logto.js'
import type { SecondFactor } from '../../lib/index.js'
import type { TestApp } from '../support/app.js'
import { readQrCode } from '../support/qr-code.js'
import { newService } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'
import {
  dataOf,
  isManager,
  type LogtoAnswer,
  type ManagementApi,
  managementApi,
  outcomeOf,
  outcomes,
  phoneOf,
  spend,
  standingOf,
  TOKEN,
  withLogto,
} from './logto.js'

interface NewTotp {
  readonly type: string
  readonly secret: string
  readonly secretQrCode: string
}

const LIST = '/api/users/{userId}/mfa-verifications'
const LOGTO_SECRET = 'GEZDGNBVGY3TQOJQ'
const LOGTO_CODES = Array.from({ length: 10 }, (_, index) => `0123456${index}af`)

const add = async (api: ManagementApi, userId: string, body: { type: string }) =>
  (await api.POST(LIST, { params: { path: { userId } }, body })) as LogtoAnswer
const addTotp = async (api: ManagementApi, userId: string, secret?: string) =>
  (await add(api, userId, { type: 'Totp', ...(secret !== undefined && { secret }) })) as LogtoAnswer<NewTotp>
const addCodes = async (api: ManagementApi, userId: string, codes?: readonly string[]) =>
  (await add(api, userId, { type: 'BackupCode', ...(codes && { codes }) })) as LogtoAnswer<{
    codes: string[]
  }>
const list = async (api: ManagementApi, userId: string) =>
  dataOf((await api.GET(LIST, { params: { path: { userId } } })) as LogtoAnswer<Verification[]>)
const remove = async (api: ManagementApi, userId: string, verificationId: string) =>
  (await api.DELETE(`${LIST}/{verificationId}`, {
    params: { path: { userId, verificationId } },
  })) as LogtoAnswer

interface Verification {
  readonly id: string
  readonly type: string
  readonly createdAt: string
  readonly lastUsedAt?: string
  readonly remainCodes?: number
}

describe('logtoDialect, as @logto/api manages users with it', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  let api: ManagementApi
  before(async () => {
    app = await start(withLogto())
    api = managementApi(app.url)
  })

  const iso = () => new Date(app.clock.now()).toISOString()

  it('binds an authenticator that counts at once, and that an authenticator app can read', async () => {
    const { type, secret, secretQrCode } = dataOf(await addTotp(api, 'bound'))
    expect(type).to.equal('Totp')
    const read = OTPAuth.URI.parse(String(readQrCode(secretQrCode))) as OTPAuth.TOTP
    expect(read).to.include({ issuer: 'ACME', label: 'bound', algorithm: 'SHA1', digits: 6, period: 30 })
    expect(read.secret.base32).to.equal(secret)
    await spend(app, 'bound', read.generate({ timestamp: app.clock.now() }))
    expect(await standingOf(app, 'bound')).to.deep.include({ authenticators: ['verified'] })
  })

  it('binds the secret that is given', async () => {
    const { secret, secretQrCode } = dataOf(await addTotp(api, 'migrated', LOGTO_SECRET))
    expect(secret).to.equal(LOGTO_SECRET)
    const read = OTPAuth.URI.parse(String(readQrCode(secretQrCode))) as OTPAuth.TOTP
    expect(read.secret.base32).to.equal(LOGTO_SECRET)
    await spend(app, 'migrated', phoneOf(LOGTO_SECRET).codeAt(app.clock.now()))
    expect(await standingOf(app, 'migrated')).to.deep.include({ authenticators: ['verified'] })
  })

  it('shows a given secret as Logto’s apps have it, and an own one as the second factor makes them', async () => {
    const other = await start({
      ...withLogto(),
      secondFactor: { issuer: 'A&B?=algorithm', totp: { digits: 8, period: 60, algorithm: 'SHA256' } },
    })
    const uris = []
    for (const secret of [undefined, LOGTO_SECRET]) {
      const { secretQrCode } = dataOf(
        await addTotp(managementApi(other.url), `given ${secret ?? 'none'}`, secret),
      )
      uris.push(OTPAuth.URI.parse(String(readQrCode(secretQrCode))))
    }
    const [own, given] = uris
    expect(own).to.include({ issuer: 'A&B?=algorithm', algorithm: 'SHA256', digits: 8, period: 60 })
    expect(given).to.include({ issuer: 'A&B?=algorithm', algorithm: 'SHA1', digits: 6, period: 30 })
    const code = given?.generate({ timestamp: other.clock.now() })
    await spend(other, `given ${LOGTO_SECRET}`, code)
  })

  it('refuses a second authenticator, and changes nothing', async () => {
    const { secret } = dataOf(await addTotp(api, 'has one'))
    expect(outcomeOf(await addTotp(api, 'has one'))).to.equal('422 user.totp_already_in_use')
    expect(outcomeOf(await addTotp(api, 'has one', LOGTO_SECRET))).to.equal('422 user.totp_already_in_use')
    expect(await standingOf(app, 'has one')).to.deep.include({ authenticators: ['verified'] })
    await spend(app, 'has one', phoneOf(secret).codeAt(app.clock.now()))
  })

  it('binds one of twenty that come at once, and shows the secret of no other', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => addTotp(api, 'raced')))
    expect(outcomes(answers)).to.deep.equal({ '200': 1, '422 user.totp_already_in_use': 19 })
    expect(await standingOf(app, 'raced')).to.deep.include({ authenticators: ['verified'] })
    const { secret } = dataOf(answers.find(({ data }) => data) ?? { response: new Response() })
    await spend(app, 'raced', phoneOf(secret).codeAt(app.clock.now()))
  })

  it('makes backup codes that count at once', async () => {
    await addTotp(api, 'with codes')
    const { codes, ...rest } = dataOf(await addCodes(api, 'with codes'))
    expect(rest).to.deep.equal({ type: 'BackupCode' })
    expect(new Set(codes).size).to.equal(10)
    await spend(app, 'with codes', codes[0])
    expect(await standingOf(app, 'with codes')).to.deep.include({ codes: 9 })
  })

  it('takes the backup codes of Logto', async () => {
    await addTotp(api, 'with Logto’s')
    const { codes } = dataOf(await addCodes(api, 'with Logto’s', LOGTO_CODES))
    expect(codes).to.deep.equal(LOGTO_CODES)
    await spend(app, 'with Logto’s', LOGTO_CODES[3])
    expect(await standingOf(app, 'with Logto’s')).to.deep.include({ codes: 9 })
  })

  const UNLIKE_LOGTOS = {
    nine: LOGTO_CODES.slice(1),
    eleven: [...LOGTO_CODES, 'abcdef0123'],
    'upper case': LOGTO_CODES.map((code) => code.toUpperCase()),
    'a longer one': [...LOGTO_CODES.slice(1), 'abcdef01234'],
    'one twice': [...LOGTO_CODES.slice(1), String(LOGTO_CODES[1])],
  }
  for (const [what, codes] of Object.entries(UNLIKE_LOGTOS)) {
    it(`refuses backup codes that are not as Logto’s: ${what}`, async () => {
      await addTotp(api, what)
      expect(outcomeOf(await addCodes(api, what, codes))).to.equal('422 user.wrong_backup_code_format')
      expect(await standingOf(app, what)).to.deep.include({ codes: undefined })
    })
  }

  it('replaces backup codes when all are used up, and not before', async () => {
    await addTotp(api, 'uses all')
    const { codes } = dataOf(await addCodes(api, 'uses all'))
    for (const code of codes.slice(1)) await spend(app, 'uses all', code)
    expect(outcomeOf(await addCodes(api, 'uses all'))).to.equal('422 user.backup_code_already_in_use')
    await spend(app, 'uses all', codes[0])
    expect(outcomeOf(await addCodes(api, 'uses all', LOGTO_CODES))).to.equal(
      '422 user.backup_code_already_in_use',
    )
    dataOf(await addCodes(api, 'uses all'))
    expect(await standingOf(app, 'uses all')).to.deep.include({ codes: 10 })
  })

  it('lists what is in force, and nothing that could be used', async () => {
    expect(await list(api, 'listed')).to.deep.equal([])
    const { secret } = dataOf(await addTotp(api, 'listed'))
    const createdAt = iso()
    const { codes } = dataOf(await addCodes(api, 'listed'))
    await app.secondFactor.enrol('listed')
    await app.secondFactor.generateBackupCodes('listed')
    app.clock.advance(60)
    await spend(app, 'listed', phoneOf(secret).codeAt(app.clock.now()))
    await spend(app, 'listed', codes[0])
    const [totp, set, ...others] = await list(api, 'listed')
    expect(others).to.deep.equal([])
    expect(totp).to.deep.equal({ id: totp?.id, type: 'Totp', createdAt, lastUsedAt: iso() })
    expect(set).to.deep.equal({ id: set?.id, type: 'BackupCode', createdAt, remainCodes: 9 })
  })

  it('takes away what is listed, one by one', async () => {
    await addTotp(api, 'removed')
    await addCodes(api, 'removed')
    const [totp, set] = await list(api, 'removed')
    const others = await app.secondFactor.enrol('removed')
    expect(outcomeOf(await remove(api, 'removed', others.ok ? others.id : ''))).to.equal(
      '404 entity.not_found',
    )
    expect((await remove(api, 'removed', String(set?.id))).response.status).to.equal(204)
    expect(await standingOf(app, 'removed')).to.deep.include({ enabled: true, codes: undefined })
    expect(outcomeOf(await remove(api, 'removed', String(set?.id)))).to.equal('404 entity.not_found')
    expect((await remove(api, 'removed', String(totp?.id))).response.status).to.equal(204)
    expect(await standingOf(app, 'removed')).to.deep.include({ enabled: false })
    expect(await list(api, 'removed')).to.deep.equal([])
    expect(outcomeOf(await remove(api, 'removed', String(totp?.id)))).to.equal('404 entity.not_found')
  })

  it('takes nothing away of somebody else', async () => {
    await addTotp(api, 'owner')
    const [totp] = await list(api, 'owner')
    await addTotp(api, 'stranger')
    expect(outcomeOf(await remove(api, 'stranger', String(totp?.id)))).to.equal('404 entity.not_found')
    expect(await standingOf(app, 'owner')).to.deep.include({ enabled: true })
  })

  it('leaves nothing pending behind, whether it binds or not', async () => {
    for (const maxAuthenticators of [1, 2]) {
      const other = await start({ ...withLogto(), secondFactor: { totp: { maxAuthenticators } } })
      const name = `room for ${maxAuthenticators}`
      dataOf(await addTotp(managementApi(other.url), name))
      expect(await standingOf(other, name)).to.deep.include({ authenticators: ['verified'] })
    }
    const importTotp: SecondFactor['importTotp'] = () => Promise.reject(new Error('of the application'))
    const failing = await start({
      routes: (express, secondFactor) => {
        express.use(logtoDialect({ ...secondFactor, importTotp }, { authorize: isManager }))
      },
    })
    expect((await addTotp(managementApi(failing.url), 'fails')).response.status).to.equal(500)
    expect(await standingOf(failing, 'fails')).to.deep.include({ enabled: false, authenticators: [] })
  })

  describe('knows users as the application does', () => {
    const USERS: Readonly<Record<string, object>> = {
      named: { name: 'Ann', username: 'ann', primaryEmail: 'ann@example.com' },
      'with a username': { name: '', username: 'ann', primaryEmail: 'ann@example.com' },
      'with an address': { username: null, primaryEmail: 'ann@example.com', primaryPhone: '123' },
      'with a telephone': { primaryPhone: '123' },
      nameless: { name: 5 },
    }
    const user = (userId: string) => Promise.resolve(USERS[userId])

    const labelOf = async (where: TestApp, userId: string) => {
      const { secretQrCode } = dataOf(await addTotp(managementApi(where.url), userId))
      return OTPAuth.URI.parse(String(readQrCode(secretQrCode))).label
    }

    it('by the name that Logto would show', async () => {
      const named = await start(withLogto({ authorize: isManager, user }))
      const labels = []
      for (const userId of Object.keys(USERS)) labels.push(await labelOf(named, userId))
      expect(labels).to.deep.equal(['Ann', 'ann', 'ann@example.com', '123', 'nameless'])
    })

    it('by the name that it says', async () => {
      const accountName = (found: object, userId: string) =>
        `${userId} ${(found as { username: string }).username}`
      const named = await start(
        withLogto({ authorize: isManager, user: () => ({ username: 'ann' }), accountName }),
      )
      expect(await labelOf(named, 'called')).to.equal('called ann')
    })

    it('and nobody else, whatever is asked', async () => {
      const other = await start(withLogto({ authorize: isManager, user }))
      const client = managementApi(other.url)
      const path = { userId: 'nobody', verificationId: 'none' }
      const answers = [
        await client.GET(LIST, { params: { path } }),
        await addTotp(client, 'nobody'),
        await addCodes(client, 'nobody'),
        await remove(client, 'nobody', 'none'),
      ] as LogtoAnswer[]
      expect(outcomes(answers)).to.deep.equal({ '404 entity.not_found': 4 })
    })

    it('and no id that can be none', async () => {
      for (const userId of ['x'.repeat(256), 'nul\0', '\ufffd']) {
        expect(outcomeOf(await addTotp(api, userId)), JSON.stringify(userId)).to.equal('404 entity.not_found')
      }
      dataOf(await addTotp(api, 'x'.repeat(255)))
      dataOf(await addTotp(api, 'Zoë/🧑 %2F'))
      expect(await standingOf(app, 'Zoë/🧑 %2F')).to.include({ enabled: true })
    })

    it('and leaves to the application what its functions reject with', async () => {
      const trouble = Object.assign(new Error('of the application'), { status: 418 })
      const broken = await start(withLogto({ authorize: isManager, user: () => Promise.reject(trouble) }))
      const { response, error } = await addTotp(managementApi(broken.url), 'whoever')
      expect(response.status).to.equal(418)
      expect(error).to.deep.equal({ error: 'of the application' })
    })
  })

  it('is managed with a token that the client has fetched itself', async () => {
    const options = withLogto()
    const own = await start({
      ...options,
      routes: (express, secondFactor, auth) => {
        options.routes?.(express, secondFactor, auth)
        express.post('/oidc/token', (req, res) => {
          const { grant_type: grant } = req.body as { grant_type?: string }
          if (grant !== 'client_credentials') res.sendStatus(400)
          else res.json({ access_token: TOKEN, expires_in: 3600, token_type: 'Bearer', scope: 'all' })
        })
      },
    })
    const { apiClient } = createManagementApi('tenant', {
      clientId: 'program',
      clientSecret: 'secret',
      baseUrl: own.url,
    })
    dataOf(await addTotp(apiClient, 'fetched'))
    expect(await list(apiClient, 'fetched')).to.have.length(1)
  })

  it('has no management routes without somebody to say who may use them', async () => {
    const closed = await start(withLogto({}))
    const { response } = await addTotp(managementApi(closed.url), 'unmanaged')
    expect(response.status).to.equal(404)
    expect(response.headers.get('Content-Type')).to.match(/^text\/html/)
    expect(await standingOf(closed, 'unmanaged')).to.include({ enabled: false })
  })

  it('leaves every other path to the application', async () => {
    const paths = [
      '/api/users/owner',
      '/api/users',
      '/api/experience',
      '/api/experience/profile/mfa/mfa-skipped',
    ]
    for (const path of paths) {
      const { response } = await api.POST(path as '/api/users', { body: {} })
      expect(response.headers.get('Content-Type'), path).to.match(/^text\/html/)
      expect(response.status).to.equal(404)
    }
  })
})

describe('logtoDialect', () => {
  const { secondFactor } = newService()
  const WRONG: Readonly<Record<string, readonly [options: object, complaint: RegExp]>> = {
    'a misspelt name': [{ autorize: isManager }, /unknown option "autorize". Did you mean "authorize"\?/],
    'what authorizes': [{ authorize: TOKEN }, /authorize must be a function/],
    'who users are': [{ user: {} }, /user must be a function/],
    'what accounts are called': [{ accountName: 'ACME' }, /accountName must be a function/],
    'an option of those who are signed in': [
      { signedIn: { managementMaxAgeSeconds: 0 } },
      /managementMaxAgeSeconds must be a number from 1/,
    ],
    'a name among those': [{ signedIn: { authorize: isManager } }, /unknown option "authorize"/],
  }
  for (const [what, [options, complaint]] of Object.entries(WRONG)) {
    it(`refuses ${what} when it is made`, () => {
      expect(() => logtoDialect(secondFactor, options as LogtoDialectOptions)).to.throw(TypeError, complaint)
    })
  }

  it('refuses what is no second factor', () => {
    expect(() => logtoDialect({} as SecondFactor)).to.throw(TypeError, /createSecondFactor/)
  })
})
