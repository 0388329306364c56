const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

const page = (title, content) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${title}</title>
  </head>
  <body>
    <h1>${title}</h1>
    ${content}
  </body>
</html>`

exports.home = (user) =>
  page('Notes', user ? '<p><a href="/notes">Your notes</a></p>' : '<p><a href="/login">Log in</a></p>')

exports.login = (again) =>
  page(
    'Log in',
    `${again ? '<p>That was not right.</p>' : ''}
    <form method="post" action="/login">
      <label>Name <input name="username" /></label>
      <label>Password <input name="password" type="password" /></label>
      <button>Log in</button>
    </form>`,
  )

exports.account = (user) =>
  page(
    'Your account',
    `<form method="post" action="/account">
      <label>Name <input name="displayName" value="${escape(user.displayName)}" /></label>
      <button>Save</button>
    </form>
    <p><a href="/account/export">Export</a></p>
    <form method="post" action="/logout"><button>Log out</button></form>`,
  )

exports.notes = (notes) =>
  page(
    'Your notes',
    `<ul>${notes.map((note) => `<li><a href="/notes/${note.id}">${escape(note.text)}</a></li>`).join('')}</ul>
    <form method="post"><input name="text" /><button>Add</button></form>`,
  )

exports.note = (note) =>
  page(
    'A note',
    `<form method="post"><input name="text" value="${escape(note.text)}" /><button>Save</button></form>
    <form method="post" action="/notes/${note.id}/delete"><button>Delete</button></form>`,
  )

exports.users = (users) =>
  page('Users', `<ul>${users.map((user) => `<li>${escape(user.username)}</li>`).join('')}</ul>`)
