import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import * as OTPAuth from 'otpauth'
import type { SecondFactorEvent } from '../../lib/index.js'
import { type TestApp, whoAmI, wrongCode } from '../support/app.js'
import { readQrCode } from '../support/qr-code.js'
import { appsOnRedis } from '../support/suite.js'
import {
  dataOf,
  enrolPerson,
  type Experience,
  isManager,
  type LogtoAnswer,
  outcomeOf,
  PATHS,
  phoneOf,
  type Secret,
  signIn,
  standingOf,
  withLogto,
} from './logto.js'

interface WhoAmI {
  readonly authenticated: boolean
  readonly state?: string
  readonly sessionId: string
  readonly basket?: string
}

describe('logtoDialect, the Experience API', () => {
  const { start } = appsOnRedis()
  const events: SecondFactorEvent[] = []
  let app: TestApp
  before(async () => {
    const onEvent = (event: SecondFactorEvent) => {
      events.push(event)
    }
    app = await start({ ...withLogto(), secondFactor: { onEvent } })
  })

  const whois = async ({ cookie }: Experience): Promise<WhoAmI> =>
    (await (await fetch(`${app.url}/whoami`, { headers: { Cookie: cookie } })).json()) as WhoAmI
  const codeOf = ({ secret }: Pick<Secret, 'secret'>) => phoneOf(secret).codeAt(app.clock.now())
  const confirm = (experience: Experience, fresh: Secret) =>
    experience.verifyTotp(codeOf(fresh), fresh.verificationId)

  describe('enrols', () => {
    it('with a secret, its code, and the binding of it', async () => {
      const experience = await signIn(app, 'enrols')
      const fresh = dataOf(await experience.newSecret())
      const uri = String(readQrCode(fresh.secretQrCode))
      const read = OTPAuth.URI.parse(uri) as OTPAuth.TOTP
      expect(read).to.include({ issuer: 'ACME', label: 'enrols', digits: 6, period: 30, algorithm: 'SHA1' })
      expect(read.secret.base32).to.equal(fresh.secret)
      expect(await standingOf(app, 'enrols')).to.deep.include({ enabled: false, authenticators: ['pending'] })

      const before = await whois(experience)
      const code = read.generate({ timestamp: app.clock.now() })
      const { verificationId } = dataOf(await experience.verifyTotp(code, fresh.verificationId))
      expect(verificationId).to.equal(fresh.verificationId)
      const { sessionId, ...rest } = await whois(experience)
      expect(rest).to.include({ authenticated: true, state: 'satisfied' })
      expect(sessionId).not.to.equal(before.sessionId)

      expect(outcomeOf(await experience.bind('Totp', verificationId))).to.equal('204')
      expect(outcomeOf(await experience.bind('Totp', verificationId))).to.equal('204')
      const { authenticators, ...status } = await standingOf(app, 'enrols')
      expect({ authenticators, ...status }).to.deep.equal({
        enabled: true,
        authenticators: ['verified'],
        codes: undefined,
      })
    })

    it('and hands out backup codes in a step of their own, which count once they are bound', async () => {
      const experience = await signIn(app, 'keeps codes')
      dataOf(await confirm(experience, dataOf(await experience.newSecret())))
      const { verificationId, codes } = dataOf(await experience.newCodes())
      expect(new Set(codes).size).to.equal(10)
      expect(await standingOf(app, 'keeps codes')).to.include({ codes: undefined })
      const early = await signIn(app, 'keeps codes')
      expect(outcomeOf(await early.verifyCode(codes[0] ?? ''))).to.equal(
        '400 session.mfa.invalid_backup_code',
      )

      expect(outcomeOf(await experience.bind('BackupCode', verificationId))).to.equal('204')
      expect(outcomeOf(await experience.bind('BackupCode', verificationId))).to.equal('204')
      expect(await standingOf(app, 'keeps codes')).to.include({ codes: 10 })
      dataOf(await early.verifyCode(codes[0] ?? ''))
      expect(await whois(early)).to.include({ authenticated: true, state: 'satisfied' })
      expect(await standingOf(app, 'keeps codes')).to.include({ codes: 9 })
    })

    it('with fresh backup codes in place of the old ones', async () => {
      const { experience, codes: old, name } = await enrolPerson(app, 'renews')
      const { verificationId, codes } = dataOf(await experience.newCodes())
      await experience.bind('BackupCode', verificationId)
      const browser = await signIn(app, name)
      expect(outcomeOf(await browser.verifyCode(old[0] ?? ''))).to.equal(
        '400 session.mfa.invalid_backup_code',
      )
      expect(outcomeOf(await browser.verifyCode(codes[0] ?? ''))).to.equal('200')
    })

    it('nobody whose code was not shown', async () => {
      const experience = await signIn(app, 'hasty')
      const fresh = dataOf(await experience.newSecret())
      expect(outcomeOf(await experience.bind('Totp', fresh.verificationId))).to.equal(
        '400 session.verification_failed',
      )
      const wrong = await experience.verifyTotp(
        wrongCode(phoneOf(fresh.secret), app.clock.now()),
        fresh.verificationId,
      )
      expect(outcomeOf(wrong)).to.equal('400 session.mfa.invalid_totp_code')
      expect(await whois(experience)).to.include({ state: 'not_enrolled' })
      expect(await standingOf(app, 'hasty')).to.include({ enabled: false })
    })

    it('nobody in time who comes late', async () => {
      const experience = await signIn(app, 'late')
      const fresh = dataOf(await experience.newSecret())
      app.clock.advance(600)
      const answers = [
        await confirm(experience, fresh),
        await experience.bind('Totp', fresh.verificationId),
      ].map(outcomeOf)
      expect(answers).to.deep.equal(Array(2).fill('404 session.verification_session_not_found'))
    })

    it('nobody with what belongs to another', async () => {
      const owner = await signIn(app, 'owner')
      const thief = await signIn(app, 'thief')
      const fresh = dataOf(await owner.newSecret())
      const answers = [await confirm(thief, fresh), await thief.bind('Totp', fresh.verificationId)]
      dataOf(await confirm(owner, fresh))
      answers.push(await thief.bind('Totp', fresh.verificationId))
      expect(answers.map(outcomeOf)).to.deep.equal(
        Array(3).fill('404 session.verification_session_not_found'),
      )

      const { verificationId } = dataOf(await owner.newCodes())
      const other = await enrolPerson(app, 'other')
      expect(outcomeOf(await other.experience.bind('BackupCode', verificationId))).to.equal(
        '404 session.verification_session_not_found',
      )
      expect(await standingOf(app, 'owner')).to.include({ codes: undefined })
    })

    it('nobody with backup codes alone', async () => {
      const experience = await signIn(app, 'codes alone')
      const answers = [await experience.newCodes(), await experience.bind('BackupCode', 'any')]
      const alone = '422 session.mfa.backup_code_can_not_be_alone'
      expect(answers.map(outcomeOf)).to.deep.equal([alone, alone])
    })

    it('nobody twice', async () => {
      const { experience, totpId } = await enrolPerson(app, 'twice')
      const fresh = dataOf(await experience.newSecret())
      const answers = [
        await confirm(experience, fresh),
        await experience.bind('Totp', fresh.verificationId),
        await experience.verifyTotp('123456', totpId),
      ].map(outcomeOf)
      expect(answers).to.deep.equal(Array(3).fill('422 user.totp_already_in_use'))
      expect(await standingOf(app, 'twice')).to.deep.include({ authenticators: ['verified', 'pending'] })
    })

    it('one of two secrets of one person whose codes come at once', async () => {
      const browsers = await Promise.all([1, 2].map(() => signIn(app, 'at once')))
      const begun = await Promise.all(
        browsers.map(async (experience) => ({ experience, fresh: dataOf(await experience.newSecret()) })),
      )
      const answers = await Promise.all(begun.map(({ experience, fresh }) => confirm(experience, fresh)))
      expect(answers.filter(({ data }) => data)).to.have.length(1)
      expect((await standingOf(app, 'at once')).authenticators.sort()).to.deep.equal(['pending', 'verified'])
    })

    it('by the account name that the application says, for the user that it says', async () => {
      const named = await start(
        withLogto({
          signedIn: {
            user: (req) => ((req.get('Cookie') ?? '').includes('connect.sid') ? { id: 'robot' } : undefined),
            accountName: (user) => `${(user as { id: string }).id}@example.com`,
          },
        }),
      )
      const { secretQrCode } = dataOf(await (await signIn(named, 'whoever')).newSecret())
      expect(OTPAuth.URI.parse(String(readQrCode(secretQrCode))).label).to.equal('robot@example.com')
      expect(await standingOf(named, 'robot')).to.deep.include({ authenticators: ['pending'] })
    })
  })

  describe('lets in', () => {
    it('who shows a TOTP code, in a session with another id and the same basket', async () => {
      const { name, phone } = await enrolPerson(app, 'challenged')
      const experience = await signIn(app, name)
      await experience.post('/login', { name, basket: 'apples' })
      const before = await whois(experience)
      expect(before).to.include({ authenticated: false, state: 'pending' })
      const shown = dataOf(await experience.verifyTotp(phone.codeAt(app.clock.now())))
      expect(Object.keys(shown)).to.deep.equal(['verificationId'])
      const after = await whois(experience)
      expect(after).to.include({ authenticated: true, state: 'satisfied', basket: 'apples' })
      expect(after.sessionId).not.to.equal(before.sessionId)
      expect(outcomeOf(await experience.bind('Totp', shown.verificationId))).to.equal(
        '404 session.verification_session_not_found',
      )
    })

    it('who shows a backup code, in a session with another id', async () => {
      const { name, codes } = await enrolPerson(app, 'recovers')
      const experience = await signIn(app, name)
      const { sessionId } = await whois(experience)
      dataOf(await experience.verifyCode(codes[0] ?? ''))
      const after = await whois(experience)
      expect(after).to.include({ authenticated: true, state: 'satisfied' })
      expect(after.sessionId).not.to.equal(sessionId)
    })

    it('nobody by a code of the other kind, which is not spent by that', async () => {
      const { name, phone, codes } = await enrolPerson(app, 'confuses')
      const experience = await signIn(app, name)
      const [backupCode = ''] = codes
      const code = phone.codeAt(app.clock.now())
      expect(outcomeOf(await experience.verifyTotp(backupCode))).to.equal('400 session.mfa.invalid_totp_code')
      expect(outcomeOf(await experience.verifyCode(code))).to.equal('400 session.mfa.invalid_backup_code')
      expect(await whois(experience)).to.include({ authenticated: false })
      dataOf(await experience.verifyTotp(code))
      dataOf(await experience.verifyCode(backupCode))
    })

    it('who has enrolled through the Router, and the other way round', async () => {
      const { name, phone } = await enrolPerson(app, 'both ways')
      const browser = app.browser()
      await browser.post('/login').send({ name }).expect(204)
      const code = phone.codeAt(app.clock.now())
      await browser.post('/2fa/verify').send({ code }).expect(200)
      expect(outcomeOf(await (await signIn(app, name)).verifyTotp(code))).to.equal(
        '400 session.mfa.invalid_totp_code',
      )
      app.clock.advance(30)
      await browser
        .post(PATHS.verify)
        .send({ code: phone.codeAt(app.clock.now()) })
        .expect(200)
      expect(await whoAmI(browser)).to.include({ state: 'satisfied' })
    })
  })

  describe('asks for the second factor first', () => {
    const GUARDED: Readonly<Record<string, (experience: Experience, id: string) => Promise<LogtoAnswer>>> = {
      'a new secret': (experience) => experience.newSecret(),
      'the code of one': (experience, id) => experience.verifyTotp('123456', id),
      'new backup codes': (experience) => experience.newCodes(),
      'binding a secret': (experience, id) => experience.bind('Totp', id),
      'binding backup codes': (experience, id) => experience.bind('BackupCode', id),
    }
    for (const [what, ask] of Object.entries(GUARDED)) {
      it(`for ${what}, of a session that has shown none`, async () => {
        const { name, totpId } = await enrolPerson(app, `owes ${what}`)
        const experience = await signIn(app, name)
        const answer = await ask(experience, totpId)
        expect(outcomeOf(answer)).to.equal('403 session.mfa.require_mfa_verification')
        expect(answer.error?.data).to.deep.equal({ availableFactors: ['Totp', 'BackupCode'] })
        expect(await standingOf(app, name)).to.deep.include({ authenticators: ['verified'], codes: 10 })
      })

      it(`for ${what}, of a session that has shown one too long ago`, async () => {
        const { experience, totpId, phone } = await enrolPerson(app, `stale ${what}`)
        app.clock.advance(600)
        expect(outcomeOf(await ask(experience, totpId))).to.equal('403 session.mfa.require_mfa_verification')
        dataOf(await experience.verifyTotp(phone.codeAt(app.clock.now())))
        expect(outcomeOf(await ask(experience, totpId))).not.to.match(/^403/)
      })
    }

    it('naming what there is to show', async () => {
      const { name, codes, experience } = await enrolPerson(app, 'used up')
      const availableFactors = async () => (await (await signIn(app, name)).newSecret()).error?.data
      for (const code of codes) dataOf(await experience.verifyCode(code))
      expect(await availableFactors()).to.deep.equal({ availableFactors: ['Totp'] })
    })

    it('within the time that the application says', async () => {
      const strict = await start(
        withLogto({ signedIn: { managementMaxAgeSeconds: 60 }, authorize: isManager }),
      )
      const { experience } = await enrolPerson(strict, 'strict')
      expect(outcomeOf(await experience.newCodes())).to.equal('200')
      strict.clock.advance(31)
      expect(outcomeOf(await experience.newCodes())).to.equal('403 session.mfa.require_mfa_verification')
    })
  })

  it('tells of each code which request brought it', async () => {
    const { name, phone } = await enrolPerson(app, 'told')
    events.length = 0
    const answer = await (await signIn(app, name)).verifyTotp(phone.codeAt(app.clock.now()))
    const [verified] = events.filter(({ type }) => type === 'verified')
    expect(verified?.request).to.include({ ip: '127.0.0.1' })
    expect(verified?.request?.requestId).to.equal(answer.response.headers.get('X-Request-Id'))
  })
})
