import { expect } from 'chai'
import type { Request, RequestHandler } from 'express'
import { after, before, describe, it } from 'mocha'
import { MemoryStorage } from '../../lib/index.js'
import { enrolThroughRouter, startApp, type TestApp } from '../support/app.js'
import { type ObservedSessions, observeSessions } from '../support/observed-sessions.js'
import { type RedisServer, startRedis } from '../support/redis.js'

const setBasket = (req: Request, basket: string) => Object.assign(req.session, { basket })
const save = (req: Request) =>
  new Promise<void>((resolve, reject) => {
    req.session.save((error?: Error) => {
      if (error) reject(error)
      else resolve()
    })
  })

describe('the session after a second factor', () => {
  let redis: RedisServer
  let sessions: ObservedSessions
  let app: TestApp
  /** What the application does with the renewed session, before it answers. */
  let afterwards: (req: Request) => unknown = () => undefined

  before(async () => {
    redis = await startRedis()
    sessions = observeSessions(await redis.client())
    app = await startApp({
      storage: new MemoryStorage(),
      sessions: sessions.client,
      routes(routes, _secondFactor, auth) {
        routes.post('/second', auth.authenticate('totp') as RequestHandler, async (req, res) => {
          await afterwards(req)
          res.json({ sessionId: req.sessionID })
        })
      },
    })
  })
  after(async () => {
    await app.close()
    await redis.stop()
  })

  /** Sign in, show a code, and see what was written meanwhile. */
  async function signIn(name: string) {
    const { phone } = await enrolThroughRouter(app, app.browser(), name)
    app.clock.advance(30)
    const browser = app.browser()
    await browser.post('/login').send({ name }).expect(204)
    sessions.writes.length = 0
    const answer = await browser
      .post('/second')
      .send({ code: phone.codeAt(app.clock.now()) })
      .expect(200)
    const { sessionId } = answer.body as { sessionId: string }
    const writes = sessions.writes.filter((write) => write.sessionId === sessionId).length
    return { writes, content: await sessions.readContent(sessionId), browser, sessionId }
  }

  it('is stored once under its new id', async () => {
    afterwards = () => undefined
    const { writes, content, browser } = await signIn('once')
    expect(writes).to.equal(1)
    expect(content.secondFactor?.method).to.equal('totp')
    await browser.get('/private').expect(200)
  })

  it('is stored once more when the application changes it', async () => {
    afterwards = (req) => setBasket(req, 'pears')
    const { writes, content } = await signIn('changes')
    expect(writes).to.equal(2)
    expect(content.basket).to.equal('pears')
  })

  it('is stored as often as it changes, also when it changes back', async () => {
    afterwards = async (req) => {
      for (const basket of ['pears', 'plums', 'pears']) {
        setBasket(req, basket)
        await save(req)
      }
      delete (req.session as { basket?: string }).basket
    }
    const { writes, content } = await signIn('changes back')
    expect(writes).to.equal(5)
    expect(content).to.not.have.property('basket')
  })

  it('is stored when its cookie is to live longer', async () => {
    afterwards = (req) => {
      req.session.cookie.maxAge = 3_600_000
    }
    expect((await signIn('remembers')).writes).to.equal(2)
  })

  it('is tried again at the end when a change could not be stored', async () => {
    afterwards = async (req) => {
      setBasket(req, 'pears')
      sessions.fail('set', 1)
      await save(req).catch(() => undefined)
    }
    expect((await signIn('unlucky')).content.basket).to.equal('pears')
  })

  it('stores nothing more on a page that changes nothing', async () => {
    afterwards = () => undefined
    const { browser, sessionId } = await signIn('reads')
    sessions.writes.length = 0
    await browser.get('/private').expect(200)
    expect(sessions.writes.filter((write) => write.sessionId === sessionId)).to.deep.equal([])
  })
})
