/**
 * Refuse option names that do not exist, naming the likely right one: a misspelt option must not be a default.
 */
export function checkNames(caller: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${caller}: options must be an object.`)
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const [nearest] = known
      .map((candidate) => ({ candidate, edits: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
      .filter(({ edits }) => edits <= 3)
      .sort((left, right) => left.edits - right.edits)
    const hint = nearest ? `Did you mean "${nearest.candidate}"?` : `Known are: ${known.join(', ')}.`
    throw new TypeError(`${caller}: unknown option "${name}". ${hint}`)
  }
}

/** Refuse an option that should be a function. */
export function checkFunction(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${caller}: ${name} must be a function.`)
}

/** A number within bounds. */
export function checkRange(
  caller: string,
  name: string,
  value: unknown,
  least: number,
  most: number,
): number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw new TypeError(`${caller}: ${name} must be a number from ${least} to ${most}.`)
  }
  return value
}

/** Refuse an option that is no whole number within bounds. */
export function checkInteger(
  caller: string,
  name: string,
  value: unknown,
  least: number,
  most: number,
): void {
  if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) {
    throw new TypeError(`${caller}: ${name} must be an integer from ${least} to ${most}.`)
  }
}

/** Levenshtein's distance, row by row. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (const [above, letter] of Array.from(left).entries()) {
    const next = [above + 1]
    for (const [column, other] of Array.from(right).entries()) {
      const substituted = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(substituted, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
