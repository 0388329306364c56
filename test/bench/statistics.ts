/** The middle of several measurements, and how far they lie apart. */
export interface Summary {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  const [upper = NaN, lower = NaN] = [sorted[middle], sorted[sorted.length % 2 === 0 ? middle - 1 : middle]]
  return { median: (upper + lower) / 2, lowest: sorted[0] ?? NaN, highest: sorted.at(-1) ?? NaN }
}

/** Ratios of what was measured side by side, round by round: a slow moment is a slow moment for both. */
export const ratios = (of: readonly number[], to: readonly number[]): readonly number[] =>
  of.map((value, round) => value / (to[round] ?? NaN))

export const text = (value: number, digits = 2): string => (Number.isNaN(value) ? '' : value.toFixed(digits))

export const withRange = ({ median, lowest, highest }: Summary, digits: number): string =>
  `${text(median, digits)} (${text(lowest, digits)}–${text(highest, digits)})`

/** A Markdown table, and the empty line that ends it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0), title.length),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line), ''].join('\n')
}
