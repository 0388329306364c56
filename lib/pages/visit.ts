import type { Request, Response } from 'express'
import { textMember } from '../express/body.js'
import type { EndpointCalls } from '../express/endpoint-calls.js'
import { type Answer, ENDPOINTS, type Endpoint, isProblem } from '../express/endpoints.js'
import { prepare, type Problem, setRetryAfter, statusOf } from '../express/problem.js'
import { safeReturnPath } from '../express/return-path.js'
import { type Standing, standingOf } from '../express/standing.js'
import type { SecondFactor } from '../service.js'
import type { PageAssets } from './assets.js'
import type { Language } from './language.js'
import type { FormProblem, NoticeLocals, PageLocals, PageName, Pages } from './locals.js'
import type { PageMessages } from './messages/en.js'
import type { PageSettings } from './options.js'
import { isDataImage } from './theme.js'
import { challengeView } from './views/challenge.js'
import { codesView } from './views/codes.js'
import { manageView } from './views/manage.js'
import { noticeView } from './views/notice.js'
import { setupView } from './views/setup.js'

/** What all visits have in common. */
export interface Site {
  readonly secondFactor: SecondFactor
  readonly calls: EndpointCalls
  readonly settings: PageSettings
  readonly assets: PageAssets
}

const VIEWS: { readonly [Name in PageName]: (locals: PageLocals & Pages[Name]) => string } = {
  challenge: challengeView,
  setup: setupView,
  codes: codesView,
  manage: manageView,
  notice: noticeView,
}

/** One request for a page, or of one of its forms. */
export class Visit {
  readonly base: string
  readonly language: Language

  constructor(
    readonly site: Site,
    readonly req: Request,
    private readonly res: Response,
  ) {
    // Two slashes would be another host to a browser.
    this.base = req.baseUrl.replace(/^\/+/, '/')
    this.language = site.settings.languageOf(req)
  }

  get messages(): PageMessages {
    return this.language.messages
  }

  /** A field of the form that was sent; empty when it is not there. */
  field(name: string): string {
    return textMember(this.req.body, name)
  }

  /** Where to go on to: what the page was asked with, or the form that it made. */
  returnTo(fallback = this.site.settings.homePath): string {
    return safeReturnPath(
      this.req.method === 'POST' ? this.field('returnTo') : this.req.query['returnTo'],
      fallback,
    )
  }

  /** Where the person stands now. */
  standing(): Promise<Standing | undefined> {
    return standingOf(this.req, this.site.secondFactor, this.site.calls.identity)
  }

  call<Body extends object>(endpoint: Endpoint<Body>): Promise<Answer<Body>> {
    return this.site.calls.call(endpoint, this.req, this.res)
  }

  /** Check the code in the form; what is wrong with it, or undefined. */
  async showCode(): Promise<Problem | 'code_needed' | undefined> {
    if (this.field('code').trim() === '') return 'code_needed'
    const answer = await this.call(ENDPOINTS.verify)
    return isProblem(answer) ? answer : undefined
  }

  goTo(path: string): void {
    prepare(this.res)
    this.res.redirect(303, path)
  }

  /** Go somewhere first, and come back: to what was asked for, or after a form to where it can be sent again. */
  goFirstTo(path: string, back = this.req.method === 'GET' ? this.req.originalUrl : this.startAgain()): void {
    this.goTo(`${path}?${new URLSearchParams({ returnTo: safeReturnPath(back) }).toString()}`)
  }

  /** Where what a form asks for can be asked for again; fresh codes are not shown again, and only wait. */
  private startAgain(): string {
    const [, codes] = /^\/codes\/([\w-]{1,64})$/.exec(this.req.path) ?? []
    return codes === undefined ? `${this.base}/` : `${this.base}/?save=${codes}`
  }

  /** What a problem is in the language of the page. `invalid_request` and `invalid_code` are the form's own matter. */
  problem(problem: Problem | 'code_needed', own: Partial<Record<Problem['code'], string>> = {}): FormProblem {
    if (problem === 'code_needed') {
      this.res.status(statusOf('fresh_second_factor_required'))
      return { code: problem, message: this.messages.codeNeeded }
    }
    const { code, retryAfterSeconds } = problem
    setRetryAfter(this.res, problem)
    this.res.status(statusOf(code))
    const message = own[code] ?? this.general(problem)
    return {
      code,
      message,
      ...(code === 'locked' && retryAfterSeconds !== undefined && { retryAfterSeconds }),
    }
  }

  private general({ code, retryAfterSeconds = 1 }: Problem): string {
    const { messages, fill, duration } = this.language
    const texts: Partial<Record<Problem['code'], string>> = {
      locked: fill(messages.locked, { duration: duration(retryAfterSeconds) }),
      invalid_code: messages.wrongCode,
      invalid_request: messages.notACode,
      authenticator_disabled: messages.authenticatorDisabled,
      enrolment_expired: messages.enrolmentExpired,
      too_many_authenticators: messages.tooManyAuthenticators,
      not_found: messages.notFound,
      fresh_second_factor_required: messages.codeNeeded,
      cross_site_request: messages.otherSite,
      not_authenticated: messages.signInFirst,
      unavailable: messages.unavailable,
    }
    return texts[code] ?? messages.failed
  }

  /** Answer to a request that nothing is done for. */
  refuse(problem: Problem): Promise<void> {
    const { message } = this.problem(problem, { invalid_request: this.messages.failed })
    return this.notice(this.messages.manageTitle, message, {
      path: `${this.base}/`,
      text: this.messages.goBack,
    })
  }

  /** Answer with a page that says one thing. */
  notice(title: string, text: string, link?: NoticeLocals['link']): Promise<void> {
    return this.show('notice', { title, text, link })
  }

  /** Answer with a page: the application's own view, where it has one. */
  async show<Name extends PageName>(name: Name, own: Pages[Name]): Promise<void> {
    const { res, language, base } = this
    const { settings, assets } = this.site
    const { theme, logoutPath, views } = settings
    const locals: PageLocals & Pages[Name] = {
      ...language,
      base,
      name: theme.name,
      logo: theme.logo,
      stylesheets: [
        `${base}/assets/${assets.style.name}`,
        ...(theme.stylesheet === undefined ? [] : [theme.stylesheet]),
      ],
      script: `${base}/assets/${assets.script.name}`,
      logoutPath,
      ...own,
    }
    const view = views[name]
    const text = view === undefined ? VIEWS[name](locals) : await this.render(view, locals)
    prepare(res)
    res.setHeader('Content-Language', language.tag)
    res.setHeader('Content-Security-Policy', contentSecurityPolicy(settings))
    res.setHeader('Referrer-Policy', 'same-origin')
    res.setHeader('X-Content-Type-Options', 'nosniff')
    res.vary('Accept')
    res.vary('Accept-Language')
    res.type('html').send(text)
  }

  private render(view: string, locals: object): Promise<string> {
    return new Promise((resolve, reject) => {
      this.res.render(view, locals, (error: Error | null, text: string) => {
        if (error) reject(error)
        else resolve(text)
      })
    })
  }
}

/** Nothing but the pages' own: no inline script, no inline style, no other host, in no frame. */
const contentSecurityPolicy = ({ theme: { logo }, redirectOrigins }: PageSettings): string =>
  [
    "default-src 'none'",
    `img-src data:${logo === undefined || isDataImage(logo) ? '' : " 'self'"}`,
    "style-src 'self'",
    "script-src 'self'",
    ["form-action 'self'", ...redirectOrigins].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
