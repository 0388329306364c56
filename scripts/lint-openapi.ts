// Writes the Router's OpenAPI document into a file, and lints it by redocly.yaml. Nothing is asked of the network.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openApiDocument } from '../lib/index.js'

const folder = mkdtempSync(join(tmpdir(), 'express-2fa-openapi-'))
try {
  const file = join(folder, 'openapi.json')
  writeFileSync(file, JSON.stringify(openApiDocument(), undefined, 2))
  execFileSync('npx', ['--no-install', 'redocly', 'lint', file], {
    stdio: 'inherit',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  })
} catch {
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
