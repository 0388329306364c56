import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from 'redis'
import type { Browser } from '../support/app.js'
import { type Example, startExample } from '../support/example.js'
import { readQrCode } from '../support/qr-code.js'
import { type RedisServer, startRedis } from '../support/redis.js'

const PASSWORD = 'correct horse battery staple'
const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const TIME_STEP_SECONDS = 30

const folder = mkdtempSync(join(tmpdir(), 'express-2fa-example-'))
const withoutPrograms = join(folder, 'no-programs')
mkdirSync(withoutPrograms)
after(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Mode {
  readonly name: string
  readonly says: string
  readonly keepsSessions: boolean
  readonly environment: (redis: RedisServer) => Record<string, string>
}

const MODES: readonly Mode[] = [
  {
    name: 'with a redis-server to start',
    says: 'a private Redis',
    keepsSessions: true,
    environment: () => ({}),
  },
  {
    name: 'with a REDIS_URL',
    says: 'the Redis at REDIS_URL',
    keepsSessions: true,
    environment: ({ url }) => ({ REDIS_URL: url }),
  },
  {
    name: 'without any Redis',
    says: 'sessions end with this process',
    keepsSessions: false,
    environment: () => ({ PATH: withoutPrograms }),
  },
]

for (const { name, says, keepsSessions, environment } of MODES) {
  describe(`the example, ${name}`, () => {
    let redis: RedisServer
    let settings: Record<string, string>
    let example: Example
    before(async () => {
      redis = await startRedis()
      settings = { ...environment(redis), DATA_FOLDER: mkdtempSync(join(folder, 'data-')) }
      example = await startExample(settings)
    })
    after(async () => {
      await example.stop()
      await redis.stop()
    })

    it('says where it keeps things', () => {
      expect(example.output()).to.contain(says)
    })

    it('takes a person from signing up to logging in with each kind of code, once each', async () => {
      const browser = example.browser()
      await signUp(browser, 'alice')
      await browser.get('/account').expect(200, /alice.*second factor is off/s)
      const { secret, firstCode, backupCodes } = await enrol(browser)
      await browser.get('/account').expect(200, /second factor is on/)
      await page(browser, '/2fa/').expect(200, /10 of 10 left/)
      await logOut(browser)

      await logIn(browser, 'alice')
      await browser.get('/account').expect(401)
      await send(browser, '/2fa/challenge', { code: firstCode }).expect(422)
      await browser.get('/account').expect(401)
      await showCode(browser, await oathtool(secret, TIME_STEP_SECONDS))
      await browser.get('/account').expect(200, /alice/)
      await logOut(browser)

      const [backupCode = ''] = backupCodes
      await logIn(browser, 'alice')
      await showCode(browser, backupCode)
      await page(browser, '/2fa/').expect(200, /9 of 10 left/)
      await logOut(browser)

      await logIn(browser, 'alice')
      for (const spent of [backupCode, firstCode]) {
        const refused = await send(browser, '/2fa/challenge', { code: spent }).expect(422)
        expect(refused.text).to.contain('role="alert"')
        await browser.get('/account').expect(401)
      }
    })

    it('keeps accounts and enrolments over a restart', async () => {
      const before = example.browser()
      await signUp(before, 'bob')
      const { backupCodes } = await enrol(before)
      await example.stop()
      example = await startExample(settings)

      const browser = example.browser()
      browser.jar = before.jar
      await browser.get('/account').expect(keepsSessions ? 200 : 401)
      await logOut(browser)
      await logIn(browser, 'bob')
      await browser.get('/account').expect(401)
      await showCode(browser, backupCodes[3] ?? '')
      await browser.get('/account').expect(200, /bob/)
    })
  })
}

describe('the pages of the example', () => {
  let redis: RedisServer
  let example: Example
  before(async () => {
    redis = await startRedis()
    const data = mkdtempSync(join(folder, 'data-'))
    example = await startExample({ REDIS_URL: redis.url, DATA_FOLDER: data })
  })
  after(async () => {
    await example.stop()
    await redis.stop()
  })

  it('bring a person who follows a link back to it, through password and second factor', async () => {
    const browser = example.browser()
    await signUp(browser, 'carol')
    const { backupCodes } = await enrol(browser)
    await logOut(browser)

    const wanted = '/account?from=mail'
    const refused = await page(browser, wanted).expect(401)
    const login = { username: 'carol', password: PASSWORD, returnTo: returnToOf(refused.text) }
    await browser.post('/login').type('form').send(login).expect(303).expect('Location', wanted)
    const held = await page(browser, wanted).expect(303)
    expect(held.headers['location']).to.equal(`/2fa/challenge?returnTo=${encodeURIComponent(wanted)}`)
    const challenge = await page(browser, held.headers['location'] ?? '').expect(200)
    const code = { code: backupCodes[0], returnTo: returnToOf(challenge.text) }
    await send(browser, '/2fa/challenge', code).expect(303).expect('Location', wanted)
    await page(browser, wanted).expect(200)
  })

  it('send nobody to another site', async () => {
    const browser = example.browser()
    await signUp(browser, 'fred')
    const { backupCodes } = await enrol(browser)
    const places = ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)']
    for (const [index, returnTo] of places.entries()) {
      const challenge = await page(browser, '/2fa/challenge').query({ returnTo }).expect(200)
      expect(returnToOf(challenge.text), returnTo).to.equal('/account')
      await logOut(browser)
      const login = { username: 'fred', password: PASSWORD, returnTo }
      await browser.post('/login').type('form').send(login).expect(303).expect('Location', '/account')
      const code = { code: backupCodes[index], returnTo }
      await send(browser, '/2fa/challenge', code).expect(303).expect('Location', '/account')
    }
  })

  it('send a stranger to the login, and back to where the second factor is managed', async () => {
    const browser = example.browser()
    await page(browser, '/2fa/').expect(303).expect('Location', '/login?returnTo=%2F2fa%2F')
    await signUp(browser, 'dora')
    await page(browser, '/2fa/').expect(200, /It is off/)
    await enrol(browser)
    await page(browser, '/2fa/').expect(200, /10 of 10 left/)
    // Programs get the Router's answers at the same place.
    const status = await browser.get('/2fa/').set('Accept', 'application/json').expect(200)
    expect(status.body).to.include({ enabled: true, satisfied: true })
  })

  it('escape what people type', async () => {
    const browser = example.browser()
    await signUp(browser, `<b title="x">o'neil & co</b>`)
    const { text } = await browser.get('/account').expect(200)
    expect(text).to.contain('&#60;b title=&#34;x&#34;&#62;o&#39;neil &#38; co&#60;/b&#62;')
    await browser.get('/login?returnTo=/%22%3E%3Cscript%3E').expect(303)
    const { text: form } = await example.browser().get('/login?returnTo=/%22%3E%3Cscript%3E').expect(200)
    expect(form).not.to.contain('<script')
  })

  it('refuse a taken name, a short password and a wrong password, each in words', async () => {
    const browser = example.browser()
    await signUp(browser, 'erin')
    const attempts = [
      { path: '/signup', username: ' ERIN ', password: PASSWORD, status: 422, words: 'This name is taken.' },
      { path: '/signup', username: 'finn', password: 'short', status: 422, words: 'a password of 8' },
      { path: '/signup', username: '', password: PASSWORD, status: 422, words: 'a name of 1' },
      { path: '/login', username: 'erin', password: 'another password', status: 401, words: 'do not belong' },
      { path: '/login', username: 'nobody', password: PASSWORD, status: 401, words: 'do not belong' },
    ]
    for (const { path, status, words, ...form } of attempts) {
      const { text } = await example.browser().post(path).type('form').send(form).expect(status)
      expect(text).to.contain(words)
    }
  })

  it('do nothing for a form of another site', async () => {
    const browser = example.browser()
    await signUp(browser, 'gina')
    for (const origin of ['https://evil.example', 'null']) {
      await browser.post('/logout').set('Origin', origin).expect(403)
    }
    await browser.get('/account').expect(200)
    await browser.post('/logout').set('Origin', example.url).expect(303)
    await browser.get('/account').expect(401)
  })

  it('answer 503 while Redis is away, and go on when it is back', async () => {
    const browser = example.browser()
    await signUp(browser, 'hugo')
    const { backupCodes } = await enrol(browser)
    await redis.kill()
    await browser.get('/account').expect(503).expect('Retry-After', '2')
    await send(browser, '/2fa/challenge', { code: backupCodes[0] }).expect(503)
    await example
      .browser()
      .post('/login')
      .type('form')
      .send({ username: 'hugo', password: PASSWORD })
      .expect(503)
    await redis.restart()
    await untilAnswering(browser)
    await browser.get('/account').expect(200, /hugo/)
  })
})

