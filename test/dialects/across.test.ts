import { createClerkClient } from '@clerk/backend'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { clerkDialect } from '../../lib/dialects/clerk.js'
import { logtoDialect } from '../../lib/dialects/logto.js'
import { stytchDialect } from '../../lib/dialects/stytch.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { type Browser, enrolThroughRouter, type TestApp } from '../support/app.js'
import { newClient, PROJECT, PROJECT_SECRET } from '../support/stytch.js'
import { appsOnRedis } from '../support/suite.js'

const CLERK_KEY = 'sk_test_of_the_dialects_side_by_side'

/** What somebody who has enrolled holds. */
interface Holder {
  readonly phone: TestAuthenticator
  readonly backupCodes: readonly string[]
}

/** One way to enrol, and one to show a code: true when it counts. */
interface Side {
  enrol(name: string): Promise<Holder>
  takes(name: string, code: string): Promise<boolean>
}

describe('one enrolment', () => {
  const apps = appsOnRedis()
  let app: TestApp
  before(async () => {
    const user = (userId: string) => ({ user_id: userId, id: userId })
    app = await apps.start({
      routes(host, secondFactor) {
        host.use(
          stytchDialect(secondFactor, { projects: { [PROJECT]: PROJECT_SECRET }, user }),
          clerkDialect(secondFactor, { secretKeys: [CLERK_KEY], user }),
          logtoDialect(secondFactor),
        )
      },
    })
  })

  const signIn = async (name: string): Promise<Browser> => {
    const browser = app.browser()
    await browser.post('/login').send({ name }).expect(204)
    return browser
  }
  const stytch = () => newClient(PROJECT, PROJECT_SECRET, app.url)
  const isBackupCode = (code: string) => code.length > 6
  const counts = (promise: Promise<unknown>) =>
    promise.then(
      () => true,
      () => false,
    )

  const SIDES: Readonly<Record<string, Side>> = {
    'the Router': {
      enrol: (name) => enrolThroughRouter(app, app.browser(), name),
      async takes(name, code) {
        const browser = await signIn(name)
        return (await browser.post('/2fa/verify').send({ code })).status === 200
      },
    },
    Stytch: {
      async enrol(name) {
        const { secret, recovery_codes: backupCodes } = await stytch().totps.create({ user_id: name })
        const phone = new TestAuthenticator(secret)
        await stytch().totps.authenticate({ user_id: name, totp_code: phone.codeAt(app.clock.now()) })
        return { phone, backupCodes }
      },
      takes: (name, code) =>
        counts(
          isBackupCode(code)
            ? stytch().totps.recover({ user_id: name, recovery_code: code })
            : stytch().totps.authenticate({ user_id: name, totp_code: code }),
        ),
    },
    Clerk: {
      async enrol(name) {
        const browser = await signIn(name)
        const begun = await browser.post('/v1/me/totp').type('form').send({}).expect(200)
        const { uri } = (begun.body as { response: { uri: string } }).response
        const phone = new TestAuthenticator(uri)
        const code = phone.codeAt(app.clock.now())
        const path = '/v1/me/totp/attempt_verification'
        const verified = await browser.post(path).type('form').send({ code }).expect(200)
        const { backup_codes: backupCodes } = (verified.body as { response: { backup_codes: string[] } })
          .response
        return { phone, backupCodes }
      },
      takes(name, code) {
        const options = { secretKey: CLERK_KEY, apiUrl: app.url, telemetry: { disabled: true } }
        return counts(createClerkClient(options).users.verifyTOTP({ userId: name, code }))
      },
    },
    Logto: {
      async enrol(name) {
        const browser = await signIn(name)
        const begun = await browser.post('/api/experience/verification/totp/secret').expect(200)
        const { verificationId, secret } = begun.body as { verificationId: string; secret: string }
        const phone = new TestAuthenticator(secret)
        const code = phone.codeAt(app.clock.now())
        await browser
          .post('/api/experience/verification/totp/verify')
          .send({ code, verificationId })
          .expect(200)
        await browser.post('/api/experience/profile/mfa').send({ type: 'Totp', verificationId }).expect(204)
        const codes = await browser.post('/api/experience/verification/backup-code/generate').expect(200)
        const set = codes.body as { verificationId: string; codes: string[] }
        const binding = { type: 'BackupCode', verificationId: set.verificationId }
        await browser.post('/api/experience/profile/mfa').send(binding).expect(204)
        return { phone, backupCodes: set.codes }
      },
      async takes(name, code) {
        const browser = await signIn(name)
        const kind = isBackupCode(code) ? 'backup-code' : 'totp'
        const answer = await browser.post(`/api/experience/verification/${kind}/verify`).send({ code })
        return answer.status === 200
      },
    },
  }

  for (const [origin, maker] of Object.entries(SIDES)) {
    it(`made through ${origin} verifies everywhere, each code once, wherever it is brought back`, async () => {
      const name = `enrolled by ${origin}`
      const { phone, backupCodes } = await maker.enrol(name)
      expect(backupCodes).to.have.length(10)
      for (const [index, taker] of Object.values(SIDES).entries()) {
        app.clock.advance(30)
        for (const code of [phone.codeAt(app.clock.now()), backupCodes[index] ?? '']) {
          expect(await taker.takes(name, code)).to.equal(true)
          for (const side of Object.values(SIDES)) expect(await side.takes(name, code)).to.equal(false)
        }
      }
      expect((await app.secondFactor.status(name)).backupCodes).to.include({ remaining: 6 })
    })
  }
})
