import { setTimeout as delay } from 'node:timers/promises'

const PATIENCE_MILLISECONDS = 10_000

/** Ask until the answer is yes; an error when that takes too long. */
export async function until(
  ask: () => boolean | Promise<boolean>,
  patience = PATIENCE_MILLISECONDS,
): Promise<void> {
  const deadline = performance.now() + patience
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error('It did not come to be in time.')
    await delay(5)
  }
}
