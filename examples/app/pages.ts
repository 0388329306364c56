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
          <p class="brand">ACME</p>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`.text

export const welcomePage = (): string =>
  page(
    'Welcome',
    html`<p>A small application with a second factor.</p>
      <p class="choices"><a class="button" href="/login">Log in</a> <a href="/signup">Sign up</a></p>`,
  )

export const signUpPage = ({ message }: { readonly message?: string } = {}): string =>
  page(
    'Sign up',
    html`${alert(message)}
      <form method="post" action="/signup">
        ${nameField} ${passwordField('new-password')}
        <button>Sign up</button>
      </form>
      <p><a href="/login">Log in</a></p>`,
  )

/** What the form of the login is made from: where to go afterwards, and why it is shown again. */
interface LogIn {
  readonly returnTo: string
  readonly message?: string | undefined
}

export const logInPage = ({ returnTo, message }: LogIn): string =>
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

export const accountPage = (username: string, enabled: boolean): string =>
  page(
    'Your account',
    html`<p>You are <strong>${username}</strong>. This page is for you alone.</p>
      <p>Your second factor is ${enabled ? 'on' : 'off'}. <a href="/2fa/">Change it</a></p>
      ${logOut}`,
  )

export const errorPage = (title: string): string =>
  page(title, html`<p>Please try again. <a href="/">Home</a></p>`)

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

function alert(message: string | undefined): Html {
  return message === undefined ? html`` : html`<p role="alert" class="alert">${message}</p>`
}
