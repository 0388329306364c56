import type { ErrorRequestHandler } from 'express'
import type { Response, Test } from 'supertest'
import { startApp, type TestApp, type TestAppOptions } from '../support/app.js'
import { outcomeOf } from '../support/endpoints.js'

/** An application whose errors say who they are from: express-session in front of us, or what stands behind it. */
export function startTellingApp(options: TestAppOptions): Promise<TestApp> {
  return startApp({
    ...options,
    secondFactor: { ...options.secondFactor, backupCodes: { count: 50 } },
    routes: (app) => {
      // Express would print every error that comes after an answer.
      app.set('env', 'test')
      app.use(tell)
    },
  })
}

const tell: ErrorRequestHandler = (error, req, res, next) => {
  // The session could not be stored after the answer; express-session ends the answer by itself.
  if (res.headersSent) return
  const session = req.session as object | undefined
  res.setHeader('X-Answered-By', session ? 'application' : 'express-session')
  next(error)
}

/** What a client sees: a status with its problem code or with who has failed; or nothing, the connection was lost. */
export async function outcomeFrom(request: Test): Promise<string> {
  let answer: Response
  try {
    answer = await request
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 'no answer'
    throw error
  }
  const author = answer.get('X-Answered-By')
  return author === undefined ? outcomeOf(answer) : `${answer.status} of ${author}`
}
