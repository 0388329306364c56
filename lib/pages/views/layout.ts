import { type Html, html } from '../html.js'
import type { PageLocals } from '../locals.js'

/** A whole page around its content. */
export function layout(locals: PageLocals, title: string, content: Html): string {
  const { tag, direction, name, logo, stylesheets, script } = locals
  return html`<!doctype html>
    <html lang="${tag}" dir="${direction}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}${name !== undefined && ` · ${name}`}</title>
        ${stylesheets.map((url) => html`<link rel="stylesheet" href="${url}" />`)}
        <script src="${script}" defer></script>
      </head>
      <body>
        <main>
          ${brand(name, logo)}
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`.text
}

function brand(name: string | undefined, logo: string | undefined): Html {
  if (logo !== undefined) return html`<p class="brand"><img src="${logo}" alt="${name ?? ''}" /></p>`
  return html`${name !== undefined && html`<p class="brand">${name}</p>`}`
}
