import type { RootHookObject } from 'mocha'

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => {
  unhandled.push(reason)
})

/** Mocha lets unhandled rejections pass; here they fail the run, for in an application each ends the process. */
export const mochaHooks: RootHookObject = {
  afterAll() {
    if (unhandled.length > 0)
      throw new Error('A promise was rejected and nobody noticed.', { cause: unhandled[0] })
  },
}
