import type { RequestHandler, Response } from 'express'
import { type Problem, problemOfError } from '../express/problem.js'

/** Parse a body; one that cannot be parsed is the client's fault, and answered as the dialect answers problems. */
export const parsing =
  (parse: RequestHandler, send: (res: Response, problem: Problem) => void): RequestHandler =>
  (req, res, next) => {
    // Parsers give back at once what they throw.
    void parse(req, res, (error?: unknown) => {
      const problem = problemOfError(error)
      if (problem) send(res, problem)
      else next(error)
    })
  }
