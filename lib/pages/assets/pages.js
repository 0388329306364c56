// The pages work without this. It copies, prints, and counts a wait down.

for (const button of document.querySelectorAll('[data-copy]')) {
  if (!navigator.clipboard) continue
  button.hidden = false
  const label = button.textContent
  const status = button.nextElementSibling
  button.addEventListener('click', async () => {
    const source = document.getElementById(button.dataset.copy)
    const parts = source.matches('ol') ? [...source.children] : [source]
    try {
      await navigator.clipboard.writeText(parts.map((part) => part.textContent.trim()).join('\n'))
    } catch {
      // The browser, or its owner, does not want it: the text is there to be selected.
      return
    }
    button.textContent = status.textContent = button.dataset.copied
    setTimeout(() => {
      button.textContent = label
      status.textContent = ''
    }, 2000)
  })
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => print())
}

for (const timer of document.querySelectorAll('[data-wait]')) {
  const end = performance.now() + Number(timer.dataset.wait) * 1000
  const format = new Intl.NumberFormat(document.documentElement.lang, {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'long',
  })
  const alert = timer.previousElementSibling
  timer.hidden = false
  const tick = () => {
    const seconds = Math.ceil((end - performance.now()) / 1000)
    timer.textContent = format.format(Math.max(seconds, 0))
    if (seconds > 0) return
    clearInterval(ticking)
    timer.remove()
    alert.textContent = timer.dataset.over
  }
  const ticking = setInterval(tick, 250)
  tick()
}

// A page that a browser keeps for its back button may be of somebody who has signed out since.
addEventListener('pagehide', ({ persisted }) => {
  document.documentElement.hidden = persisted
})
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})

// Sent twice, a form loses the answer to the first time: with it a new session, and codes that are shown once.
for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault()
    form.dataset.sent = 'yes'
    setTimeout(() => delete form.dataset.sent, 10_000)
  })
}
