const PLAIN = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/**
 * A table's name, perhaps behind that of its schema, quoted for SQL.
 *
 * @throws TypeError when it is made of anything but plain identifiers
 */
export function quoteTable(caller: string, table: unknown, quote: '"' | '`'): string {
  const names = typeof table === 'string' ? table.split('.') : []
  if (names.length < 1 || names.length > 2 || !names.every((name) => PLAIN.test(name))) {
    throw new TypeError(
      `${caller}: table must be a plain SQL identifier (letters, digits, underscore), or two with a dot for a schema.`,
    )
  }
  return names.map((name) => quote + name + quote).join('.')
}
