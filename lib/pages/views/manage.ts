import type { TrustedDeviceResource } from '../../express/resources.js'
import type { Authenticator } from '../../outcomes.js'
import { browserName } from '../browser-name.js'
import { FORMS, pathOf } from '../forms.js'
import { type Html, html } from '../html.js'
import type { ManageForm, ManageLocals, PageLocals } from '../locals.js'
import { layout } from './layout.js'
import { codeField, logOutForm, problemOf } from './parts.js'

type Locals = PageLocals & ManageLocals

/** Where a person sees what the second factor consists of, and changes it. */
export function manageView(locals: Locals): string {
  const { messages, enabled, done, waitingCodes } = locals
  return layout(
    locals,
    messages.manageTitle,
    html`${done !== undefined && html`<p class="done" role="status">${done}</p>`} ${problemOfNoForm(locals)}
    ${waitingCodes !== undefined && enabled && saveCodes(locals, waitingCodes, true)}
    ${
      enabled
        ? html`${authenticators(locals)} ${backupCodes(locals)} ${trustedBrowsers(locals)} ${turnOff(locals)}`
        : html`<p>${messages.manageOff}</p>
            <p><a class="button" href="${locals.base}/setup">${messages.turnOn}</a></p>`
    }
    ${logOutForm(locals)}`,
  )
}

/** Why nothing was done, where the form is not on the page any more: another tab has been faster. */
function problemOfNoForm(locals: Locals): Html {
  const { failed, enabled, trustedDevices, asksCode } = locals
  if (!failed) return html``
  const { form, id, problem } = failed
  const isOnPage: Readonly<Record<ManageForm, boolean>> = {
    rename: verified(locals).some((authenticator) => authenticator.id === id),
    remove: verified(locals).some((authenticator) => authenticator.id === id),
    newCodes: enabled,
    saveCodes: false,
    forget: trustedDevices.some((device) => device.id === id),
    forgetAll: trustedDevices.length > 1,
    turnOff: enabled,
  }
  if (isOnPage[form]) return html``
  return form === 'saveCodes' && asksCode.other ? saveCodes(locals, id) : problemOf(locals, 'form', problem)
}

/** Their owner has taken so long to save them that a code is asked for: the codes themselves cannot be shown again. */
const saveCodes = (locals: Locals, id: string, open = false): Html =>
  form(locals, {
    form: 'saveCodes',
    id,
    title: locals.messages.haveSaved,
    text: locals.messages.oldCodesText,
    open,
  })

const authenticators = (locals: Locals): Html =>
  html`<section>
    <h2>${locals.messages.authenticators}</h2>
    <ul>
      ${verified(locals).map((authenticator) => authenticatorItem(locals, authenticator))}
    </ul>
    <p><a class="button second" href="${locals.base}/setup">${locals.messages.addAuthenticator}</a></p>
  </section>`

/** A pending one is the business of the page that has its QR code. */
const verified = ({ authenticators }: Locals): readonly Authenticator[] =>
  authenticators.filter(({ verified }) => verified)

function authenticatorItem(locals: Locals, authenticator: Authenticator): Html {
  const { messages, fill, date } = locals
  const { id, label, createdAt, lastUsedAt, disabled, weak } = authenticator
  const isLast = verified(locals).length === 1
  const used = lastUsedAt !== undefined && ` · ${fill(messages.lastUsed, { date: date(lastUsedAt) })}`
  return html`<li>
    <h3><bdi>${label}</bdi></h3>
    <p class="quiet">${fill(messages.added, { date: date(createdAt) })}${used}</p>
    ${disabled && html`<p class="problem">${messages.disabled}</p>`}
    ${weak && html`<p class="problem">${messages.weak}</p>`}
    ${form(locals, {
      form: 'rename',
      id,
      title: messages.rename,
      subject: label,
      button: messages.save,
      fields: nameField(locals, authenticator),
    })}
    ${form(locals, {
      form: 'remove',
      id,
      title: messages.remove,
      subject: label,
      text: isLast ? messages.removeLastText : fill(messages.removeText, { name: label }),
    })}
  </li>`
}

