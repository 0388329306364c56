import type { Response } from 'supertest'
import type { Browser } from '../support/app.js'
import { NAVIGATION } from '../support/page-forms.js'
import type { Route } from './repository.js'

/** Who asks: a person's browser, or a program. */
export type Asker = 'browser' | 'program'

/** What an application has said to a request, shortly: `302 /login`. */
export interface Answer {
  readonly short: string
  /** The guard, or the hold, has kept the request out. */
  readonly closed: boolean
  /** The route has done its work. */
  readonly open: boolean
}

/** The id of a note that every process of the application begins with, and of a user. */
const ID = '1'

const FIELDS = { text: 'Feed the cat', displayName: 'Alice' }

/** Ask for a route, with whatever it wants to have. */
export async function ask(browser: Browser, { method, path }: Route, asker: Asker): Promise<Answer> {
  const request = sender(browser, method)(path.replaceAll(/:\w+/g, ID))
  void request.set('Accept', asker === 'browser' ? NAVIGATION : 'application/json')
  return answerOf(await (method === 'GET' ? request : request.type('form').send(FIELDS)))
}

export function answerOf({ status, headers }: Response): Answer {
  const { location } = headers as { readonly location?: string }
  const isSentAway = location === '/login' || location?.startsWith('/2fa/challenge?') === true
  return {
    short: location === undefined ? String(status) : `${status} ${location}`,
    closed: status === 401 || status === 403 || isSentAway,
    open: status >= 200 && status < 400 && !isSentAway,
  }
}

function sender(browser: Browser, method: string) {
  const methods = {
    GET: (path: string) => browser.get(path),
    POST: (path: string) => browser.post(path),
    PUT: (path: string) => browser.put(path),
    PATCH: (path: string) => browser.patch(path),
    DELETE: (path: string) => browser.delete(path),
  }
  if (!(method in methods)) throw new Error(`Nobody has said how to ask with ${method}.`)
  return methods[method as keyof typeof methods]
}
