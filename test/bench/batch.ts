import { randomUUID } from 'node:crypto'
import { TestAuthenticator } from '../../lib/testing/index.js'
import type { ContenderProcess } from './contender-process.js'
import type { Contender, Work } from './contenders.js'
import { type Browser, type Call, each, Target } from './load.js'

/** A contender that is up, in one process or several. */
export interface Running {
  readonly contender: Contender
  readonly processes: readonly ContenderProcess[]
  readonly targets: readonly Target[]
}

/** What a batch of requests took. */
export interface Measurement {
  readonly perSecond: number
  /** Of the contender's processes, milliseconds for each request. */
  readonly cpuMilliseconds: number
  /** How much of the time whoever measures was busy: near 1 it has measured itself. */
  readonly driverShare: number
}

const PAGE_VIEWS = 4

/**
 * Do one kind of work, by users who have just been made for it; only the work itself is measured.
 *
 * @param watch - called right before the work
 */
export async function runBatch(
  running: Running,
  work: Work,
  batch: number,
  watch?: () => Promise<unknown>,
): Promise<Measurement> {
  const isPage = work === 'guarded page' || work === 'unguarded page'
  const browsers = await newBrowsers(
    running,
    isPage ? Math.ceil(batch / PAGE_VIEWS) : batch,
    work !== 'enrolment',
  )
  if (isPage)
    await each(browsers, (browser) => expectStatus(running, browser, secondFactor(running, browser), [200]))
  const requests = isPage ? Array.from({ length: PAGE_VIEWS }, () => browsers).flat() : browsers

  await watch?.()
  const cpuBefore = await cpuSeconds(running)
  const driverBefore = process.cpuUsage()
  const start = performance.now()
  await each(requests, (browser) =>
    expectStatus(running, browser, callOf(running, work, browser), STATUSES[work]),
  )
  const seconds = (performance.now() - start) / 1000
  const driver = process.cpuUsage(driverBefore)
  const cpu = (await cpuSeconds(running)) - cpuBefore
  return {
    perSecond: requests.length / seconds,
    cpuMilliseconds: (cpu * 1000) / requests.length,
    driverShare: (driver.user + driver.system) / 1e6 / seconds,
  }
}

/** New users, enrolled, who have shown the first factor; each has one browser. */
export async function newBrowsers(
  running: Running,
  count: number,
  enrolled = true,
): Promise<readonly Browser[]> {
  const ids = Array.from({ length: count }, () => randomUUID())
  const users = enrolled
    ? await running.processes[0]?.enrol(ids)
    : ids.map((id) => ({ id, secret: '', backupCodes: [] }))
  const browsers = (users ?? []).map(({ id, secret, backupCodes }) => ({
    id,
    backupCodes,
    phone: secret === '' ? undefined : new TestAuthenticator(secret),
    cookies: new Map<string, string>(),
  }))
  await each(browsers, (browser) =>
    expectStatus(running, browser, running.contender.firstFactor(browser), [200]),
  )
  return browsers
}

/** One more browser of the same user, who has shown the first factor in it. */
export async function anotherBrowser(running: Running, browser: Browser): Promise<Browser> {
  const another = { ...browser, cookies: new Map<string, string>() }
  await expectStatus(running, another, running.contender.firstFactor(another), [200])
  return another
}

/** Which status says that the work was done. */
const STATUSES: Readonly<Record<Work, readonly number[]>> = {
  login: [200],
  'wrong code': [401, 422],
  'backup code': [200],
  enrolment: [201],
  'guarded page': [200],
  'unguarded page': [200],
}

/** Hours away: no window reaches so far. */
const WRONG_MILLISECONDS = 36_000_000

function callOf(running: Running, work: Work, browser: Browser): Call {
  const { contender } = running
  switch (work) {
    case 'login':
      return secondFactor(running, browser)
    case 'wrong code':
      return contender.secondFactor(browser.phone?.codeAt(Date.now() - WRONG_MILLISECONDS) ?? '', 'totp')
    case 'backup code':
      return contender.secondFactor(browser.backupCodes[0] ?? '', 'backup code')
    case 'enrolment':
      return { method: 'POST', path: '/2fa/totp', body: { label: 'Phone' } }
    case 'guarded page':
      return { method: 'GET', path: '/guarded' }
    case 'unguarded page':
      return { method: 'GET', path: '/unguarded' }
  }
}

const secondFactor = ({ contender }: Running, { phone }: Browser): Call =>
  contender.secondFactor(phone?.codeAt() ?? '', 'totp')

async function expectStatus(
  running: Running,
  browser: Browser,
  call: Call,
  expected: readonly number[],
): Promise<void> {
  const target = running.targets[browser.id.charCodeAt(0) % running.targets.length]
  const answer = await target?.send(browser, call)
  const status = answer?.status ?? NaN
  if (!expected.includes(status) && status !== running.contender.refuses) {
    throw new Error(
      `${running.contender.name}: ${call.method} ${call.path} answered ${status}: ${answer?.text}`,
    )
  }
}

async function cpuSeconds({ processes }: Running): Promise<number> {
  const usages = await Promise.all(processes.map((one) => one.usage()))
  return usages.reduce((sum, usage) => sum + usage.cpuSeconds, 0)
}
