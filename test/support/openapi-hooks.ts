import type { RootHookObject } from 'mocha'
import { takeViolations } from './openapi-check.js'

function failOnViolations(): void {
  const violations = takeViolations()
  if (violations.length > 0) {
    throw new Error(
      `The Router has answered what its OpenAPI document does not say:\n${violations.join('\n')}`,
    )
  }
}

/** A test in which the Router strays from its document fails, whatever it looks at. */
export const mochaHooks: RootHookObject = { afterEach: failOnViolations, afterAll: failOnViolations }
