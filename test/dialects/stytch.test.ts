import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { stytchDialect, type StytchDialectOptions } from '../../lib/dialects/stytch.js'
import { wrongCode } from '../support/app.js'
import { readQrCode } from '../support/qr-code.js'
import { connectionsOf } from '../support/connections.js'
import { beginEnrolment, enrolUser, newService } from '../support/service.js'
import {
  activeTotp,
  createTotp,
  CREDENTIALS,
  PROJECT,
  send,
  type StytchTest,
  stytchErrorOf,
  stytchTests,
  userOf,
} from '../support/stytch.js'

describe("stytchDialect, with Stytch's own client,", () => {
  const { start } = stytchTests()
  let test: StytchTest
  before(async () => {
    test = await start()
  })

  it('takes a user from creating a TOTP to deleting it, and asks nobody but this host', async () => {
    const { client, clock, secondFactor } = await start()
    const user_id = 'user-test-1'
    const life = async () => {
      const { totp_id, phone, recovery_codes } = await createTotp({ ...test, client }, user_id)
      expect((await secondFactor.status(user_id)).enabled).to.equal(false)

      const first = await client.totps.authenticate({ user_id, totp_code: phone.codeAt(clock.now()) })
      expect(first).to.include({ status_code: 200, user_id, totp_id, session_token: '', session_jwt: '' })
      expect(first.session).to.equal(null)
      expect((await secondFactor.status(user_id)).enabled).to.equal(true)

      clock.advance(30)
      const second = await client.totps.authenticate({ user_id, totp_code: phone.codeAt(clock.now()) })
      expect(second).to.include({ status_code: 200, totp_id })
      expect(second.user).to.deep.equal(userOf(user_id))

      const [recovery_code = ''] = recovery_codes
      const recovered = await client.totps.recover({ user_id, recovery_code })
      expect(recovered).to.include({ status_code: 200, totp_id, user_id, session_token: '' })
      expect((await secondFactor.status(user_id)).backupCodes).to.include({ remaining: 9, total: 10 })

      const deleted = await client.users.deleteTOTP({ totp_id })
      expect(deleted).to.include({ status_code: 200, user_id })
      expect((await secondFactor.status(user_id)).epoch).to.equal(undefined)
      const anew = await createTotp({ ...test, client }, user_id)
      expect(anew.totp_id).not.to.equal(totp_id)
    }
    expect([...(await connectionsOf(life))]).to.deep.equal(['127.0.0.1'])
  })

  it('keeps users apart, whatever their ids are', async () => {
    for (const user_id of ['a', 'a.b', '.', 'ü 😀/?#%', 'x'.repeat(255), '__proto__']) {
      const { totp_id, phone } = await createTotp(test, user_id)
      await test.client.totps.authenticate({ user_id, totp_code: phone.codeAt(test.clock.now()) })
      expect((await test.client.users.deleteTOTP({ totp_id })).user_id).to.equal(user_id)
    }
  })

  it('takes codes as people type them', async () => {
    const { phone, recovery_code } = await activeTotp(test, 'typist')
    const code = phone.codeAt(test.clock.now())
    const totp_code = ` ${code.slice(0, 3)} ${code.slice(3)}`
    await test.client.totps.authenticate({ user_id: 'typist', totp_code })
    const typed = recovery_code.toLowerCase().replaceAll('-', ' ')
    await test.client.totps.recover({ user_id: 'typist', recovery_code: typed })
  })

  it('waits for the first code as long as is asked for', async () => {
    for (const [expiration_minutes, seconds] of [
      [5, 300],
      [1440, 86_400],
      [undefined, 86_400],
    ] as const) {
      const user_id = `waits-${String(expiration_minutes)}`
      await test.client.totps.create({ user_id, ...(expiration_minutes && { expiration_minutes }) })
      const [{ expiresAt, createdAt } = { expiresAt: 0, createdAt: 0 }] = (
        await test.secondFactor.status(user_id)
      ).authenticators
      expect(Number(expiresAt) - createdAt).to.equal(seconds * 1000)
    }
  })

  it('lets a TOTP that was deleted or has expired unconfirmed be created again', async () => {
    const { totp_id } = await createTotp(test, 'starts over')
    await test.client.users.deleteTOTP({ totp_id })
    await test.client.totps.create({ user_id: 'starts over', expiration_minutes: 5 })
    test.clock.advance(300)
    const { phone } = await createTotp(test, 'starts over')
    const totp_code = phone.codeAt(test.clock.now())
    await test.client.totps.authenticate({ user_id: 'starts over', totp_code })
  })

  it('takes a user that the application has enrolled by other ways, and imported codes of Stytch', async () => {
    const { secondFactor, clock, client } = test
    const user_id = 'moved'
    const { id } = (await secondFactor.importTotp(user_id, {
      base32: 'BTGNX5RKJRMQWQFRQKTG34JCF6XDRHZS',
    })) as { id: string }
    await secondFactor.importBackupCodes(user_id, ['ckss-2skx-ebow', '12345678', 'hi08-n5tk-lns5'])
    const mistaken = client.totps.authenticate({ user_id, totp_code: '12345678' })
    expect((await stytchErrorOf(mistaken)).error_type).to.equal('invalid_totp_code')
    const codes = ['ckss-2skx-ebow', '12345678']
    for (const recovery_code of codes) await client.totps.recover({ user_id, recovery_code })
    clock.advance(30)
    const { totp_id } = await client.totps.recover({ user_id, recovery_code: 'HI08N5TKLNS5' })
    await client.users.deleteTOTP({ totp_id })
    expect(await secondFactor.remove(user_id, id)).to.include({ reason: 'not_found' })
  })

  it('confirms what the application has begun, and hands out no codes that nobody would see', async () => {
    const { secondFactor, clock, client } = test
    const { phone } = await beginEnrolment(test, 'begun elsewhere')
    const totp_code = phone.codeAt(clock.now())
    await client.totps.authenticate({ user_id: 'begun elsewhere', totp_code })
    const status = await secondFactor.status('begun elsewhere')
    expect(status).to.include({ enabled: true, backupCodes: null })
  })

  it('recovers the TOTP that counts, and none that waits beside it', async () => {
    const user_id = 'has two'
    await beginEnrolment(test, user_id)
    const { authenticator, backupCodes } = await enrolUser(test, user_id)
    const [recovery_code = ''] = backupCodes
    const { totp_id } = await test.client.totps.recover({ user_id, recovery_code })
    await test.client.users.deleteTOTP({ totp_id })
    expect(await test.secondFactor.remove(user_id, authenticator.id)).to.include({ reason: 'not_found' })
  })

  it('names the account by the email, else by the id, else as the application does', async () => {
    const named = async (user: object, more: Partial<StytchDialectOptions> = {}) => {
      const { client } = await start({ dialect: { user: () => user, ...more } })
      const { qr_code } = await client.totps.create({ user_id: 'the id' })
      return decodeURIComponent(new URL(String(readQrCode(qr_code))).pathname)
    }
    expect(await named({ emails: [{ email: 'ann@example.com' }, { email: 'b@example.com' }] })).to.equal(
      '/ACME:ann@example.com',
    )
    for (const emails of [undefined, [], [null], [{}], [{ email: ' ' }], 'ann@example.com']) {
      expect(await named({ emails })).to.equal('/ACME:the id')
    }
    const accountName = (user: object, userId: string) => `${userId}/${Object.keys(user).join()}`
    expect(await named({ name: 'Ann' }, { accountName })).to.equal('/ACME:the id/name')
  })

  describe('leaves to the application', () => {
    it('every path and method that is not its own', async () => {
      expect((await send(test, '/v1/totps', { method: 'GET' })).body).to.deep.equal({
        text: 'the application',
      })
      for (const path of ['/v1/totps/other', '/v1/users', '/v2/totps', '/totps']) {
        const { status, body } = await send(test, path, { headers: CREDENTIALS, body: '{}' })
        expect(status, path).to.equal(404)
        expect(body['text']).to.match(/Cannot POST/)
      }
    })

    it('what its own functions throw, whatever it looks like', async () => {
      const trouble = Object.assign(new Error('the user table is away'), { status: 404 })
      const user = () => Promise.reject(trouble)
      const { client, leftErrors } = await start({ dialect: { user } })
      let message = ''
      await client.totps.create({ user_id: 'anybody' }).catch((error: unknown) => {
        message = (error as Error).message
      })
      expect(message).to.match(/Unable to parse JSON/)
      expect(leftErrors).to.deep.equal([trouble])
    })

    it('an account name that fits into no QR code', async () => {
      const { client, leftErrors } = await start({ dialect: { accountName: () => 'ü'.repeat(1000) } })
      await client.totps.create({ user_id: 'anybody' }).catch(() => undefined)
      expect(String(leftErrors[0])).to.match(/^TypeError: stytchDialect: accountName /)
    })
  })

  it("has the application's request id, in the body and in the header", async () => {
    const { headers, body } = await send(test, '/v1/totps', {
      headers: { ...CREDENTIALS, 'X-Request-Id': 'of the client' },
      body: '{"user_id":"nobody"}',
    })
    expect(headers.get('X-Request-Id')).to.equal(body['request_id'])
    expect(body['request_id']).not.to.equal('of the client')
    const { request_id } = await stytchErrorOf(test.client.totps.create({ user_id: 'nobody' }))
    expect(request_id).not.to.equal(body['request_id'])
  })

  it('tells of every event by which request it came', async () => {
    const { client, events } = test
    const { phone } = await createTotp(test, 'watched')
    const totp_code = wrongCode(phone, test.clock.now())
    const wrong = await stytchErrorOf(client.totps.authenticate({ user_id: 'watched', totp_code }))
    const event = events.find(({ userId }) => userId === 'watched')
    expect(event).to.deep.include({ type: 'failed', during: 'enrolment' })
    expect(event?.request).to.include({ requestId: wrong.request_id, ip: '127.0.0.1' })
    expect(event?.request?.userAgent).to.match(/^Stytch Node/)
  })
})

