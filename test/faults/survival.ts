import { expect } from 'chai'
import { setTimeout as delay } from 'node:timers/promises'
import { unhandledRejections } from '../support/service.js'
import type { Load } from './load.js'
import type { Mortal } from './outage.js'
import { seededRandom } from './random.js'

/** How long after the server answers again the application may need to take a code. */
const RECOVERY_MILLISECONDS = 5000

/** Kill the server at moments that nobody can foresee, and restart it, as many times, under load. */
export async function killUnderLoad(load: Load, server: Mortal, kills: number, seed: number): Promise<void> {
  const random = seededRandom(seed)
  let over = false
  const killAll = async () => {
    try {
      for (let killed = 0; killed < kills; killed++) {
        await delay(20 + random() * 250)
        await load.outage.of(server, 20 + random() * 130)
        await recovered(load)
      }
    } finally {
      over = true
    }
  }
  const unhandled = await unhandledRejections(() => Promise.all([killAll(), load.run(() => !over)]))
  expect(unhandled).to.deep.equal([])
}

/** Resolves when the next code has been taken. */
async function recovered(load: Load): Promise<void> {
  const before = load.count('first use', '200')
  const deadline = performance.now() + RECOVERY_MILLISECONDS
  while (load.count('first use', '200') === before) {
    if (performance.now() > deadline) throw new Error('The application did not recover in time.')
    await delay(5)
  }
}

/** Nothing happened under load that must not; no code counts again; everybody is let in again, by a fresh code only. */
export async function expectUnharmed(load: Load, kills: number): Promise<void> {
  expect([...load.violations]).to.deep.equal([])
  // Otherwise it was no load.
  expect(load.used).to.be.greaterThan(kills * 6)
  expect(load.actsWhileAway).to.be.greaterThan(kills * 6)
  expect(await load.replayAll()).to.deep.equal({ '422 invalid_code': load.used })
  for (const [before, after] of await load.signInAll()) expect([before, after]).to.deep.equal([false, true])
}

/** Something that was used counts again, under load or when all of it is tried once more: the tests do notice. */
export async function expectForgotten(load: Load): Promise<void> {
  const again = await load.replayAll()
  expect(load.violations.has('replay: 200') || '200' in again).to.equal(true)
}
