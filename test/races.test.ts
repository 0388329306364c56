import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import supertest from 'supertest'
import { type Browser, type EnrolledPerson, enrolThroughRouter, wrongCode } from './support/app.js'
import { type RedisServer, startRedis } from './support/redis.js'

const RACERS = 200
const TIME_STEP = 30_000
const LOGIN = '/login/2fa'
const VERIFY = '/2fa/verify'

describe('races through HTTP: two processes, one Redis', () => {
  let redis: RedisServer
  const processes: ChildProcess[] = []
  const urls: string[] = []

  before(async () => {
    redis = await startRedis()
    for (let count = 0; count < 2; count++) {
      const server = fork(fileURLToPath(new URL('support/race-server.ts', import.meta.url)), [redis.url], {
        execArgv: ['--import', 'tsx'],
      })
      processes.push(server)
      const [url] = (await once(server, 'message')) as [string]
      urls.push(url)
    }
  })
  after(async () => {
    for (const server of processes) server.kill('SIGKILL')
    await redis.stop()
  })

  /** A browser of its own; they take turns at the two processes. */
  const browser = (index: number): Browser => supertest.agent(urls[index % urls.length])

  const enrol = (name: string): Promise<EnrolledPerson> =>
    enrolThroughRouter({ clock: { now: Date.now } }, browser(0), name)

  /** Sessions that have shown the first factor only. */
  const pendingSessions = (name: string, count: number): Promise<Browser[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const session = browser(index)
        await session.post('/login').send({ name }).expect(204)
        return session
      }),
    )

  /** All at once, each session its own code; how often each status was answered. */
  async function race(
    sessions: readonly Browser[],
    path: string,
    codeFor: (index: number) => string,
  ): Promise<Record<number, number>> {
    const answers = await Promise.all(
      sessions.map((session, index) => session.post(path).send({ code: codeFor(index) })),
    )
    const counts: Record<number, number> = {}
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
    return counts
  }

  for (const [title, path] of [
    ['Router', VERIFY],
    ['strategy', LOGIN],
  ] as const) {
    describe(`POST ${path} [${title}]`, () => {
      it(`C7 C24 lets one of ${RACERS} parallel uses of one TOTP code in`, async () => {
        const { phone } = await enrol(`totp ${path}`)
        const sessions = await pendingSessions(`totp ${path}`, RACERS)
        const code = phone.codeAt(Date.now() + TIME_STEP)
        expect(await race(sessions, path, () => code)).to.deep.equal({ 200: 1, 422: RACERS - 1 })
        expect(await openSessions(sessions)).to.equal(1)
      })

      it(`C4 C5 C7 C20 lets one of ${RACERS} parallel uses of one backup code in`, async () => {
        const { backupCodes } = await enrol(`backup ${path}`)
        const sessions = await pendingSessions(`backup ${path}`, RACERS)
        const code = String(backupCodes[0])
        expect(await race(sessions, path, () => code)).to.deep.equal({ 200: 1, 422: RACERS - 1 })
        expect(await openSessions(sessions)).to.equal(1)
      })

      it('C43 lets two different backup codes at once both count', async () => {
        const { backupCodes } = await enrol(`two ${path}`)
        const sessions = await pendingSessions(`two ${path}`, 2)
        expect(await race(sessions, path, (index) => String(backupCodes[index]))).to.deep.equal({ 200: 2 })
      })

      it(`C25 C26 looks at 5 of ${RACERS} parallel wrong codes, in as many sessions`, async () => {
        const { phone } = await enrol(`wrong ${path}`)
        const sessions = await pendingSessions(`wrong ${path}`, RACERS)
        const wrong = wrongCode(phone, Date.now())
        expect(await race(sessions, path, () => wrong)).to.deep.equal({ 422: 5, 429: RACERS - 5 })
        expect(await openSessions(sessions)).to.equal(0)
      })
    })
  }

  async function openSessions(sessions: readonly Browser[]): Promise<number> {
    const answers = await Promise.all(sessions.map((session) => session.get('/private')))
    return answers.filter(({ status }) => status === 200).length
  }
})
