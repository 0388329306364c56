export type { Language, LanguageOptions } from './language.js'
export type {
  ChallengeLocals,
  CodesLocals,
  FailedForm,
  FormProblem,
  FreshAuthenticator,
  ManageForm,
  ManageLocals,
  NoticeLocals,
  PageLocals,
  PageName,
  Pages,
  SetupLocals,
} from './locals.js'
export type { PageMessages } from './messages/en.js'
export type { PagesOptions } from './options.js'
export { secondFactorPages } from './pages.js'
export type { PageTheme } from './theme.js'
