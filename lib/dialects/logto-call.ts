import express, { type Request, type RequestHandler, type Response } from 'express'
import { hasBody } from '../express/endpoint-calls.js'
import type { Answer } from '../express/endpoints.js'
import { problemOfError } from '../express/problem.js'
import { refusal, sendAnswer } from './logto-errors.js'
import { parsing } from './parsing.js'

const parse = parsing(express.json(), sendAnswer)

/** Parse a JSON body. */
export const jsonBody: RequestHandler = (req, res, next) => {
  // A form of another site gets nowhere, also where the application has parsed it.
  if (hasBody(req) && !req.is('application/json')) {
    sendAnswer(res, refusal('guard.invalid_input'))
  } else {
    void parse(req, res, next)
  }
}

/** Answer a request whose body has been parsed. What the application's own functions throw is the application's. */
export const answering =
  (answer: (req: Request, res: Response) => Promise<Answer>): RequestHandler =>
  (req, res, next) => {
    answer(req, res)
      .catch((error: unknown) => {
        const problem = problemOfError(error)
        if (problem?.code === 'unavailable') return problem
        throw error
      })
      .then((answered) => {
        sendAnswer(res, answered)
      })
      .catch(next)
  }
