// Takes a plain application out of its repository, shows that the password alone opens all of it, applies the patch,
// and shows that the password alone opens nothing of it any more, once its user has a second factor.
import { type Browser, turnOn } from '../support/app.js'
import type { Example } from '../support/example.js'
import { pageAt } from '../support/page-forms.js'
import { startRedis } from '../support/redis.js'
import { answerOf, ask } from './answers.js'
import { changedLines, newRepository, type Route, routesInSource } from './repository.js'

const MOST_LINES = 10
const TIME_STEP = 30_000
const PASSWORDS = { alice: 'correct horse battery staple', bob: 'wrong horse battery staple' }

let passed = 0
let failed = 0
function check(holds: boolean, what: string): void {
  if (holds) passed++
  else failed++
  console.log(`${holds ? 'ok  ' : 'FAIL'}  ${what}`)
}

const nameOf = ({ method, path }: Route): string => `${method.padEnd(6)} ${path.padEnd(24)}`

/** A new session that has shown the password, and nothing else. */
async function logIn(app: Example, username: keyof typeof PASSWORDS): Promise<Browser> {
  const browser = app.browser()
  const form = { username, password: PASSWORDS[username] }
  await browser.post('/login').type('form').send(form).expect(302).expect('Location', '/account')
  return browser
}

/** Which routes have a guard: a stranger is kept out, and the password opens them. */
async function plainRoutes(
  app: Example,
  routes: readonly Route[],
  alice: Browser,
): Promise<readonly Route[]> {
  const guarded: Route[] = []
  for (const route of routes) {
    const stranger = await ask(app.browser(), route, 'browser')
    if (!stranger.closed) {
      check(stranger.open, `${nameOf(route)} has no guard: ${stranger.short}`)
      continue
    }
    guarded.push(route)
    const opened = await ask(alice, route, 'browser')
    check(opened.open, `${nameOf(route)} stranger: ${stranger.short}; password: ${opened.short}`)
  }
  return guarded
}

/** Who has no second factor works as before. */
async function unenrolled(app: Example, routes: readonly Route[]): Promise<void> {
  const bob = await logIn(app, 'bob')
  for (const route of routes.filter(({ method }) => method === 'GET')) {
    const { open, short } = await ask(bob, route, 'browser')
    const isForAdmins = route.path.startsWith('/admin')
    check(isForAdmins ? short === '403' : open, `${nameOf(route)} no second factor: ${short}`)
  }
}

/** Every guarded route is closed to half a login, whoever asks and since when, and opened by the code. */
async function enrolled(app: Example, routes: readonly Route[], before: Browser): Promise<void> {
  const earlier = app.browser()
  earlier.jar = before.jar
  await earlier.get('/account').expect(200)
  const { phone } = await turnOn(await logIn(app, 'alice'))
  const stillOpen: string[] = []
  for (const route of routes) {
    if (!(await ask(earlier, route, 'browser')).closed) stillOpen.push(nameOf(route).trim())
  }
  check(
    stillOpen.length === 0,
    `a login from before the patch owes the code too: ${stillOpen.join() || 'closed'}`,
  )

  const alice = await logIn(app, 'alice')
  const halfOf = new Map<Route, string>()
  for (const route of routes) {
    const person = await ask(alice, route, 'browser')
    const program = await ask(alice, route, 'program')
    const isChallenged = route.method !== 'GET' || person.short.startsWith('303 /2fa/challenge?returnTo=%2F')
    const closed = person.closed && program.closed && isChallenged
    halfOf.set(route, `password: ${closed ? '' : 'NOT CLOSED, '}${person.short}, program ${program.short}`)
  }
  const login = await ask(alice, { method: 'GET', path: '/login' }, 'browser')
  check(
    login.short.startsWith('303 /2fa/challenge?'),
    `the guards' way to the login leads on: ${login.short}`,
  )

  const challenge = await pageAt(alice, '/2fa/challenge?returnTo=%2Fnotes')
  const { fields } = challenge.form('/2fa/challenge')
  const code = phone.codeAt(Date.now() + TIME_STEP)
  const shown = await alice
    .post('/2fa/challenge')
    .type('form')
    .set('Accept', 'text/html')
    .send({ ...fields, code })
  check(answerOf(shown).short === '303 /notes', `the page takes the code: ${answerOf(shown).short}`)
  for (const [route, half] of halfOf) {
    const { open, short } = await ask(alice, route, 'browser')
    check(open && !half.includes('NOT CLOSED'), `${nameOf(route)} ${half}; code: ${short}`)
  }
}

const redis = await startRedis()
const environment = {
  REDIS_URL: redis.url,
  SESSION_SECRET: 's'.repeat(32),
  SECOND_FACTOR_SECRET: 'f'.repeat(32),
}
const repository = newRepository()
try {
  repository.install()
  const routes = repository.routes(environment)
  check(routes.length === routesInSource(), `the application has ${routes.length} routes, as its source says`)

  console.log('\nThe plain application')
  const plain = await repository.start(environment)
  const alice = await logIn(plain, 'alice')
  const guarded = await plainRoutes(plain, routes, alice)
  await plain.stop()

  console.log('\nThe patch')
  repository.convert()
  check(changedLines() <= MOST_LINES, `it changes ${changedLines()} lines:${repository.changes()}`)
  const left = new Set(repository.routes(environment).map(nameOf))
  check(
    routes.every((route) => left.has(nameOf(route))),
    'every route is there still',
  )

  console.log('\nThe converted application')
  const converted = await repository.start(environment)
  await unenrolled(converted, guarded)
  await enrolled(converted, guarded, alice)
  await converted.stop()
} catch (error) {
  failed++
  console.error(error)
} finally {
  repository.remove()
  await redis.stop()
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
