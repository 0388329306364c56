import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTwoFilesPatch, OMIT_HEADERS } from 'diff'

/** Where the examples are. */
export const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url))
/** The example that all others are a change of. */
export const BASELINE = 'baseline.ts'

/** What an example changes. */
export interface ExampleDiff {
  /** The example, such as `step-up.ts`. */
  readonly example: string
  /** Where its diff is kept, such as `diffs/step-up.diff`. */
  readonly file: string
  readonly text: string
}

/** What each example of the folder changes, by name. */
export const exampleDiffs = (): readonly ExampleDiff[] =>
  readdirSync(EXAMPLES)
    .filter((name) => name.endsWith('.ts') && name !== BASELINE)
    .sort()
    .map((example) => ({
      example,
      file: `diffs/${example.replace(/\.ts$/, '.diff')}`,
      text: diffOf(example),
    }))

/** As `git diff` writes it, but for what depends on the machine. */
function diffOf(example: string): string {
  const [before, after] = [BASELINE, example].map((name) => readFileSync(join(EXAMPLES, name), 'utf8'))
  const [from, to] = [`a/examples/${BASELINE}`, `b/examples/${example}`]
  const hunks = createTwoFilesPatch(from, to, before ?? '', after ?? '', '', '', {
    context: 3,
    headerOptions: OMIT_HEADERS,
  })
  return `--- ${from}\n+++ ${to}\n${hunks}`
}
