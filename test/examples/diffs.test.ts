import { expect } from 'chai'
import { applyPatch } from 'diff'
import { describe, it } from 'mocha'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BASELINE, EXAMPLES, exampleDiffs } from '../../scripts/example-diffs.js'

const read = (file: string): string => readFileSync(join(EXAMPLES, file), 'utf8')
const diffs = exampleDiffs()

describe('the diffs of the examples', () => {
  it('are of all examples, and of nothing else', () => {
    const kept = readdirSync(join(EXAMPLES, 'diffs')).map((name) => `diffs/${name}`)
    expect(kept.sort()).to.deep.equal(diffs.map(({ file }) => file))
    expect(diffs.length).to.be.greaterThan(0)
  })

  for (const { example, file, text } of diffs) {
    it(`say what ${example} changes: npm run examples:diffs has been run`, () => {
      expect(read(file)).to.equal(text)
      expect(applyPatch(read(BASELINE), text)).to.equal(read(example))
    })
  }

  it('stand beside their examples in the README', () => {
    const rows = read('README.md').match(/^\| \[`.*$/gm) ?? []
    const linked = rows.map((row) => Array.from(row.matchAll(/\]\(([^)]+)\)/g), ([, target]) => target))
    expect(linked).to.deep.include.members([[BASELINE], ...diffs.map(({ example, file }) => [example, file])])
    expect(linked).to.have.length(diffs.length + 1)
  })
})
