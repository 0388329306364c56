import { describe, it } from 'mocha'
import { fuzz } from './fuzz.js'
import { REQUESTS, SEED, told } from './settings.js'

describe('100,000 generated requests', () => {
  it('meet no answer, and leave no state, that a small model forbids', async function () {
    this.timeout(3_600_000)
    console.log(`      FUZZ_SEED=${SEED}`)
    const report = await fuzz(SEED, REQUESTS ?? 100_000)
    console.log(`      ${told(report)}`)
    const outcomes = [...report.outcomes].sort(([one], [other]) => one.localeCompare(other, 'en'))
    for (const [outcome, count] of outcomes) console.log(`      ${String(count).padStart(6)}  ${outcome}`)
  })
})
