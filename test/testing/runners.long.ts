import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type Consumer, installConsumer, nodePackage } from '../support/consumer.js'

/** As many cases as the kit has, as each runner says it. */
const CASES = 44

/** The kit, on a storage that is right or answers true to everything, by a runner that is named. */
const program = (runner: string, sound: boolean) => `
import { MemoryStorage } from 'express-2fa'
import { storageConformance } from 'express-2fa/testing'
import { describe, it } from '${runner}'

class Careless extends MemoryStorage {
  async replace(...values) {
    await super.replace(...values)
    return true
  }
}
const storage = new ${sound ? 'MemoryStorage' : 'Careless'}()
storageConformance({ describe, it }, () => storage)
`

describe('the kit, by the commands of the README', function () {
  this.timeout(300_000)
  let consumer: Consumer
  before(() => {
    // Vitest needs a newer Node than the oldest one that the package runs on.
    consumer = installConsumer('mocha', 'vitest', nodePackage('24'))
    for (const runner of ['node:test', 'mocha', 'vitest']) {
      const name = runner.replace(':', '-')
      consumer.write(`${name}-sound.test.js`, program(runner, true))
      consumer.write(`${name}-careless.test.js`, program(runner, false))
    }
  })
  after(() => {
    consumer.remove()
  })

  const commands = {
    'node:test': (file: string) => consumer.run(process.execPath, '--test', file),
    mocha: (file: string) => consumer.run('npx', 'mocha', file),
    vitest: (file: string) =>
      consumer.run(consumer.node('24'), 'node_modules/vitest/vitest.mjs', 'run', file),
  }
  const successes = { 'node:test': /pass (\d+)/, mocha: /(\d+) passing/, vitest: /Tests.*?(\d+) passed/ }
  for (const runner of ['node:test', 'mocha', 'vitest'] as const) {
    const name = runner.replace(':', '-')
    it(`passes a sound storage with ${runner}, every case of it`, () => {
      const { status, output } = commands[runner](`${name}-sound.test.js`)
      expect(status, output).to.equal(0)
      expect(Number(successes[runner].exec(output)?.[1]), output).to.equal(CASES)
    })
    it(`fails a careless storage with ${runner}`, () => {
      const { status, output } = commands[runner](`${name}-careless.test.js`)
      expect(status, output).not.to.equal(0)
    })
  }
})
