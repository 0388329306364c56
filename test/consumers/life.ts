import { strict as assert } from 'node:assert'
import supertest from 'supertest'
import { type Browser, turnOn, wrongCode } from '../support/app.js'

const TIME_STEP = 30_000

/**
 * Somebody's whole life with a second factor in an application, over HTTP: it is turned on, and owed from then on; a
 * TOTP code and a backup code let in, once each.
 *
 * @throws when anything is answered otherwise than it should be
 */
export async function liveThrough(application: string, name: string): Promise<void> {
  const signedIn = async () => {
    const browser = supertest.agent(application)
    await browser.post('/login').send({ name }).expect(204)
    return browser
  }
  const { phone, backupCodes } = await turnOnFirst(await signedIn())

  const second = await signedIn()
  await isHeld(second)
  await second
    .post('/login/2fa')
    .send({ code: wrongCode(phone, Date.now()) })
    .expect(422)
  await isHeld(second)
  const code = phone.codeAt(Date.now() + TIME_STEP)
  await second.post('/login/2fa').send({ code }).expect(204)
  await isLetIn(second, name)

  const third = await signedIn()
  await third.post('/login/2fa').send({ code }).expect(422)
  await third.post('/2fa/verify').send({ code }).expect(422)
  await isHeld(third)
  const [backupCode = ''] = backupCodes
  const recovered = await third.post('/2fa/verify').send({ code: backupCode }).expect(200)
  const { method, backupCodesRemaining } = recovered.body as Readonly<Record<string, unknown>>
  assert.deepEqual({ method, backupCodesRemaining }, { method: 'backup_code', backupCodesRemaining: 9 })
  await isLetIn(third, name)

  const fourth = await signedIn()
  await fourth.post('/login/2fa').send({ code: backupCode }).expect(422)
  await fourth.post('/2fa/verify').send({ code: backupCode }).expect(422)
  await isHeld(fourth)
}

async function turnOnFirst(browser: Browser) {
  await browser.get('/account').expect(200)
  await browser.post('/transfer').expect(403)
  const { phone, backupCodes } = await turnOn(browser, { label: 'My phone' })
  assert.equal(backupCodes.length, 10)
  await browser.post('/transfer').expect(204)
  return { phone, backupCodes }
}

async function isHeld(browser: Browser): Promise<void> {
  await browser.get('/account').expect(401)
  const refused = await browser.post('/transfer').expect(403)
  assert.equal((refused.body as { code: string }).code, 'second_factor_required')
}

async function isLetIn(browser: Browser, name: string): Promise<void> {
  await browser.get('/account').expect(200, { account: { id: name } })
  await browser.post('/transfer').expect(204)
}
