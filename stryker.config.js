import './scripts/mocha-for-stryker.js'

/** How `npm run test:mutants` changes the code, line by line, and looks whether a test notices. */
export default {
  mutate: ['lib/core/**/*.ts', 'lib/totp.ts', 'lib/sealing.ts', 'lib/backup-codes.ts'],
  testRunner: 'mocha',
  testRunnerNodeArgs: ['--import=./scripts/mocha-for-stryker.js', '--import=tsx/esm'],
  mochaOptions: {
    // What decides on those files, and starts no server.
    spec: ['test/core/*.test.ts', 'test/totp.test.ts', 'test/sealing.test.ts', 'test/backup-codes.test.ts'],
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 15_000,
  // Nothing is compiled: without this, Stryker wants a TypeScript of its own to rewrite tsconfig.json.
  tsconfigFile: 'none',
  ignorePatterns: ['dist', 'build', 'coverage', 'examples', 'docs'],
  tempDirName: 'build/mutants',
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'coverage/mutants.json' },
  incrementalFile: 'coverage/mutants-incremental.json',
  thresholds: { high: 95, low: 90, break: 90 },
}
