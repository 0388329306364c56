import type { Problem } from '../express/problem.js'
import type { TrustedDeviceResource } from '../express/resources.js'
import type { Authenticator, BackupCodes } from '../outcomes.js'
import type { Language } from './language.js'

/** What every page is made from. The same is handed to an Express view that stands in for a page. */
export interface PageLocals extends Language {
  /** Where the pages are mounted, such as `/2fa`: what their paths begin with. */
  readonly base: string
  /** Of the theme. */
  readonly name: string | undefined
  /** A URL. */
  readonly logo: string | undefined
  /** Paths. */
  readonly stylesheets: readonly string[]
  /** A path. */
  readonly script: string
  /** Where a form that signs out is sent to. */
  readonly logoutPath: string | undefined
}

/** Why a form is shown again. */
export interface FormProblem {
  /** Stable. */
  readonly code: Problem['code'] | 'code_needed'
  /** In the language of the page. */
  readonly message: string
  /** For `locked`. */
  readonly retryAfterSeconds?: number
}

/** The form `POST {base}/challenge` with `code`, `returnTo`, `method`, `shownAt` and, from a checkbox, `trustDevice`. */
export interface ChallengeLocals {
  /** The way back, checked. */
  readonly returnTo: string
  /** Which kind of code the page asks for. Either is taken. */
  readonly method: 'totp' | 'backup_code'
  /** How long a browser may be trusted; 0: it may not. */
  readonly trustSeconds: number
  /** When the page was made, epoch milliseconds: a second tab goes on by itself once the first one was let in. */
  readonly shownAt: number
  /** Of the form sent before. */
  readonly problem: FormProblem | undefined
}

/** A fresh authenticator; `secret`, `uri` and `qrCode` are shown now or never. */
export interface FreshAuthenticator {
  /** For the path of the form. */
  readonly id: string
  /** Base32, in groups of four. */
  readonly key: string
  /** The `otpauth:` key URI. */
  readonly uri: string
  /** A `data:` URL. */
  readonly qrCode: string
}

/**
 * - `begin`: the form `POST {base}/setup` with `returnTo`
 * - `show_code`: the same, with `code`: of an authenticator that there is
 * - `scan`: the form `POST {base}/setup/{id}` with `code`, `label`, `uri` and `returnTo`
 */
export interface SetupLocals {
  /** Which form. */
  readonly step: 'begin' | 'show_code' | 'scan'
  /** The way back, checked. */
  readonly returnTo: string
  /** For `scan`. */
  readonly authenticator: FreshAuthenticator | undefined
  /** As typed before. */
  readonly label: string
  /** Of the form sent before. */
  readonly problem: FormProblem | undefined
}

/** Backup codes, shown this once. */
export interface CodesLocals {
  /** With their dashes. */
  readonly codes: readonly string[]
  /** A `data:` URL of the codes as a text file. */
  readonly file: string
  /** Where to go on to; for codes that count already. */
  readonly returnTo: string
  /** Where the form is sent that puts the codes in force; undefined: they are. */
  readonly confirmPath: string | undefined
}

/** The forms of the page that manages the second factor, by name. */
export type ManageForm = 'rename' | 'remove' | 'newCodes' | 'saveCodes' | 'forget' | 'forgetAll' | 'turnOff'

/** A form that was sent, and did not do what it asks for. */
export interface FailedForm {
  /** Which form. */
  readonly form: ManageForm
  /** Of what it is about. */
  readonly id: string
  /** As typed. */
  readonly label: string
  /** Why. */
  readonly problem: FormProblem
}

/** Where the second factor is managed: forms that are sent to the paths of `FORMS`. */
export interface ManageLocals {
  /** Whether a second factor is on. */
  readonly enabled: boolean
  /** Pending ones included. */
  readonly authenticators: readonly Authenticator[]
  /** The set in force. */
  readonly backupCodes: BackupCodes | null
  /** Browsers that are trusted. */
  readonly trustedDevices: readonly TrustedDeviceResource[]
  /** Whether forms ask for a code in place: those that take something away, and all others. */
  readonly asksCode: { readonly dangerous: boolean; readonly other: boolean }
  /** Fresh backup codes that wait for the form `POST {base}/codes/{id}`: their owner was on the way to sending it. */
  readonly waitingCodes: string | undefined
  /** What has just been done, in the language of the page. */
  readonly done: string | undefined
  /** Which form is shown again, of which id, with which name typed, and why. */
  readonly failed: FailedForm | undefined
}

/** A page that says one thing. */
export interface NoticeLocals {
  /** The heading. */
  readonly title: string
  /** The sentence. */
  readonly text: string
  /** Where to go on to. */
  readonly link: { readonly path: string; readonly text: string } | undefined
}

/** The pages by name, and what each is made from. */
export interface Pages {
  /** A code is asked for. */
  readonly challenge: ChallengeLocals
  /** An authenticator is added. */
  readonly setup: SetupLocals
  /** Backup codes are shown. */
  readonly codes: CodesLocals
  /** All is managed. */
  readonly manage: ManageLocals
  /** Something is said. */
  readonly notice: NoticeLocals
}

/** The name of a page. */
export type PageName = keyof Pages

export const PAGE_NAMES: readonly PageName[] = ['challenge', 'setup', 'codes', 'manage', 'notice']
