import type { Visit } from './visit.js'

interface Shown {
  readonly codes: readonly string[]
  readonly returnTo: string
  /** Of codes that count once their owner has saved them. */
  readonly confirmPath?: string
}

/** Backup codes, on this page and on no other. Their text file is in the page: they are never asked for again. */
export function showCodes(visit: Visit, { codes, returnTo, confirmPath }: Shown): Promise<void> {
  const { messages, site } = visit
  const lines = [site.settings.theme.name, messages.backupCodes].filter((line) => line !== undefined)
  const text = [...lines, '', ...codes, ''].join('\r\n')
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`
  return visit.show('codes', { codes, file, returnTo, confirmPath })
}
