import { html } from '../html.js'
import type { NoticeLocals, PageLocals } from '../locals.js'
import { layout } from './layout.js'

/** A page that says one thing. */
export const noticeView = (locals: PageLocals & NoticeLocals): string =>
  layout(
    locals,
    locals.title,
    html`<p>${locals.text}</p>
      ${locals.link && html`<p><a class="button" href="${locals.link.path}">${locals.link.text}</a></p>`}`,
  )
