import { expect } from 'chai'
import { describe, it } from 'mocha'
import { casesOf, complaints, coverageOf, type TestTitle } from '../../scripts/security-coverage.js'
import { CASES, PATHS, type SecurityCase } from '../security/cases.js'

const REGISTER: readonly SecurityCase[] = [
  { id: 'C1', holds: 'Nobody is let in.', paths: ['Router', 'strategy'] },
  { id: 'C11', holds: 'Secrets are long.', paths: [] },
]

/** A test below suites. */
const test = (title: string, ...suites: readonly string[]): TestTitle => ({
  title,
  fullTitle: [...suites, title].join(' '),
})

const ALL = [test('C1 [Router] holds'), test('C1 [strategy] holds'), test('C11 holds')]

describe('the coverage of the security cases', () => {
  for (const [title, numbers] of [
    ['C8 refuses a time step', ['C8']],
    ['C8 C9 B10 P1 [Router] refuses a time step', ['C8', 'C9', 'B10', 'P1']],
    ['refuses C8', []],
    ['C8', []],
    ['C08 refuses', []],
    ['C8: refuses', []],
    ['D8 refuses', []],
    ['', []],
  ] as const) {
    it(`reads ${numbers.join(', ') || 'nothing'} in "${title}"`, () => {
      expect(casesOf(title)).to.deep.equal(numbers)
    })
  }

  it('complains of nothing when every case is held on every path of it', () => {
    expect(complaints(REGISTER, ALL)).to.deep.equal([])
  })

  it('names a case without a test, and not its paths besides', () => {
    expect(complaints(REGISTER, ALL.slice(2))).to.deep.equal(['C1 has no test.'])
    expect(complaints(REGISTER, ALL.slice(0, 2))).to.deep.equal(['C11 has no test.'])
  })

  it('names the path on which a case has no test', () => {
    expect(complaints(REGISTER, [test('C1 [Router] holds'), test('C11 holds')])).to.deep.equal([
      'C1 has no test over [strategy].',
    ])
  })

  it('does not take the test of another case, or of a longer number, for it', () => {
    const others = [test('C11 [Router] [strategy] holds'), test('C1 holds')]
    expect(complaints(REGISTER, others)).to.deep.equal([
      'C1 has no test over [Router].',
      'C1 has no test over [strategy].',
    ])
  })

  it('finds the path in the title of a suite, and several in one title', () => {
    expect(
      complaints(REGISTER, [test('C1 holds', 'the [Router]', 'and the [strategy]'), test('C11 holds')]),
    ).to.deep.equal([])
  })

  it('takes no path for another whose name contains it', () => {
    const [one] = coverageOf(REGISTER, [test('C1 [sessionless strategy] [Routers] holds')])
    expect(one?.missing).to.deep.equal(['Router', 'strategy'])
  })

  it('counts all tests of a case, on whatever path', () => {
    const tests = [...ALL, test('C1 C11 holds')]
    expect(coverageOf(REGISTER, tests)).to.deep.equal([
      { id: 'C1', tests: 3, held: ['Router', 'strategy'], missing: [] },
      { id: 'C11', tests: 2, held: [], missing: [] },
    ])
  })

  it('names a number that is no case: a test must not be for nothing', () => {
    expect(complaints(REGISTER, [...ALL, test('C44 holds')])).to.deep.equal([
      'C44 is no case, and has a test.',
    ])
  })
})

describe('the security cases', () => {
  it('are those of the three lists, each once, in order', () => {
    const numbered = (letter: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`)
    expect(CASES.map(({ id }) => id)).to.deep.equal([
      ...numbered('C', 43),
      ...numbered('B', 10),
      ...numbered('P', 5),
    ])
  })

  it('say each in a sentence of its own what must hold', () => {
    expect(new Set(CASES.map(({ holds }) => holds)).size).to.equal(CASES.length)
    for (const { id, holds } of CASES) expect(holds, id).to.match(/^[A-Z].+\.$/)
  })

  it('name each path once, and have a case for each', () => {
    for (const { id, paths } of CASES) expect(new Set(paths).size, id).to.equal(paths.length)
    expect(PATHS.filter((path) => !CASES.some(({ paths }) => paths.includes(path)))).to.deep.equal([])
  })
})
