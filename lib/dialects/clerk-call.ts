import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { SecondFactorError } from '../errors.js'
import type { Answer } from '../express/endpoints.js'
import { problemOfError } from '../express/problem.js'
import { type ClerkProblemNames, refusal, sendAnswer } from './clerk-errors.js'

/** Answer a request whose body has been parsed. */
export const answering =
  (answer: (req: Request, res: Response) => Promise<Answer>, names: ClerkProblemNames = {}): RequestHandler =>
  (req, res, next) => {
    answer(req, res)
      .then((answered) => {
        sendAnswer(res, answered, names)
      })
      .catch((error: unknown) => {
        answerFailure(error, res, next)
      })
  }

/** Nothing was decided. What the application's own functions throw is the application's to answer. */
function answerFailure(error: unknown, res: Response, next: NextFunction): void {
  const problem = problemOfError(error)
  if (problem?.code !== 'unavailable' || res.headersSent) next(error)
  else sendAnswer(res, isContention(error) ? refusal('resource_locked') : problem)
}

const isContention = (error: unknown): boolean =>
  error instanceof SecondFactorError && error.code === 'storage_contention'
