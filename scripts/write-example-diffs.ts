// Writes down what each example changes against the baseline, beside the examples. A test fails while one is not current.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXAMPLES, exampleDiffs } from './example-diffs.js'

const folder = join(EXAMPLES, 'diffs')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
for (const { file, text } of exampleDiffs()) {
  writeFileSync(join(EXAMPLES, file), text)
  console.log(`examples/${file}`)
}
