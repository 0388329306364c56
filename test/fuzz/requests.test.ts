import { describe, it } from 'mocha'
import { fuzz } from './fuzz.js'
import { REQUESTS, SEED, told } from './settings.js'

describe('generated requests', () => {
  it('meet no answer, and leave no state, that a small model forbids', async function () {
    this.timeout(300_000)
    console.log(`      FUZZ_SEED=${SEED}`)
    const report = await fuzz(SEED, REQUESTS ?? 3_000)
    console.log(`      ${told(report)}`)
  })
})
