import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Response } from 'supertest'
import type { SecondFactorEvent } from '../../lib/index.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { type Browser, enrolThroughRouter, type TestApp, whoAmI, wrongCode } from '../support/app.js'
import { FailingStorage } from '../support/failing-storage.js'
import { unhandledRejections } from '../support/service.js'
import { appsOnRedis } from '../support/suite.js'

type Listener = (event: SecondFactorEvent) => void | Promise<void>

const LISTENERS: Readonly<Record<string, Listener>> = {
  throws: () => {
    throw new Error('the listener has its own trouble')
  },
  rejects: () => Promise.reject(new Error('the listener has its own trouble')),
  'never answers': () => new Promise<void>(() => undefined),
  'answers with what cannot be waited for': () =>
    ({
      then: () => {
        throw new Error('the listener has its own trouble')
      },
    }) as unknown as Promise<void>,
  'throws what looks like a refusal of ours': () => {
    throw Object.assign(new Error('not yours'), { status: 400, code: 'locked' })
  },
}

/** What an answer says, without what is new in every one. */
const said = ({ status, body }: Response): string => {
  const { code, error, method } = (body ?? {}) as { code?: string; error?: string; method?: string }
  return [status, code ?? error ?? method].filter((part) => part !== undefined).join(' ')
}

/** A life of a user on every path: what each answer said, in order. */
async function life(app: TestApp, storage: FailingStorage, browser: Browser): Promise<readonly string[]> {
  const heard: string[] = []
  const hear = async (answer: PromiseLike<Response>) => {
    heard.push(said(await answer))
  }
  const send = (path: string, code: string) => hear(browser.post(path).send({ code }))
  const now = () => app.clock.now()

  await browser.post('/login').send({ name: 'heard' }).expect(204)
  const begun = await browser.post('/2fa/totp').send({})
  const { id, uri } = begun.body as { id: string; uri: string }
  const phone = new TestAuthenticator(uri)
  await send(`/2fa/totp/${id}/verify`, wrongCode(phone, now()))
  const confirmed = await browser.post(`/2fa/totp/${id}/verify`).send({ code: phone.codeAt(now()) })
  const [backupCode = ''] = (confirmed.body as { backupCodes: string[] }).backupCodes
  for (const path of ['/2fa/verify', '/login/2fa']) {
    await browser.post('/logout').expect(204)
    await browser.post('/login').send({ name: 'heard' }).expect(204)
    app.clock.advance(60)
    await hear(browser.get('/private'))
    await send(path, wrongCode(phone, now()))
    storage.fail('reject')
    await send(path, phone.codeAt(now()))
    await hear(browser.get('/private'))
    await hear(browser.post('/transfer'))
    storage.recover()
    await send(path, phone.codeAt(now()))
    await send(path, phone.codeAt(now()))
    heard.push((await whoAmI(browser)).state ?? '')
  }
  await send('/2fa/verify', backupCode)
  for (let guess = 0; guess < 6; guess++) await send('/2fa/verify', wrongCode(phone, now()))
  await hear(browser.delete('/2fa'))
  heard.push((await whoAmI(browser)).state ?? '')
  return heard
}

describe('a listener that has trouble', () => {
  const { start } = appsOnRedis()

  /** The same life with this listener, and the types of all that it was told. */
  async function lifeWith(listener: Listener) {
    const types: string[] = []
    const storage = new FailingStorage()
    const onEvent: Listener = (event) => {
      types.push(event.type)
      return listener(event)
    }
    const app = await start({ storage, secondFactor: { onEvent } })
    return { heard: await life(app, storage, app.browser()), types }
  }

  for (const [does, listener] of Object.entries(LISTENERS)) {
    it(`changes nothing on any path when it ${does}, and is told everything all the same`, async () => {
      const quiet = await lifeWith(() => undefined)
      expect(quiet.heard).to.include.members([
        '200 totp',
        '422 invalid_code',
        '503 unavailable',
        '429 locked',
      ])
      expect(quiet.types).to.include.members(['enrolled', 'verified', 'failed', 'unavailable', 'reset'])
      let troubled: typeof quiet | undefined
      const unhandled = await unhandledRejections(async () => {
        troubled = await lifeWith(listener)
      })
      expect(troubled).to.deep.equal(quiet)
      expect(unhandled).to.deep.equal([])
    })
  }

  it('holds up nobody: the answer is there while the listener still thinks', async () => {
    let finish: () => void = () => undefined
    const thinking = new Promise<void>((done) => (finish = done))
    const app = await start({ secondFactor: { onEvent: () => thinking } })
    const browser = app.browser()
    await enrolThroughRouter(app, browser, 'patient')
    expect(await whoAmI(browser)).to.include({ state: 'satisfied' })
    finish()
  })
})
