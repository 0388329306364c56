// Which security case has which tests, by the titles that mocha itself finds. Fails for a case, or a path of a case,
// that no test holds.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CASES } from '../test/security/cases.js'
import { complaints, coverageOf, type TestTitle } from './security-coverage.js'

const TEST_FILES = ['test/**/*.test.ts', 'test/**/*.long.ts']

/** Mocha loads the files and runs none; its report goes into a file, as anything may be written beside it. */
function allTests(): readonly TestTitle[] {
  const folder = mkdtempSync(join(tmpdir(), 'express-2fa-titles-'))
  const output = join(folder, 'titles.json')
  try {
    const options = ['--dry-run', '--reporter', 'json', '--reporter-option', `output=${output}`]
    execFileSync('npx', ['--no-install', 'mocha', ...options, ...TEST_FILES], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return (JSON.parse(readFileSync(output, 'utf8')) as { tests: readonly TestTitle[] }).tests
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const tests = allTests()
for (const { id, tests: count, held } of coverageOf(CASES, tests)) {
  console.log(`${id.padEnd(4)}${String(count).padStart(5)}  ${held.join(', ')}`)
}
const missing = complaints(CASES, tests)
for (const line of missing) console.error(line)
if (missing.length > 0) process.exitCode = 1
else console.log(`${CASES.length} cases, all of them held by tests.`)