describe('the data folder of the example', () => {
  it('is nobody else’s, and keeps generated secrets', async () => {
    const data = join(folder, 'fresh')
    const example = await startExample({ PATH: withoutPrograms, DATA_FOLDER: data })
    await example.stop()
    expect(statSync(data).mode & 0o777).to.equal(0o700)
    expect(statSync(join(data, 'secrets.json')).mode & 0o777).to.equal(0o600)
  })

  it('has no secrets when the environment has them', async () => {
    const data = join(folder, 'without-secrets')
    const secrets = { SESSION_SECRET: 's'.repeat(32), SECOND_FACTOR_SECRET: 'f'.repeat(32) }
    const example = await startExample({ PATH: withoutPrograms, DATA_FOLDER: data, ...secrets })
    await example.stop()
    expect(existsSync(join(data, 'secrets.json'))).to.equal(false)
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`has no Redis running after ${signal}`, async () => {
      const data = mkdtempSync(join(folder, 'data-'))
      const example = await startExample({ DATA_FOLDER: data })
      expect(existsSync(join(data, 'redis.sock'))).to.equal(true)
      await example.stop(signal)
      expect(existsSync(join(data, 'redis.sock'))).to.equal(false)
    })
  }

  it('never has two Redis servers, though the first has outlived its process', async () => {
    const data = mkdtempSync(join(folder, 'data-'))
    const killed = await startExample({ DATA_FOLDER: data })
    await signUp(killed.browser(), 'ivan')
    await killed.stop('SIGKILL')
    const left = createClient({ socket: { path: join(data, 'redis.sock'), reconnectStrategy: false } })
    left.on('error', () => undefined)
    await left.connect()
    try {
      const example = await startExample({ DATA_FOLDER: data })
      expect(example.output()).to.contain('was left running')
      await logIn(example.browser(), 'ivan')
      await example.stop()
    } finally {
      // It ends without an answer.
      left.sendCommand(['SHUTDOWN']).catch(() => undefined)
      await once(left, 'error')
      left.destroy()
    }
  })
})

