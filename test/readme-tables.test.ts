import { expect } from 'chai'
import { describe, it } from 'mocha'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EndpointOptions } from '../lib/express/endpoint-calls.js'
import { ENDPOINTS, type Endpoint } from '../lib/express/endpoints.js'
import { statusOf } from '../lib/express/problem.js'
import {
  type BackupCodeOptions,
  type HoldOptions,
  MemoryStorage,
  type ProblemCode,
  type RequireOptions,
  type RouterOptions,
  type SecondFactor,
  type SecondFactorEvent,
  type SecondFactorOptions,
  type TotpStrategyOptions,
} from '../lib/index.js'
import { readOptions } from '../lib/options.js'
import type { PagesOptions } from '../lib/pages/index.js'
import { SECRET } from './support/app.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MOST_BYTES = 36_000
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const readme = read('README.md')

/** Every name, as the compiler has it: one that is added to the code has to be added here. */
const all = <Names extends string>(names: Readonly<Record<Names, true>>) => Object.keys(names) as Names[]

/** The cells of the rows of the first table below a heading whose text contains this, without its head. */
function tableBelow(text: string, heading: string, start = ''): readonly (readonly string[])[] {
  const section = `\n${text}`.split(`\n${heading}\n`)[1]?.split(/\n##? /)[0] ?? ''
  const lines =
    section
      .slice(section.indexOf(`\n| ${start}`))
      .trim()
      .split('\n\n')[0]
      ?.split('\n') ?? []
  return lines.slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** What stands in backticks. */
const quoted = (cell = ''): readonly string[] =>
  Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name)
const firstColumn = (rows: readonly (readonly string[])[]) => rows.flatMap(([first]) => quoted(first))

describe('the tables of the README', () => {
  it('have every endpoint', () => {
    const endpoints = Object.values<Endpoint>(ENDPOINTS).map(
      ({ method, path }) => `${method.toUpperCase()} ${path}`,
    )
    expect(firstColumn(tableBelow(readme, '## Endpoints'))).to.have.members(endpoints)
  })

  it('have every code of a problem, at its status', () => {
    const codes = all<ProblemCode>({
      already_verified: true,
      authenticator_disabled: true,
      cross_site_request: true,
      enrolment_expired: true,
      enrolment_required: true,
      fresh_second_factor_required: true,
      invalid_code: true,
      invalid_request: true,
      locked: true,
      not_authenticated: true,
      not_enrolled: true,
      not_found: true,
      second_factor_required: true,
      too_many_authenticators: true,
      unavailable: true,
      unsupported_media_type: true,
    })
    const listed = tableBelow(readme, '## Errors').flatMap(([status, names]) =>
      quoted(names)
        .filter((name) => /^[a-z_]+$/.test(name))
        .map((name) => `${status} ${name}`),
    )
    expect(listed).to.have.members(codes.map((code) => `${statusOf(code)} ${code}`))
  })

  it('have every event', () => {
    const types = all<SecondFactorEvent['type']>({
      backup_code_used: true,
      backup_codes_low: true,
      backup_codes_regenerated: true,
      backup_codes_removed: true,
      disabled: true,
      enrolled: true,
      failed: true,
      imported: true,
      locked: true,
      removed: true,
      replayed: true,
      reset: true,
      revoked: true,
      trusted: true,
      unavailable: true,
      verified: true,
    })
    expect(firstColumn(tableBelow(readme, '## Events'))).to.have.members(types)
  })

  describe('of createSecondFactor', () => {
    const rows = tableBelow(readme, '## Options of `createSecondFactor`')
    const settings = readOptions({ issuer: 'ACME', storage: new MemoryStorage(), secret: SECRET })
    const textOf = (option: string) => rows.find(([name]) => name === `\`${option}\``)?.join(' ') ?? ''

    it('have every option', () => {
      expect(firstColumn(rows)).to.have.members(
        all<keyof SecondFactorOptions>({
          backupCodes: true,
          issuer: true,
          now: true,
          onEvent: true,
          secret: true,
          storage: true,
          storageTimeoutSeconds: true,
          throttle: true,
          totp: true,
          trustedDeviceSeconds: true,
        }),
      )
    })

    it('have the defaults', () => {
      const defaultsIn = (option: string) =>
        Object.fromEntries(
          Array.from(textOf(option).matchAll(/(\w+): (?:'(\w+)'|(\d+))/g), ([, name = '', text, number]) => [
            name,
            text ?? Number(number),
          ]),
        )
      expect(defaultsIn('totp')).to.deep.equal(settings.totp)
      expect(defaultsIn('throttle')).to.deep.equal(settings.policy.totpThrottle)
      expect(defaultsIn('backupCodes')).to.include({ count: settings.backupCodes.count })
      const number = (option: string) =>
        Number(rows.find(([name]) => name === `\`${option}\``)?.[1]?.replaceAll(',', ''))
      expect(number('storageTimeoutSeconds')).to.equal(settings.storageTimeoutSeconds)
      expect(number('trustedDeviceSeconds')).to.equal(settings.policy.trustedDeviceSeconds)
    })

    it('have every option of backup codes', () => {
      for (const name of all<keyof BackupCodeOptions>({
        compareBcrypt: true,
        count: true,
        groupLength: true,
        length: true,
      }))
        expect(textOf('backupCodes')).to.include(name)
    })
  })

  it('have every option of the Router, the guards and the strategy', () => {
    const options = all<
      keyof HoldOptions | keyof RequireOptions | keyof RouterOptions | keyof TotpStrategyOptions
    >({
      accountName: true,
      allowedOrigins: true,
      challengePath: true,
      codeField: true,
      enrolPath: true,
      managementMaxAgeSeconds: true,
      maxAgeSeconds: true,
      openapi: true,
      policy: true,
      trustDeviceField: true,
      user: true,
      userId: true,
    })
    expect(firstColumn(tableBelow(readme, '## The strategy and the guards', 'option'))).to.have.members(
      options,
    )
  })

  it('have every storage', () => {
    const names = readdirSync(join(ROOT, 'lib/storage'))
      .map((name) => name.replace(/\.ts$/, ''))
      .filter((name) => !['adapter', 'compact', 'pack', 'table-name'].includes(name))
    const listed = firstColumn(tableBelow(readme, '## Storage')).map((name) =>
      name.replace(/Storage\(.*/, '').toLowerCase(),
    )
    expect(listed).to.have.members(names)
  })
})

describe('the documents', () => {
  it('have every option of the pages', () => {
    const options = all<Exclude<keyof PagesOptions, keyof EndpointOptions>>({
      homePath: true,
      language: true,
      loginPath: true,
      logoutPath: true,
      messages: true,
      redirectOrigins: true,
      theme: true,
      views: true,
    })
    expect(
      firstColumn(tableBelow(read('docs/pages.md'), '## Options of `secondFactorPages`')),
    ).to.have.members(options)
  })

  it('have every method of the service', () => {
    const methods = all<Exclude<keyof SecondFactor, 'trustedDeviceSeconds'>>({
      confirm: true,
      confirmBackupCodes: true,
      enrol: true,
      generateBackupCodes: true,
      importBackupCodes: true,
      importTotp: true,
      recogniseDevice: true,
      rekey: true,
      remove: true,
      removeBackupCodes: true,
      rename: true,
      reset: true,
      revokeTrustedDevice: true,
      revokeTrustedDevices: true,
      status: true,
      trustDevice: true,
      trustedDevices: true,
      verify: true,
    })
    expect(firstColumn(tableBelow(read('docs/administration.md'), '# Administration'))).to.have.members(
      methods,
    )
  })

  it('have every command', () => {
    const { scripts } = JSON.parse(read('package.json')) as {
      readonly scripts: Readonly<Record<string, string>>
    }
    const commands = Object.keys(scripts)
      .filter((name) => !['format', 'prepack'].includes(name))
      .map((name) => (['start', 'test'].includes(name) ? `npm ${name}` : `npm run ${name}`))
    const listed = tableBelow(read('CONTRIBUTING.md'), '## Commands').flatMap(([name]) => quoted(name))
    expect(listed.filter((name) => name.startsWith('npm '))).to.have.members(commands)
  })

  it('have links that lead somewhere', () => {
    const names = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md']
    const documents = [...names, ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
    const dead = documents
      .filter((name) => name.endsWith('.md'))
      .flatMap((name) =>
        Array.from(read(name).matchAll(/\]\((?!https?:)([^)\s]*)\)/g), ([, target = '']) => target)
          .filter((target) => !leadsSomewhere(name, target))
          .map((target) => `${name}: ${target}`),
      )
    expect(dead).to.deep.equal([])
  })

  it(`leave room in the package: the README has less than ${MOST_BYTES / 1000} kB`, () => {
    expect(Buffer.byteLength(readme)).to.be.below(MOST_BYTES)
  })
})

function leadsSomewhere(document: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? document : join(dirname(document), path)
  if (!existsSync(join(ROOT, file))) return false
  if (anchor === undefined) return true
  const headings = Array.from(read(file).matchAll(/^#+ (.*)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  )
  return headings.includes(anchor)
}
