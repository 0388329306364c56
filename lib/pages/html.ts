/** A piece of HTML whose values have been escaped. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a piece of HTML; false and undefined are nothing. */
type Value = string | number | Html | readonly Html[] | false | undefined

/** Template tag: every value is escaped, unless it is such a piece itself. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(String.raw({ raw: parts }, ...values.map(toText)))
}

function toText(value: Value): string {
  if (value instanceof Html) return value.text
  if (value === undefined || value === false) return ''
  if (typeof value === 'object') return value.map(toText).join('')
  return String(value).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}