async function signUp(browser: Browser, username: string): Promise<void> {
  const form = { username, password: PASSWORD }
  await browser.post('/signup').type('form').send(form).expect(303).expect('Location', '/account')
}

async function logIn(browser: Browser, username: string): Promise<void> {
  const form = { username, password: PASSWORD }
  await browser.post('/login').type('form').send(form).expect(303).expect('Location', '/account')
}

async function showCode(browser: Browser, code: string): Promise<void> {
  await send(browser, '/2fa/challenge', { code }).expect(303).expect('Location', '/account')
}

async function logOut(browser: Browser): Promise<void> {
  await browser.post('/logout').expect(303).expect('Location', '/')
}

/** Turn the second factor on by its page, with an authenticator that shares no code with this package. */
async function enrol(browser: Browser) {
  const { text } = await page(browser, '/2fa/setup').expect(200)
  const [, action = ''] = /action="([^"]*\/setup\/[^"]+)"/.exec(text) ?? []
  const [, qrCode = ''] = /<img src="([^"]+)"/.exec(text) ?? []
  const uri = new URL(readQrCode(qrCode) ?? '')
  expect(uri.searchParams.get('issuer')).to.equal('ACME')
  const secret = uri.searchParams.get('secret') ?? ''
  const firstCode = await oathtool(secret)
  const confirmed = await send(browser, action, { code: firstCode }).expect(200)
  const backupCodes = Array.from(confirmed.text.matchAll(/<li><code>([^<]+)</g), ([, code = '']) => code)
  expect(new Set(backupCodes).size).to.equal(10)
  return { secret, firstCode, backupCodes }
}

/** Go to a page, as a person does. */
const page = (browser: Browser, path: string) => browser.get(path).set('Accept', HTML)

/** Send a form of a page. */
const send = (browser: Browser, path: string, fields: object) =>
  browser.post(path).set('Accept', HTML).type('form').send(fields)

const returnToOf = (page: string): string | undefined => /name="returnTo" value="([^"]*)"/.exec(page)?.[1]

/** The code that an authenticator shows, now or so many seconds later. */
async function oathtool(secret: string, secondsLater = 0): Promise<string> {
  const instant = `@${Math.floor(Date.now() / 1000) + secondsLater}`
  const { stdout } = await promisify(execFile)('oathtool', ['--totp', '--base32', '--now', instant, secret])
  return stdout.trim()
}

async function untilAnswering(browser: Browser): Promise<void> {
  for (;;) if ((await browser.get('/account')).status !== 503) return
}
