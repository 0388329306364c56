import type { SecondFactorStatus } from 'express-2fa'
import { html, type Html } from './html.js'

/** A page around its content. */
export const page = (title: string, content: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · ACME</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`.text

/** What a form of the login is made from: where to go afterwards, and why it is shown again. */
export interface Form {
  readonly returnTo: string
  readonly message?: string | undefined
}

export const welcomePage = (): string =>
  page(
    'Welcome',
    html`<p>A small application with a second factor.</p>
      <p class="choices"><a class="button" href="/login">Log in</a> <a href="/signup">Sign up</a></p>`,
  )

export const signUpPage = ({ message }: Pick<Form, 'message'> = {}): string =>
  page(
    'Sign up',
    html`${alert(message)}
      <form method="post" action="/signup">
        ${nameField} ${passwordField('new-password')}
        <button>Sign up</button>
      </form>
      <p><a href="/login">Log in</a></p>`,
  )

export const logInPage = ({ returnTo, message }: Form): string =>
  page(
    'Log in',
    html`${alert(message)}
      <form method="post" action="/login">
        <input type="hidden" name="returnTo" value="${returnTo}" />
        ${nameField} ${passwordField('current-password')}
        <button>Log in</button>
      </form>
      <p><a href="/signup">Sign up</a></p>`,
  )

export const challengePage = ({ returnTo, message }: Form): string =>
  page(
    'Second factor',
    html`${alert(message)}
      <form method="post" action="/login/2fa">
        <input type="hidden" name="returnTo" value="${returnTo}" />
        ${codeField('Code of your authenticator app, or a backup code')}
        <button>Go on</button>
      </form>
      ${logOut}`,
  )

export const accountPage = (username: string, enabled: boolean): string =>
  page(
    'Your account',
    html`<p>You are <strong>${username}</strong>. This page is for you alone.</p>
      <p>Your second factor is ${enabled ? 'on' : 'off'}. <a href="/account/security">Security</a></p>
      ${logOut}`,
  )

export const errorPage = (title: string): string =>
  page(title, html`<p>Please try again. <a href="/">Home</a></p>`)

/** Each form with `data-call` is a call of the Router, made and answered by public/security.js. */
export const securityPage = (status: SecondFactorStatus): string =>
  page(
    'Security',
    html`<noscript><p>Changing something here takes JavaScript; logging in does not.</p></noscript>
      <p role="alert" class="alert" id="message" hidden></p>
      <section id="overview">${status.enabled ? manage(status) : turnOn}</section>
      ${newAuthenticator} ${newBackupCodes}
      <p><a href="/account">Your account</a></p>
      <script src="/security.js"></script>`,
  )

const turnOn = html`<p>A code from your phone, beside your password: then a stolen password is not enough.</p>
  <form data-call="POST /totp"><button>Turn on</button></form>`

const manage = ({ authenticators, backupCodes }: SecondFactorStatus): Html =>
  html`<h2>Authenticators</h2>
    <ul>
      ${authenticators
        .filter(({ verified }) => verified)
        .map(
          ({ id, label }) =>
            html`<li>
              ${label}
              <form data-call="DELETE /totp/${id}"><button class="quiet">Remove</button></form>
            </li>`,
        )}
    </ul>
    <form data-call="POST /totp">
      <label>Name of another one <input name="label" maxlength="64" placeholder="My tablet" /></label>
      <button>Add</button>
    </form>
    <h2>Backup codes</h2>
    <p>${backupCodes?.remaining ?? 0} of ${backupCodes?.total ?? 0} codes are left.</p>
    <form data-call="POST /backup-codes"><button>Fresh codes</button></form>
    <h2>Turn off</h2>
    <form data-call="DELETE /"><button class="quiet">Turn the second factor off</button></form>`

const newAuthenticator = html`<section id="new-authenticator" hidden>
  <p>Scan this with your authenticator app, or type the key.</p>
  <img alt="QR code of the key" />
  <p><code></code></p>
  <form>
    ${codeField('The code that the app shows')}
    <button>Confirm</button>
  </form>
</section>`

const newBackupCodes = html`<section id="new-backup-codes" hidden>
  <p>Each of these lets you in once, without your phone. They are shown this once: keep them well.</p>
  <ol></ol>
  <form><button>I have saved them</button></form>
</section>`

const logOut = html`<form method="post" action="/logout"><button class="quiet">Log out</button></form>`

const nameField = html`<label
  >Name <input name="username" autocomplete="username" maxlength="64" required
/></label>`

const passwordField = (autocomplete: 'new-password' | 'current-password') =>
  html`<label
    >Password
    <input
      name="password"
      type="password"
      autocomplete="${autocomplete}"
      minlength="8"
      maxlength="256"
      required
  /></label>`

function codeField(label: string): Html {
  return html`<label
    >${label} <input name="code" autocomplete="one-time-code" maxlength="128" required
  /></label>`
}

function alert(message: string | undefined): Html {
  return message === undefined ? html`` : html`<p role="alert" class="alert">${message}</p>`
}
