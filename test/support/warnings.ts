import { setImmediate } from 'node:timers/promises'
import { looks } from '../../lib/express/misconfiguration.js'
import { noticed } from '../../lib/misconfiguration.js'

/** A warning of Node's, with what ours have besides. */
export interface Warning extends Error {
  readonly code?: string
  readonly detail?: string
}

/**
 * The warnings of ours that come while something is done, in a process that has told none yet; nothing is printed.
 *
 * @param environment - what `NODE_ENV` is meanwhile
 */
export async function warningsDuring(
  environment: string | undefined,
  act: () => unknown,
): Promise<readonly Warning[]> {
  const before = process.env['NODE_ENV']
  const printers = process.listeners('warning')
  const warnings: Warning[] = []
  const set = (value: string | undefined) => {
    if (value === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = value
  }
  process.removeAllListeners('warning')
  process.on('warning', (warning) => warnings.push(warning))
  set(environment)
  noticed.clear()
  looks.left = 10_000
  try {
    await act()
    await setImmediate()
  } finally {
    set(before)
    process.removeAllListeners('warning')
    for (const printer of printers) process.on('warning', printer)
  }
  return warnings.filter(({ name }) => name === 'SecondFactorWarning')
}

/** Their codes alone. */
export async function codesDuring(environment: string | undefined, act: () => unknown) {
  return (await warningsDuring(environment, act)).map(({ code }) => code)
}
