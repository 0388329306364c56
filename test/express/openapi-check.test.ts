import { expect } from 'chai'
import type { RequestHandler } from 'express'
import { describe, it } from 'mocha'
import { MemoryStorage, secondFactorRouter } from '../../lib/index.js'
import { startApp } from '../support/app.js'
import { takeViolations, watchedRouter } from '../support/openapi-check.js'

/** Stands in front of the Router, and changes what it answers. */
const spoil =
  (
    change: (answer: { status: number; body: object }) => { status?: number; body?: object },
  ): RequestHandler =>
  (_req, res, next) => {
    const send = res.send.bind(res)
    res.send = (text: string) => {
      const answer = { status: res.statusCode, body: JSON.parse(text) as object }
      const { status = answer.status, body = answer.body } = change(answer)
      return send.call(res.status(status), JSON.stringify(body))
    }
    next()
  }

/** Stands in front of the Router, and takes a header from its answers, or gives them another one. */
const spoilHeader =
  (name: string, value?: string): RequestHandler =>
  (_req, res, next) => {
    const set = res.setHeader.bind(res)
    res.setHeader = (header, given) => {
      if (header !== name) return set(header, given)
      return value === undefined ? res : set(header, value)
    }
    next()
  }

const add = (members: object) => spoil(({ body }) => ({ body: { ...body, ...members } }))

const without = (member: string) =>
  spoil(({ body }) => ({
    body: Object.fromEntries(Object.entries(body).filter(([name]) => name !== member)),
  }))

/** Where the Router of a test is, with its answers spoilt. */
const SPOILT = '/spoilt'

/** What the check tells of one answer of a Router whose answers are spoilt. */
async function violationsOf(method: 'get' | 'post', path: string, spoiler: RequestHandler, body?: object) {
  const app = await startApp({
    storage: new MemoryStorage(),
    routes: (host, secondFactor) =>
      host.use(SPOILT, ...watchedRouter(secondFactorRouter(secondFactor), spoiler)),
  })
  try {
    const browser = app.browser()
    await browser.post('/login').send({ name: 'somebody' }).expect(204)
    await browser[method](SPOILT + path).send(body)
    return takeViolations()
  } finally {
    await app.close()
  }
}

const unspoilt: RequestHandler = (_req, _res, next) => {
  next()
}

describe('the check of answers against the OpenAPI document', () => {
  it('lets pass what is as documented, and what is not of the Router', async () => {
    expect(await violationsOf('get', '/', unspoilt)).to.deep.equal([])
    expect(await violationsOf('post', '/totp', unspoilt, { label: 1 })).to.deep.equal([])
    expect(await violationsOf('get', '/elsewhere', unspoilt)).to.deep.equal([])
  })

  for (const [what, method, path, spoiler, says] of [
    [
      'a member too many',
      'get',
      '/',
      add({ secret: 'told' }),
      'readStatus 200: body: the whole must NOT have additional properties',
    ],
    ['a member too few', 'get', '/', without('enabled'), "must have required property 'enabled'"],
    ['a member of another type', 'get', '/', add({ enabled: 'yes' }), '/enabled must be boolean'],
    [
      'a member that is amiss deep within',
      'post',
      '/totp',
      add({ createdAt: 'today' }),
      'enrol 201: body: /createdAt must match format',
    ],
    [
      'a status that is not documented',
      'get',
      '/',
      spoil(() => ({ status: 202 })),
      'readStatus 202: is not documented',
    ],
    ['a header that is missing', 'get', '/', spoilHeader('Cache-Control'), 'header Cache-Control is missing'],
    [
      'a header that says something else',
      'get',
      '/',
      spoilHeader('Cache-Control', 'public'),
      'header Cache-Control: ',
    ],
    ['another form', 'get', '/', spoilHeader('Content-Type', 'text/plain'), 'text/plain is not documented'],
  ] as const) {
    it(`tells of ${what}`, async () => {
      const violations = await violationsOf(method, path, spoiler)
      expect(violations.join('\n')).to.include(says)
    })
  }

  it('tells of a code that goes with another status', async () => {
    const violations = await violationsOf('post', '/totp', add({ code: 'locked' }), { label: 1 })
    expect(violations.join('\n')).to.include('enrol 400: body: /code must be equal to constant')
  })

  it('tells of a request that succeeds, and is not as documented', async () => {
    const violations = await violationsOf(
      'post',
      '/totp',
      spoil(() => ({ status: 201 })),
      { label: 1 },
    )
    expect(violations.join('\n')).to.include('enrol 201: request: /label must be string')
  })
})
