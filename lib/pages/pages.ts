import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express'
import { endpointCalls } from '../express/endpoint-calls.js'
import { wantsPage } from '../express/navigation.js'
import { problemOfError } from '../express/problem.js'
import type { Standing } from '../express/standing.js'
import type { SecondFactor } from '../service.js'
import { type Asset, pageAssets } from './assets.js'
import { answerChallenge, showChallenge } from './challenge.js'
import { FORMS } from './forms.js'
import type { ManageForm } from './locals.js'
import { answerForm, showManage } from './manage.js'
import { PAGE_OPTIONS, type PagesOptions, readPagesOptions } from './options.js'
import { beginSetup, confirmSetup, showSetup } from './setup.js'
import { type Site, Visit } from './visit.js'

type Handler = (visit: Visit, standing: Standing) => Promise<void> | void

const FORM = 'application/x-www-form-urlencoded'

/**
 * Finished pages of the second factor, for people's browsers: `/challenge`, `/setup` and, at `/`, where it is managed.
 * Mount them in front of the Router, on the same path: `app.use('/2fa', secondFactorPages(secondFactor),
 * secondFactorRouter(secondFactor))`. Who asks for JSON gets to the Router; a browser gets pages.
 *
 * They work without scripts, load nothing but their own two files, and send a Content-Security-Policy that allows
 * nothing else. Give `holdForSecondFactor` the paths `/2fa/challenge` and `/2fa/setup`.
 *
 * Whatever takes something away asks for a code in place. Everything is subject to the rules of the Router, whose
 * endpoints these pages call.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function secondFactorPages(secondFactor: SecondFactor, options: PagesOptions = {}): Router {
  const caller = 'secondFactorPages'
  const calls = endpointCalls(caller, secondFactor, options, PAGE_OPTIONS)
  const settings = readPagesOptions(caller, options)
  const site: Site = { secondFactor, calls, settings, assets: pageAssets(settings.theme) }

  const router = express.Router()
  for (const asset of Object.values<Asset>({ ...site.assets }))
    router.get(`/assets/${asset.name}`, sendAsset(asset))
  router.get('/', ifPage(wantsPage), page(site, showManage))
  router.get('/challenge', ifPage(acceptsPage), page(site, showChallenge, { pending: true }))
  router.get('/setup', ifPage(acceptsPage), page(site, showSetup))

  const form = (path: string, handler: Handler, admits = {}) => {
    router.post(
      path,
      ifPage(acceptsPage),
      refuseForeign(site),
      express.urlencoded({ extended: false }),
      page(site, handler, admits),
    )
  }
  form('/challenge', answerChallenge, { pending: true })
  form('/setup', beginSetup)
  form('/setup/:id', confirmSetup)
  for (const [name, { path }] of Object.entries(FORMS)) {
    form(path, (visit, standing) => answerForm(visit, standing, name as ManageForm))
  }
  // What a form has left in the address bar is no page of its own.
  for (const path of ['/setup/:id', ...Object.values(FORMS).map((one) => one.path)]) {
    router.get(path, ifPage(acceptsPage), page(site, goToManage))
  }
  router.use(answerErrors(site))
  return router
}

const sendAsset =
  ({ type, content }: Asset): RequestHandler =>
  (_req, res) => {
    // Not `public`: whatever stands in front of this may set a session's cookie on any answer.
    res.setHeader('Cache-Control', 'private, max-age=31536000, immutable')
    res.setHeader('X-Content-Type-Options', 'nosniff')
    res.type(type).send(content)
  }

const acceptsPage = (req: Request): boolean => req.accepts('html') !== false

/** Whoever asks for something else is the business of the Router, or of the application. */
const ifPage =
  (isWanted: (req: Request) => boolean): RequestHandler =>
  (req, _res, next) => {
    next(isWanted(req) ? undefined : 'route')
  }

const goToManage: Handler = (visit) => {
  visit.goTo(`${visit.base}/`)
}

/** A page for whoever is signed in; who still owes the second factor gets to one alone. */
function page(site: Site, handler: Handler, admits: { readonly pending?: boolean } = {}): RequestHandler {
  const open = async (visit: Visit): Promise<void> => {
    const standing = await visit.standing()
    if (!standing) await askToSignIn(visit)
    else if (standing.state === 'pending' && !admits.pending) visit.goFirstTo(`${visit.base}/challenge`)
    else await handler(visit, standing)
  }
  return (req, res, next) => {
    open(new Visit(site, req, res)).catch(next)
  }
}

async function askToSignIn(visit: Visit): Promise<void> {
  const { loginPath } = visit.site.settings
  if (loginPath !== undefined) {
    visit.goFirstTo(loginPath)
    return
  }
  const { signInFirst, signInFirstText } = visit.messages
  visit.problem({ code: 'not_authenticated' })
  await visit.notice(signInFirst, signInFirstText)
}

/** Nothing of a form is read before it is known to come from this site. */
const refuseForeign =
  (site: Site): RequestHandler =>
  (req, res, next) => {
    const problem = site.calls.refusal(req, [FORM])
    if (!problem) next()
    else new Visit(site, req, res).refuse(problem).catch(next)
  }

const answerErrors =
  (site: Site) =>
  (error: unknown, req: Request, res: Response, next: NextFunction): void => {
    const problem = problemOfError(error)
    if (problem && !res.headersSent) new Visit(site, req, res).refuse(problem).catch(next)
    else next(error)
  }
