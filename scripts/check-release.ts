// Whether a tag may be published: `npx tsx scripts/check-release.ts v1.2.3`.
import { readFileSync } from 'node:fs'
import { openApiDocument } from '../lib/index.js'
import { obstacles } from './release.js'

const { version, repository } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly version: string
  readonly repository?: { readonly url?: string }
}
const found = obstacles({
  tag: process.argv[2] ?? '',
  packageVersion: version,
  documentVersion: openApiDocument().info.version,
  changelog: readFileSync('CHANGELOG.md', 'utf8'),
  repository: repository?.url,
})
for (const line of found) console.error(line)
if (found.length > 0) process.exitCode = 1
else console.log(`${version} may be published.`)
