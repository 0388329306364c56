// The page /account/security. Each form there names a call of the Router in data-call; the answer decides what is shown.

document.addEventListener('submit', async (event) => {
  const form = event.target
  if (form.method === 'post') return
  event.preventDefault()
  const message = document.getElementById('message')
  message.hidden = true
  try {
    const answer = form.dataset.call ? await call(form.dataset.call, new FormData(form)) : {}
    if (answer) show(answer)
  } catch (error) {
    message.textContent = error.message
    message.hidden = false
  }
})

/** The Router's answer, or nothing when the second factor has to be shown again first. */
async function call(methodAndPath, fields) {
  const [method, path] = methodAndPath.split(' ')
  const response = await fetch(`/2fa${path}`, { method, body: new URLSearchParams(fields) })
  if (response.status === 204) return {}
  const answer = await response.json()
  if (response.ok) return answer
  if (!['fresh_second_factor_required', 'second_factor_required'].includes(answer.code)) {
    throw new Error(answer.detail)
  }
  location.assign(`/login/2fa?returnTo=${encodeURIComponent(location.pathname)}`)
}

function show(answer) {
  if (answer.qrCode) showNewAuthenticator(answer)
  else if (answer.codes) showBackupCodes(answer.codes, `POST /backup-codes/${answer.id}/confirm`)
  else if (answer.backupCodes) showBackupCodes(answer.backupCodes)
  else location.reload()
}

function showNewAuthenticator({ id, qrCode, secret }) {
  const section = showOnly('new-authenticator')
  section.querySelector('img').src = qrCode
  section.querySelector('code').textContent = secret.replace(/.{4}(?=.)/g, '$& ')
  section.querySelector('form').dataset.call = `POST /totp/${id}/verify`
  section.querySelector('input').focus()
}

/** Codes that are in force already need no further call: the form then only closes the list. */
function showBackupCodes(codes, confirmation = '') {
  const section = showOnly('new-backup-codes')
  const items = codes.map((code) => Object.assign(document.createElement('li'), { textContent: code }))
  section.querySelector('ol').replaceChildren(...items)
  section.querySelector('form').dataset.call = confirmation
}

function showOnly(id) {
  for (const section of document.querySelectorAll('section')) section.hidden = section.id !== id
  return document.getElementById(id)
}
