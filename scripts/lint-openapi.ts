// Writes the Router's OpenAPI document into a file, and lints it by redocly.yaml. Nothing is asked of the network.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openApiDocument } from '../lib/index.js'
import { temporaryFolder } from '../test/support/server-process.js'

const folder = temporaryFolder()
try {
  const file = join(folder.path, 'openapi.json')
  writeFileSync(file, JSON.stringify(openApiDocument(), undefined, 2))
  execFileSync('npx', ['--no-install', 'redocly', 'lint', file], {
    stdio: 'inherit',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  })
} catch {
  process.exitCode = 1
} finally {
  folder.remove()
}