describe('stytchDialect refuses to be made with', () => {
  const { secondFactor } = newService()
  const right = { projects: { [PROJECT]: 'secret' }, user: userOf }

  const cases: readonly [name: string, options: unknown, message: RegExp][] = [
    ['no options', undefined, /options must be an object/],
    ['a misspelt option', { ...right, project: {} }, /unknown option "project". Did you mean "projects"/],
    ['no projects', { user: userOf }, /projects must have the secret of at least one/],
    ['an empty list of projects', { ...right, projects: {} }, /projects must have/],
    ['a list of secrets', { ...right, projects: ['secret'] }, /projects must have/],
    ['a secret that is not set', { ...right, projects: { p: undefined } }, /projects\["p"\] must be/],
    ['an empty secret', { ...right, projects: { p: '' } }, /projects\["p"\] must be/],
    ['a project with a colon', { ...right, projects: { 'p:q': 'secret' } }, /ids without a colon/],
    ['a project without an id', { ...right, projects: { '': 'secret' } }, /ids without a colon/],
    ['no user function', { projects: right.projects }, /user must be a function/],
    ['an accountName that is none', { ...right, accountName: 'Ann' }, /accountName must be a function/],
    ['a session that is none', { ...right, session: {} }, /session must be a function/],
  ]
  for (const [name, options, message] of cases) {
    it(name, () => {
      expect(() => stytchDialect(secondFactor, options as typeof right)).to.throw(TypeError, message)
    })
  }

  it('something that is no second factor', () => {
    expect(() => stytchDialect({} as typeof secondFactor, right)).to.throw(TypeError, /first argument/)
    expect(() => stytchDialect(undefined as never, right)).to.throw(TypeError, /first argument/)
  })
})
