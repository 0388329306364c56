import { expect } from 'chai'
import type { Request, RequestHandler } from 'express'
import { after, before, describe, it } from 'mocha'
import { MemoryStorage } from '../../lib/index.js'
import { enrolThroughRouter, startApp, type TestApp } from '../support/app.js'
import { type ObservedSessions, observeSessions } from '../support/observed-sessions.js'
import { type RedisClient, type RedisServer, startRedis } from '../support/redis.js'

const setBasket = (req: Request, basket: string) => Object.assign(req.session, { basket })
const save = (req: Request) =>
  new Promise<void>((resolve, reject) => {
    req.session.save((error?: Error) => {
      if (error) reject(error)
      else resolve()
    })
  })

/** A client of Redis that tells when a write has just been sent. */
const telling = (client: RedisClient, tell: () => void): RedisClient =>
  new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (name !== 'set' || typeof member !== 'function') return member
      return (...given: unknown[]) => {
        const answer: unknown = Reflect.apply(member, target, given)
        tell()
        return answer
      }
    },
  })

describe('the session after a second factor', () => {
  let redis: RedisServer
  let sessions: ObservedSessions
  let app: TestApp
  /** What the application does with the renewed session, before it answers. */
  let afterwards: (req: Request) => unknown = () => undefined
  /** What it does at any time, such as while something is being stored. */
  let meanwhile: (req: Request) => void = () => undefined
  let current: Request

  before(async () => {
    redis = await startRedis()
    sessions = observeSessions(await redis.client())
    app = await startApp({
      storage: new MemoryStorage(),
      sessions: telling(sessions.client, () => {
        meanwhile(current)
      }),
      front(routes) {
        routes.use((req, _res, next) => {
          current = req
          next()
        })
      },
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

  it('is stored once more when it changes while it is being stored', async () => {
    afterwards = () => undefined
    meanwhile = (req) => {
      if (req.session.secondFactor) setBasket(req, 'pears')
    }
    const { content } = await signIn('in a hurry')
    meanwhile = () => undefined
    expect(content.basket).to.equal('pears')
  })

  it('is not gone on with when it is ended while it is being stored', async () => {
    const { phone } = await enrolThroughRouter(app, app.browser(), 'leaves')
    app.clock.advance(30)
    const browser = app.browser()
    await browser.post('/login').send({ name: 'leaves' }).expect(204)
    meanwhile = (req) => {
      Reflect.deleteProperty(req, 'session')
    }
    await browser
      .post('/second')
      .send({ code: phone.codeAt(app.clock.now()) })
      .expect(503)
    meanwhile = () => undefined
    await browser.get('/private').expect(401)
  })

  it('stores nothing more on a page that changes nothing', async () => {
    afterwards = () => undefined
    const { browser, sessionId } = await signIn('reads')
    sessions.writes.length = 0
    await browser.get('/private').expect(200)
    expect(sessions.writes.filter((write) => write.sessionId === sessionId)).to.deep.equal([])
  })
})
