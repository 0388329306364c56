import type { Path, SecurityCase } from '../test/security/cases.js'

/** A test as mocha names it. */
export interface TestTitle {
  readonly title: string
  /** The titles of all that it stands in, and its own. */
  readonly fullTitle: string
}

/** What the tests hold of one case. */
export interface CaseCoverage {
  readonly id: string
  /** How many tests are for it, whatever the path. */
  readonly tests: number
  readonly held: readonly Path[]
  readonly missing: readonly Path[]
}

/** The cases that a title begins with: `C8 C9 [Router] refuses …`. */
export function casesOf(title: string): readonly string[] {
  const [numbers = ''] = /^(?:[BCP][1-9]\d* )*/.exec(title) ?? []
  return numbers.split(' ').filter((number) => number !== '')
}

/** What tests hold of each case, in the order of the cases. */
export function coverageOf(
  cases: readonly SecurityCase[],
  tests: readonly TestTitle[],
): readonly CaseCoverage[] {
  return cases.map(({ id, paths }) => {
    const own = tests.filter(({ title }) => casesOf(title).includes(id))
    const isHeld = (path: Path) => own.some(({ fullTitle }) => fullTitle.includes(`[${path}]`))
    return {
      id,
      tests: own.length,
      held: paths.filter(isHeld),
      missing: paths.filter((path) => !isHeld(path)),
    }
  })
}

/** Every case, case on a path, and number that has no counterpart, one line each; none when all is well. */
export function complaints(cases: readonly SecurityCase[], tests: readonly TestTitle[]): readonly string[] {
  const known = new Set(cases.map(({ id }) => id))
  const unknown = new Set(tests.flatMap(({ title }) => casesOf(title)).filter((id) => !known.has(id)))
  return [
    ...coverageOf(cases, tests).flatMap((one) =>
      one.tests === 0
        ? [`${one.id} has no test.`]
        : one.missing.map((path) => `${one.id} has no test over [${path}].`),
    ),
    ...Array.from(unknown, (id) => `${id} is no case, and has a test.`),
  ]
}
