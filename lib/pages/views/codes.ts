import { html } from '../html.js'
import type { CodesLocals, PageLocals } from '../locals.js'
import { layout } from './layout.js'
import { copyButton } from './parts.js'

/** Where a person saves backup codes: they are on this page, and on no other. */
export function codesView(locals: PageLocals & CodesLocals): string {
  const { messages, codes, file, returnTo, confirmPath } = locals
  return layout(
    locals,
    messages.codesTitle,
    html`<p>${messages.codesText}</p>
      ${confirmPath !== undefined && html`<p>${messages.oldCodesText}</p>`}
      <ol class="codes" id="codes" dir="ltr">
        ${codes.map((code) => html`<li><code>${code}</code></li>`)}
      </ol>
      <p class="tools">
        ${copyButton(locals, 'codes')}
        <a class="button second" href="${file}" download="${messages.codesFile}">${messages.download}</a>
        <button type="button" class="second" data-print hidden>${messages.print}</button>
      </p>
      ${
        confirmPath === undefined
          ? html`<p><a class="button" href="${returnTo}">${messages.haveSaved}</a></p>`
          : html`<form method="post" action="${confirmPath}"><button>${messages.haveSaved}</button></form>`
      }`,
  )
}
