import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What cookies are signed with, and what the secrets of authenticators are sealed under. */
export interface Secrets {
  readonly session: string
  readonly secondFactor: string
}

/** From the environment; what is not there is made once, and kept in a file that only its owner reads. */
export function readSecrets(folder: string): Secrets {
  const { SESSION_SECRET: session, SECOND_FACTOR_SECRET: secondFactor } = process.env
  if (session && secondFactor) return { session, secondFactor }
  const kept = keptSecrets(join(folder, 'secrets.json'))
  return {
    session: session ? session : kept.session,
    secondFactor: secondFactor ? secondFactor : kept.secondFactor,
  }
}

function keptSecrets(file: string): Secrets {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets
  const fresh = () => randomBytes(32).toString('base64url')
  const secrets = { session: fresh(), secondFactor: fresh() }
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600, flag: 'wx' })
  return secrets
}
