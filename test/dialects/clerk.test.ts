import { expect } from 'chai'
import express from 'express'
import { before, describe, it } from 'mocha'
import { clerkDialect, type ClerkDialectOptions } from '../../lib/dialects/clerk.js'
import type { SecondFactor } from '../../lib/index.js'
import { backend, type ClerkTest, clerkTests, DIALECT, outcomeOfCall, SECRET_KEY } from '../support/clerk.js'
import { connectionsOf } from '../support/connections.js'
import { beginEnrolment, enrolUser, newService } from '../support/service.js'

describe("clerkDialect, with Clerk's own client,", () => {
  const { start } = clerkTests()
  let test: ClerkTest
  before(async () => {
    test = await start()
  })
  const status = (userId: string) => test.secondFactor.status(userId)

  it('verifies a TOTP code, once', async () => {
    const { phone } = await enrolUser(test, 'ann')
    const code = phone.codeAt(test.clock.now())
    const verified = await test.users.verifyTOTP({ userId: 'ann', code })
    expect(verified).to.deep.equal({ verified: true, code_type: 'totp' })
    const again = test.users.verifyTOTP({ userId: 'ann', code })
    expect(await outcomeOfCall(again)).to.equal('422 totp_incorrect_code')
  })

  it('verifies a backup code in the same field, once', async () => {
    const { backupCodes } = await enrolUser(test, 'bob')
    const params = { userId: 'bob', code: String(backupCodes[0]) }
    const verified: object = await test.users.verifyTOTP(params)
    expect(verified).to.deep.equal({ verified: true, code_type: 'backup_code' })
    expect(await outcomeOfCall(test.users.verifyTOTP(params))).to.equal('422 totp_incorrect_code')
    expect((await status('bob')).backupCodes).to.include({ remaining: 9 })
  })

  it('takes codes as people type them', async () => {
    const { phone, backupCodes } = await enrolUser(test, 'typist')
    const typed = [
      phone.codeAt(test.clock.now()).replace(/^.../, '$& '),
      String(backupCodes[0]).toLowerCase(),
    ]
    for (const code of typed) {
      expect(await outcomeOfCall(test.users.verifyTOTP({ userId: 'typist', code }))).to.equal('ok')
    }
  })

  for (const method of ['deleteUserTOTP', 'disableUserMFA'] as const) {
    it(`turns everything off: ${method}`, async () => {
      const userId = `off by ${method}`
      await enrolUser(test, userId)
      await enrolUser(test, userId)
      await beginEnrolment(test, userId)
      const answer: object = await test.users[method](encodeURIComponent(userId))
      expect(answer).to.deep.equal({ user_id: userId })
      expect(await status(userId)).to.deep.include({
        enabled: false,
        authenticators: [],
        backupCodes: null,
        epoch: undefined,
      })
    })
  }

  it('deletes a TOTP that was never verified', async () => {
    await beginEnrolment(test, 'hesitant')
    const answer: object = await test.users.deleteUserTOTP('hesitant')
    expect(answer).to.deep.equal({ user_id: 'hesitant' })
    expect((await status('hesitant')).authenticators).to.deep.equal([])
  })

  it('deletes the backup codes, and leaves the TOTP', async () => {
    const { phone, backupCodes } = await enrolUser(test, 'careless')
    const answer: object = await test.users.deleteUserBackupCodes('careless')
    expect(answer).to.deep.equal({ user_id: 'careless' })
    expect(await status('careless')).to.include({ enabled: true, backupCodes: null })
    const verify = (code: unknown) => test.users.verifyTOTP({ userId: 'careless', code: String(code) })
    expect(await outcomeOfCall(verify(backupCodes[0]))).to.equal('422 totp_incorrect_code')
    expect(await outcomeOfCall(verify(phone.codeAt(test.clock.now())))).to.equal('ok')
  })

  it('disables nothing where there is nothing, and says that it is so', async () => {
    const answer: object = await test.users.disableUserMFA('newcomer')
    expect(answer).to.deep.equal({ user_id: 'newcomer' })
  })

  it('answers to each of its keys, and asks nobody but this host', async () => {
    const keys = [SECRET_KEY, 'sk_test_the_next_one_0123456789']
    const { client } = await start({ dialect: { secretKeys: keys } })
    const hosts = await connectionsOf(async () => {
      for (const key of keys) await client(key).users.disableUserMFA('ann')
    })
    expect([...hosts]).to.deep.equal(['127.0.0.1'])
  })

  it('knows users by ids that need to be written otherwise in an address', async () => {
    const userId = 'tenant:7/ünï & co?#%2F'
    const { phone } = await enrolUser(test, userId)
    const code = phone.codeAt(test.clock.now())
    const verified = test.users.verifyTOTP({ userId: encodeURIComponent(userId), code })
    expect(await outcomeOfCall(verified)).to.equal('ok')
  })

  it('asks the application for the user, and waits for it', async () => {
    const asked: string[] = []
    const user = (userId: string) => {
      asked.push(userId)
      return Promise.resolve(userId === 'ann' ? {} : undefined)
    }
    const { users } = await start({ dialect: { user } })
    expect(await outcomeOfCall(users.disableUserMFA('ann'))).to.equal('ok')
    expect(await outcomeOfCall(users.disableUserMFA('bob'))).to.equal('404 resource_not_found')
    expect(asked).to.deep.equal(['ann', 'bob'])
  })

  it('leaves to the application what its own functions throw', async () => {
    const thrown = Object.assign(new Error('of the directory'), { status: 418 })
    const { url } = await start({ dialect: { user: () => Promise.reject(thrown) } })
    const answer = await backend({ url }, '/v1/users/ann/mfa', { method: 'DELETE' })
    expect(answer.status).to.equal(418)
    expect(answer.headers.get('X-Request-Id')).to.equal(null)
  })

  it('tells the service where a request came from, by the id that is in the answer', async () => {
    await enrolUser(test, 'watched')
    for (const [method, path, type] of [
      ['POST', 'verify_totp', 'failed'],
      ['DELETE', 'backup_code', 'backup_codes_removed'],
      ['DELETE', 'totp', 'reset'],
    ] as const) {
      test.events.length = 0
      const body = method === 'POST' ? { body: '{"code":"AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"}' } : {}
      const { headers } = await backend(test, `/v1/users/watched/${path}`, { method, ...body })
      const event = test.events.find((one) => one.type === type)
      const request = { requestId: headers.get('X-Request-Id'), ip: '127.0.0.1' }
      expect(event?.request, path).to.include(request)
    }
  })

  it('sends nothing that may be stored, and an id to ask about', async () => {
    for (const userId of ['ann', 'nobody']) {
      const { headers } = await backend(test, `/v1/users/${userId}/mfa`, { method: 'DELETE' })
      expect(headers.get('Cache-Control')).to.equal('no-store')
      expect(headers.get('X-Request-Id')).to.match(/^[\da-f-]{36}$/)
      // Clerk's client parses nothing that has a charset beside it.
      expect(headers.get('Content-Type')).to.equal('application/json')
    }
  })

  for (const [method, path] of [
    ['GET', '/v1/users/ann/totp'],
    ['GET', '/v1/users/ann/backup_code'],
    ['POST', '/v1/users/ann/totp'],
    ['GET', '/v1/users/ann/verify_totp'],
    ['POST', '/v1/users/ann/verify_totp/more'],
    ['DELETE', '/v1/users/ann'],
    ['POST', '/v1/users/ann/lock'],
    ['GET', '/v1/users'],
    ['POST', '/v1/me/totp'],
  ] as const) {
    it(`leaves to the application ${method} ${path}`, async () => {
      const { url } = await start({ front: (app) => app.use(express.text()) })
      const headers = { Authorization: undefined }
      const answer = await backend({ url }, path, { method, headers })
      expect(answer.status).to.equal(404)
      expect(answer.headers.get('X-Request-Id')).to.equal(null)
    })
  }

  const secretKeys = DIALECT.secretKeys
  const user = () => ({})
  const SHORT = 'sk_of_15_chars_'
  const MISUSES: readonly (readonly [what: string, options: unknown, says: string])[] = [
    ['no options', undefined, 'options'],
    ['a misspelt option', { user, secretKey: secretKeys }, 'Did you mean "secretKeys"?'],
    ['no keys', { user }, 'secretKeys'],
    ['a list without a key', { user, secretKeys: [] }, 'secretKeys'],
    ['a key in place of a list', { user, secretKeys: SECRET_KEY }, 'secretKeys'],
    ['a key that is not set', { user, secretKeys: [undefined] }, 'secretKeys'],
    ['an empty key beside a good one', { user, secretKeys: [SECRET_KEY, ''] }, 'secretKeys'],
    ['a key that is soon guessed', { user, secretKeys: [SHORT] }, 'secretKeys'],
    ['a key that no header carries', { user, secretKeys: [`${SECRET_KEY} `] }, 'secretKeys'],
    ['a key that is a number', { user, secretKeys: [1234567890123456] }, 'secretKeys'],
    ['no user', { secretKeys }, 'user'],
    ['a user that is none', { secretKeys, user: {} }, 'user'],
    ['frontend options that are none', { user, secretKeys, signedIn: true }, 'clerkDialect: signedIn'],
    ['a misspelt frontend option', { user, secretKeys, signedIn: { usr: user } }, 'Did you mean "user"?'],
    [
      'an age of nought',
      { user, secretKeys, signedIn: { managementMaxAgeSeconds: 0 } },
      'managementMaxAgeSeconds',
    ],
  ]
  for (const [what, options, says] of MISUSES) {
    it(`refuses to be made with ${what}, saying so, and no key`, () => {
      const { secondFactor } = newService()
      const make = () => clerkDialect(secondFactor, options as ClerkDialectOptions)
      expect(make).to.throw(TypeError, says).with.property('message').that.does.not.include('sk_')
    })
  }

  it('refuses to be made with no second factor', () => {
    for (const none of [undefined, () => undefined]) {
      const make = () => clerkDialect(none as unknown as SecondFactor, DIALECT)
      expect(make).to.throw(TypeError, 'createSecondFactor')
    }
  })
})
