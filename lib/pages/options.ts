import { checkNames } from '../check.js'
import { checkOrigins } from '../express/cross-site.js'
import type { EndpointOptions } from '../express/endpoint-calls.js'
import { checkPath } from '../express/navigation.js'
import { type LanguageOptions, languageOf } from './language.js'
import { PAGE_NAMES, type PageName } from './locals.js'
import { checkTheme, type PageTheme } from './theme.js'

/** Options of {@link secondFactorPages}. */
export interface PagesOptions extends EndpointOptions, LanguageOptions {
  /** Where people go on to when they came from nowhere in particular. Default `/`. */
  readonly homePath?: string
  /** Where people who have not signed in are sent, with the way back in `?returnTo=`. Absent: they are told so. */
  readonly loginPath?: string
  /** Where a form is sent (POST) that signs out. Absent: there is none. */
  readonly logoutPath?: string
  /**
   * Other sites that a form may lead on to, such as an identity provider where signing in, or out, goes on. Browsers
   * hold to the pages' Content-Security-Policy (`form-action`) on the whole way.
   */
  readonly redirectOrigins?: readonly string[]
  /** How the pages look. */
  readonly theme?: PageTheme
  /** Express views that stand in for pages, such as `{ challenge: 'my-challenge' }`. They get the page's locals. */
  readonly views?: Readonly<Partial<Record<PageName, string>>>
}

/** The options of the pages themselves, checked and complete. */
export interface PageSettings {
  readonly homePath: string
  readonly loginPath: string | undefined
  readonly logoutPath: string | undefined
  readonly redirectOrigins: readonly string[]
  readonly theme: PageTheme
  readonly views: Readonly<Partial<Record<PageName, string>>>
  readonly languageOf: ReturnType<typeof languageOf>
}

/** The names of the options that the endpoints do not know. */
export const PAGE_OPTIONS = [
  'homePath',
  'loginPath',
  'logoutPath',
  'redirectOrigins',
  'theme',
  'views',
  'language',
  'messages',
] as const satisfies readonly (keyof PagesOptions)[]

/**
 * Read the options once.
 *
 * @throws TypeError naming the option that cannot be used
 */
export function readPagesOptions(caller: string, options: PagesOptions): PageSettings {
  const { homePath = '/', loginPath, logoutPath, redirectOrigins = [], theme = {}, views = {} } = options
  for (const [name, path] of Object.entries({ homePath, loginPath, logoutPath }))
    checkPath(caller, name, path)
  checkOrigins(caller, 'redirectOrigins', redirectOrigins)
  checkTheme(caller, theme)
  checkNames(`${caller}: views`, views, PAGE_NAMES)
  for (const [name, view] of Object.entries(views)) {
    if (typeof view !== 'string' || view === '') {
      throw new TypeError(`${caller}: views.${name} must be the name of an Express view.`)
    }
  }
  return {
    homePath,
    loginPath,
    logoutPath,
    redirectOrigins,
    theme,
    views,
    languageOf: languageOf(caller, options),
  }
}
