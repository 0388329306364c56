// What publint and "Are the types wrong?" find in the packed package; nothing may be left but what is accepted here.
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core'
import { readFileSync } from 'node:fs'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { packInto } from '../test/support/consumer.js'
import { temporaryFolder } from '../test/support/server-process.js'

/** Findings that say no more than that the package is ESM, and has `exports`. */
const ACCEPTED: Readonly<Record<string, string>> = {
  // TypeScript's `moduleResolution: node10` knows no `exports`. No Node that the package runs on finds modules that way.
  'NoResolution node10': 'the oldest way to find modules',
  // TypeScript's `node16` knows no `require` of ESM. Every Node that the package runs on does, and so does `nodenext`.
  'CJSResolvesToESM node16-cjs': 'CommonJS as it was before it could require ESM',
}

const folder = temporaryFolder()
try {
  const findings = await findingsIn(readFileSync(packInto(folder.path)))
  for (const finding of findings) console.error(finding)
  if (findings.length > 0) process.exitCode = 1
  else console.log(`Nothing is found but ${Object.values(ACCEPTED).join(', and ')}.`)
} finally {
  folder.remove()
}

async function findingsIn(tarball: Buffer): Promise<readonly string[]> {
  const bytes = new Uint8Array(tarball)
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true })
  const analysis = await checkPackage(createPackageFromTarballData(bytes))
  if (!analysis.types) return ['There are no types.']
  return [
    ...messages.map((message) => formatMessage(message, pkg) ?? message.code),
    ...analysis.problems
      .filter((problem) => !(kindOf(problem) in ACCEPTED))
      .map((problem) => JSON.stringify(problem)),
  ]
}

function kindOf(problem: Problem): string {
  return 'resolutionKind' in problem ? `${problem.kind} ${problem.resolutionKind}` : problem.kind
}
