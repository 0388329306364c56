import { type Html, html } from '../html.js'
import type { FreshAuthenticator, PageLocals, SetupLocals } from '../locals.js'
import { layout } from './layout.js'
import { codeField, copyButton, hidden, logOutForm, problemOf } from './parts.js'

type Locals = PageLocals & SetupLocals

/** Where a person adds an authenticator. */
export function setupView(locals: Locals): string {
  const { authenticator, messages } = locals
  return layout(
    locals,
    messages.setupTitle,
    html`${authenticator ? scan(locals, authenticator) : begin(locals)} ${logOutForm(locals)}`,
  )
}

function begin(locals: Locals): Html {
  const { step, messages, base, returnTo, problem } = locals
  const asksCode = step === 'show_code'
  return html`<p>${asksCode ? messages.setupShowCode : messages.setupText}</p>
    ${problemOf(locals, 'code', problem)}
    <form method="post" action="${base}/setup">
      ${hidden('returnTo', returnTo)}
      ${asksCode && codeField({ id: 'code', label: messages.codeToConfirm, problem, autofocus: true })}
      <button>${problem && !asksCode ? messages.startAgain : messages.goOn}</button>
    </form>`
}

function scan(locals: Locals, { id, key, uri, qrCode }: FreshAuthenticator): Html {
  const { messages, base, returnTo, label, problem } = locals
  return html`<p>${messages.setupText}</p>
    <p>${messages.scan}</p>
    <p class="qr"><img src="${qrCode}" alt="${messages.qrCode}" /></p>
    <p><a href="${uri}">${messages.openApp}</a></p>
    <p>${messages.typeKey}</p>
    <p class="key"><code id="key" dir="ltr">${key}</code> ${copyButton(locals, 'key')}</p>
    ${problemOf(locals, 'code', problem)}
    <form method="post" action="${base}/setup/${encodeURIComponent(id)}">
      ${hidden('returnTo', returnTo)} ${hidden('uri', uri)}
      <label for="label">${messages.deviceName}</label>
      <input
        id="label"
        name="label"
        value="${label}"
        maxlength="64"
        dir="auto"
        autocomplete="off"
        aria-describedby="label-text"
      />
      <small id="label-text">${messages.deviceNameText}</small>
      ${codeField({ id: 'code', label: messages.firstCode, numeric: true, problem })}
      <button>${messages.confirm}</button>
    </form>`
}
