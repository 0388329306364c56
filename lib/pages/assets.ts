import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type PageTheme, themeVariables } from './theme.js'

/** A file of the pages, under a name that changes with its content. */
export interface Asset {
  readonly name: string
  readonly type: 'text/css' | 'text/javascript'
  readonly content: string
}

/** The style sheet with the theme in it, and the script. */
export interface PageAssets {
  readonly style: Asset
  readonly script: Asset
}

/** Read the files of the pages, once. */
export function pageAssets(theme: PageTheme): PageAssets {
  return {
    style: asset('pages.css', 'text/css', `${source('pages.css')}\n${themeVariables(theme)}\n`),
    script: asset('pages.js', 'text/javascript', source('pages.js')),
  }
}

const source = (name: string): string => readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8')

function asset(name: string, type: Asset['type'], content: string): Asset {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16)
  return { name: name.replace('.', `-${hash}.`), type, content }
}
