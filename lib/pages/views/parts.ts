import { type Html, html } from '../html.js'
import type { FormProblem, PageLocals } from '../locals.js'

interface CodeField {
  /** Unique within the page. */
  readonly id: string
  readonly label: string
  /** Digits alone are asked for: phones show their digits. */
  readonly numeric?: boolean
  readonly problem?: FormProblem | undefined
  readonly autofocus?: boolean
}

/** The one field that takes a code of either kind, and what was wrong with the last one. */
export function codeField({ id, label, numeric = false, problem, autofocus = false }: CodeField): Html {
  return html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      name="code"
      type="text"
      inputmode="${numeric ? 'numeric' : 'text'}"
      autocomplete="one-time-code"
      autocapitalize="characters"
      autocorrect="off"
      spellcheck="false"
      maxlength="128"
      dir="ltr"
      class="code"
      required
      ${problem && html`aria-invalid="true" aria-describedby="${id}-problem"`}
      ${(autofocus || problem) && html`autofocus`}
    />`
}

/** Why a form is shown again; read out at once, and with its field. While locked, the script counts the wait down. */
export function problemOf(locals: PageLocals, id: string, problem: FormProblem | undefined): Html {
  if (!problem) return html``
  const { message, retryAfterSeconds } = problem
  return html`<p class="problem" role="alert" id="${id}-problem">${message}</p>
    ${
      retryAfterSeconds !== undefined &&
      html`<p
        class="quiet"
        role="timer"
        data-wait="${retryAfterSeconds}"
        data-over="${locals.messages.lockOver}"
        hidden
      ></p>`
    }`
}

/** A field that people do not see. */
export const hidden = (name: string, value: string | number): Html =>
  html`<input type="hidden" name="${name}" value="${value}" />`

/** A form that leaves this account, where the application has one. */
export const logOutForm = ({ logoutPath, messages }: PageLocals): Html =>
  html`${
    logoutPath !== undefined &&
    html`<form method="post" action="${logoutPath}"><button class="link">${messages.signOut}</button></form>`
  }`

/** A button that copies the text of an element; without a script there is none. */
export const copyButton = ({ messages }: PageLocals, of: string): Html =>
  html`<button type="button" class="second" data-copy="${of}" data-copied="${messages.copied}" hidden>
      ${messages.copy}
    </button>
    <span class="heard" role="status"></span>`
