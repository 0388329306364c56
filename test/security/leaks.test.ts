import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { TestAuthenticator } from '../../lib/testing/index.js'
import type { Browser } from '../support/app.js'
import { hiddenBytes, hiddenText, sightings } from '../support/leak-search.js'
import { decodeBase32 } from '../../lib/base32.js'
import { reasonOf, succeeded } from '../support/service.js'
import { redisOfSuite } from '../support/suite.js'
import { WatchedLife } from '../support/watched-life.js'

const ANN = 'ann'
const BOB = 'bob'
const IMPORTED = 'JBSWY3DPEHPK3PXPKRUGS4ZANFZSAYJA'
const IMPORTED_CODES = ['old-code-4711-0815', 'another-code-of-old']
/** Neither is by chance a right one, nor stands by chance anywhere. */
const WRONG = { totp: '271828', backupCode: '7YQ2M-K4T9W-H3B8N-C6XEJ-R5VDA' }
const CODE_URLS = ['/2fa/verify', '/login/2fa', '/login/2fa/sessionless']

interface Enrolled {
  readonly browser: Browser
  readonly phone: TestAuthenticator
  readonly id: string
  readonly codes: readonly string[]
}

describe('nothing leaks', () => {
  const redis = redisOfSuite()
  let life: WatchedLife
  const step = () => {
    life.app.clock.advance(30)
  }

  async function enrol(): Promise<Enrolled> {
    const browser = await life.browser(ANN)
    const begun = await browser.post('/2fa/totp').send({ label: 'Phone' }).expect(201)
    const { id, phone } = life.shownSecret(begun, 'the secret')
    await life.look(ANN)
    await browser.post(`/2fa/totp/${id}/verify`).send(life.typed(WRONG.totp)).expect(422)
    const code = life.codeOf(phone)
    const confirmed = await browser.post(`/2fa/totp/${id}/verify`).send(code).expect(200)
    const codes = life.shownCodes((confirmed.body as { backupCodes: string[] }).backupCodes, 'first set')
    await life.look(ANN)
    for (const url of CODE_URLS) await browser.post(url).send(code).expect(422)
    return { browser, phone, id, codes }
  }

  async function showCodes({ browser, phone, codes }: Enrolled): Promise<void> {
    step()
    for (const wrong of [WRONG.totp, WRONG.backupCode]) {
      await browser.post('/2fa/verify').send(life.typed(wrong)).expect(422)
    }
    for (const [index, url] of CODE_URLS.entries()) {
      const right = [life.codeOf(phone), { code: codes[index] }]
      for (const body of right) await browser.post(url).send(body).expect(200)
      for (const body of right) await browser.post(url).send(body).expect(422)
      await life.look(ANN)
      step()
    }
    await browser.post('/2fa/verify').send(life.codeOf(phone)).expect(200)
    await browser.post('/transfer').expect(200)
  }

  async function manage({ browser, id }: Enrolled): Promise<void> {
    const fresh = await browser.post('/2fa/backup-codes').expect(201)
    const { id: set, codes } = fresh.body as { id: string; codes: string[] }
    life.shownCodes(codes, 'second set')
    await life.look(ANN)
    await browser.post(`/2fa/backup-codes/${set}/confirm`).expect(200)
    await browser.patch(`/2fa/totp/${id}`).send({ label: 'Old phone' }).expect(200)
    const second = life.shownSecret(await browser.post('/2fa/totp').send({}).expect(201), 'the second secret')
    await browser.post(`/2fa/totp/${second.id}/verify`).send(life.codeOf(second.phone)).expect(200)
    await browser.delete(`/2fa/totp/${second.id}`).expect(204)
    await browser.get('/2fa').expect(200)
    await life.look(ANN)
  }

  async function trust({ browser, phone }: Enrolled): Promise<void> {
    for (const url of ['/2fa/verify', '/login/2fa']) {
      step()
      const shown = { ...life.codeOf(phone), trustDevice: true }
      life.shownToken(await browser.post(url).send(shown).expect(200))
      await life.look(ANN)
      await browser.post('/logout').expect(204)
      await life.signIn(browser, ANN)
      life.shownToken(await browser.get('/private').expect(200))
      await browser.get('/2fa/trusted-devices').expect(200)
      await life.look(ANN)
    }
    step()
    await browser.post('/2fa/verify').send(life.codeOf(phone)).expect(200)
    await browser.delete('/2fa/trusted-devices').expect(204)
  }

  async function mistype({ browser, phone, id }: Enrolled): Promise<void> {
    step()
    const { code } = life.codeOf(phone)
    const bodies = [{ code: [code] }, { code: { code } }, { code: `${code}x` }, { code, trustDevice: code }]
    for (const url of [...CODE_URLS.slice(0, 2), `/2fa/totp/${id}/verify`]) {
      for (const body of bodies) expect((await browser.post(url).send(body)).status).to.be.within(400, 409)
    }
    for (const [type, body] of [
      ['json', `{"code":"${code}"`],
      ['json', `["${code}"]`],
      ['json', `"${code}"`],
      ['form', `code=${code}&code=${code}`],
      ['text/plain', code],
    ] as const) {
      expect((await browser.post('/2fa/verify').type(type).send(body)).status).to.be.oneOf([400, 415])
    }
    await browser
      .post(`/2fa/verify?code=${code}`)
      .set('Origin', 'https://evil.example')
      .send({ code })
      .expect(403)
  }

  async function fail({ browser, phone }: Enrolled): Promise<void> {
    const { secondFactor } = life.app
    const stored = await life.storage.read(ANN)
    if (!stored) throw new Error('There is no record.')
    const { code } = life.codeOf(phone)
    for (const how of ['reject', 'throw', 'hang', { answer: null }] as const) {
      for (const methods of [['read'], ['replace', 'insert', 'remove']] as const) {
        life.storage.fail(how, { methods })
        for (const url of CODE_URLS) await browser.post(url).send({ code }).expect(503)
        await life.rejected(secondFactor.verify(ANN, code), 'verify')
        life.storage.recover()
      }
    }
    const authenticators = stored.record.authenticators.map((one) => ({ ...one, id: `another ${one.id}` }))
    const moved = { revision: 'moved', record: { ...stored.record, authenticators } }
    await life.storage.replace(ANN, moved, stored.revision)
    for (const url of CODE_URLS) await browser.post(url).send({ code }).expect(503)
    await life.rejected(secondFactor.verify(ANN, code), 'verify')
    await life.storage.replace(ANN, stored, 'moved')
  }

  async function administer(): Promise<void> {
    const { secondFactor } = life.app
    life.hide(hiddenBytes('the imported secret', decodeBase32(IMPORTED) ?? Buffer.of()))
    life.hide(...IMPORTED_CODES.map((code) => hiddenText(`imported ${code}`, code.replaceAll('-', ''))))
    for (const name of [ANN, BOB]) {
      succeeded(await secondFactor.importTotp(name, { base32: IMPORTED, label: 'Imported' }))
      const imported = await secondFactor.importBackupCodes(name, IMPORTED_CODES)
      expect(reasonOf(imported)).to.equal(name === ANN ? 'backup_codes_exist' : 'ok')
      await secondFactor.rekey(name)
      await life.look(name)
    }
    const browser = await life.browser(BOB)
    await browser.post('/2fa/verify').send({ code: IMPORTED_CODES[0] }).expect(200)
    await browser.post('/2fa/verify').send({ code: IMPORTED_CODES[0] }).expect(422)
    await life.look(BOB)
    await secondFactor.reset(BOB)
  }

  before(async () => {
    life = new WatchedLife(await redis.client())
    await life.start()
    await life.traces.output(async () => {
      const ann = await enrol()
      await showCodes(ann)
      await manage(ann)
      await trust(ann)
      await mistype(ann)
      await fail(ann)
      await administer()
      await ann.browser.delete('/2fa').expect(204)
      await life.look(ANN)
    })
  })
  after(() => life.app.close())

  it('C13 [Router] [strategy] [step-up] [enrolment] [trusted device] [storage] in a whole life, but what is shown once, where it is', () => {
    expect(sightings(life.hidden, life.traces.all)).to.have.members(life.handedOut)
    expect(life.handedOut).to.have.length(4 + 20 + 4)
  })

  it('in a life in which nearly everything happened, and was looked at', () => {
    const { all } = life.traces
    const parts = new Set(all.filter(({ content }) => content.length > 0).map(({ place }) => place))
    // Nothing was written to the output.
    expect([...parts].sort()).to.deep.equal([
      'answers',
      'errors',
      'events',
      'headers',
      'raw records',
      'records',
      'sessions',
    ])
    const events = new Set(all.filter(({ place }) => place === 'events').map(({ where }) => where))
    expect([...events].sort()).to.deep.equal([
      'backup_code_used',
      'backup_codes_low',
      'backup_codes_regenerated',
      'enrolled',
      'failed',
      'imported',
      'removed',
      'replayed',
      'reset',
      'revoked',
      'trusted',
      'unavailable',
      'verified',
    ])
    const errors = all.filter(({ place }) => place === 'errors').map(({ where }) => where)
    expect(new Set(errors)).to.deep.equal(new Set(['passed to next', 'verify']))
  })
})
