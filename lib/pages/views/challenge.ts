import { type Html, html } from '../html.js'
import type { ChallengeLocals, PageLocals } from '../locals.js'
import { layout } from './layout.js'
import { codeField, hidden, logOutForm, problemOf } from './parts.js'

/** Where a person shows the second factor. */
export function challengeView(locals: PageLocals & ChallengeLocals): string {
  const { messages, base, returnTo, method, shownAt, problem } = locals
  const isApp = method === 'totp'
  return layout(
    locals,
    messages.challengeTitle,
    html`<p>${isApp ? messages.challengeText : messages.backupCodeText}</p>
      ${problemOf(locals, 'code', problem)}
      <form method="post" action="${base}/challenge">
        ${hidden('returnTo', returnTo)} ${hidden('method', method)} ${hidden('shownAt', shownAt)}
        ${codeField({
          id: 'code',
          label: isApp ? messages.code : messages.backupCode,
          numeric: isApp,
          problem,
          autofocus: true,
        })}
        ${isApp && trust(locals)}
        <button>${messages.goOn}</button>
      </form>
      <p>
        <a href="${base}/challenge?${otherMethod(isApp, returnTo)}"
          >${isApp ? messages.useBackupCode : messages.useAuthenticator}</a
        >
      </p>
      ${logOutForm(locals)}`,
  )
}

/** A backup code earns no trust: its owner has lost something. */
function trust({ messages, trustSeconds, fill, duration }: PageLocals & ChallengeLocals): Html {
  if (trustSeconds === 0) return html``
  return html`<p class="choice">
    <input type="checkbox" id="trust" name="trustDevice" aria-describedby="trust-text" />
    <label for="trust">${fill(messages.trustBrowser, { duration: duration(trustSeconds) })}</label>
    <small id="trust-text">${messages.trustBrowserText}</small>
  </p>`
}

const otherMethod = (isApp: boolean, returnTo: string): string =>
  new URLSearchParams({ ...(isApp && { method: 'backup_code' }), returnTo }).toString()