function nameField({ messages, failed, asksCode }: Locals, { id, label }: Authenticator): Html {
  const isAgain = failed?.form === 'rename' && failed.id === id
  // As long as a code is asked for, it is the code that is wrong.
  const isWrong = isAgain && failed.problem.code === 'invalid_request' && !asksCode.other
  return html`<label for="rename-${id}">${messages.newName}</label>
    <input
      id="rename-${id}"
      name="label"
      value="${isAgain ? failed.label : label}"
      maxlength="64"
      dir="auto"
      autocomplete="off"
      required
      ${isWrong && html`aria-invalid="true" aria-describedby="${fieldOf('rename', id)}-problem" autofocus`}
    />`
}

function backupCodes(locals: Locals): Html {
  const { messages, fill } = locals
  const { remaining, total } = locals.backupCodes ?? { remaining: 0, total: 0 }
  return html`<section>
    <h2>${messages.backupCodes}</h2>
    <p>
      ${remaining === 0 ? messages.backupCodesNone : fill(messages.backupCodesLeft, { remaining, total })}
    </p>
    ${form(locals, { form: 'newCodes', title: messages.newBackupCodes })}
  </section>`
}

function trustedBrowsers(locals: Locals): Html {
  const { messages, trustedDevices } = locals
  return html`<section>
    <h2>${messages.trustedBrowsers}</h2>
    <p class="quiet">
      ${trustedDevices.length === 0 ? messages.noTrustedBrowsers : messages.trustedBrowsersText}
    </p>
    <ul>
      ${trustedDevices.map((device) => trustedBrowser(locals, device))}
    </ul>
    ${trustedDevices.length > 1 && form(locals, { form: 'forgetAll', title: messages.forgetAll })}
  </section>`
}

function trustedBrowser(locals: Locals, { id, label, current, expiresAt }: TrustedDeviceResource): Html {
  const { messages, fill, date } = locals
  const known = browserName(label)
  const name = known ? fill(messages.browserOn, known) : label
  const here = current ? ` (${messages.thisBrowser})` : ''
  return html`<li>
    <h3><bdi>${name}</bdi>${here}</h3>
    <p class="quiet">${fill(messages.trustedUntil, { date: date(Date.parse(expiresAt)) })}</p>
    ${form(locals, {
      form: 'forget',
      id,
      title: messages.forget,
      subject: name + here,
    })}
  </li>`
}

const turnOff = (locals: Locals): Html =>
  html`<section>
    <h2>${locals.messages.turnOff}</h2>
    ${form(locals, {
      form: 'turnOff',
      title: locals.messages.turnOff,
      text: locals.messages.turnOffText,
    })}
  </section>`

interface Form {
  readonly form: ManageForm
  readonly id?: string
  readonly title: string
  /** What it is about, for people who hear one button at a time. */
  readonly subject?: string
  readonly text?: string
  readonly fields?: Html
  readonly button?: string
  /** To begin with. */
  readonly open?: boolean
}

const fieldOf = (form: ManageForm, id: string): string => `code-${form}-${id}`

/** A form that opens in place, and asks for a code there where one is due. */
function form(locals: Locals, asked: Form): Html {
  const { base, messages, failed, asksCode } = locals
  const { id = '', title, subject, text, fields, button = title, open = false } = asked
  const { dangerous = false } = FORMS[asked.form]
  const problem = failed?.form === asked.form && failed.id === id ? failed.problem : undefined
  const field = fieldOf(asked.form, id)
  const asks = dangerous ? asksCode.dangerous : asksCode.other
  const heard = subject !== undefined && html`<span class="heard"> ${subject}</span>`
  const content = html`${text !== undefined && html`<p>${text}</p>`} ${problemOf(locals, field, problem)}
    <form method="post" action="${base}${pathOf(asked.form, id)}">
      ${fields} ${asks && codeField({ id: field, label: messages.codeToConfirm, problem })}
      <button class="${dangerous ? 'danger' : 'second'}">${button}${heard}</button>
    </form>`
  return html`<details ${(problem || open) && html`open`}>
    <summary>${title}${heard}</summary>
    ${content}
  </details>`
}
