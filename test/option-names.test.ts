import { expect } from 'chai'
import { describe, it } from 'mocha'
import * as clerk from '../lib/dialects/clerk.js'
import * as logto from '../lib/dialects/logto.js'
import * as stytch from '../lib/dialects/stytch.js'
import type { EndpointOptions } from '../lib/express/endpoint-calls.js'
import * as index from '../lib/index.js'
import * as pages from '../lib/pages/index.js'
import type { PageTheme } from '../lib/pages/theme.js'
import * as mysql from '../lib/storage/mysql.js'
import * as postgres from '../lib/storage/postgres.js'
import * as redis from '../lib/storage/redis.js'
import * as sqlite from '../lib/storage/sqlite.js'
import * as testing from '../lib/testing/index.js'
import { SECRET } from './support/app.js'
import { newService } from './support/service.js'

const { secondFactor } = newService()
const must = { issuer: 'ACME', storage: new index.MemoryStorage(), secret: SECRET }
const clerkMust = { secretKeys: ['x'.repeat(16)], user: () => undefined }

/** Every name, as the compiler has it: one that is added to the options has to be added here. */
const all = <Options>(names: Readonly<Record<keyof Options, true>>): readonly string[] => Object.keys(names)

const identity = { user: true, userId: true } as const
const endpoints = {
  ...identity,
  accountName: true,
  managementMaxAgeSeconds: true,
  allowedOrigins: true,
} as const
const storage = { pool: true, table: true } as const
const create = (options: object) => index.createSecondFactor({ ...must, ...options })

interface Maker {
  readonly make: (options: never) => unknown
  /** What it cannot do without. */
  readonly must?: object
  readonly names: readonly string[]
}

/** Everything that takes options, by the name that its messages begin with. */
const MAKERS: Readonly<Record<string, Maker>> = {
  createSecondFactor: {
    make: index.createSecondFactor,
    must,
    names: all<index.SecondFactorOptions>({
      issuer: true,
      storage: true,
      secret: true,
      totp: true,
      backupCodes: true,
      throttle: true,
      trustedDeviceSeconds: true,
      storageTimeoutSeconds: true,
      now: true,
      onEvent: true,
    }),
  },
  'createSecondFactor: totp': {
    make: (totp) => create({ totp }),
    names: all<index.TotpOptions>({
      algorithm: true,
      digits: true,
      period: true,
      window: true,
      secretBytes: true,
      pendingSeconds: true,
      maxAuthenticators: true,
    }),
  },
  'createSecondFactor: backupCodes': {
    make: (backupCodes) => create({ backupCodes }),
    names: all<index.BackupCodeOptions>({
      count: true,
      length: true,
      groupLength: true,
      compareBcrypt: true,
    }),
  },
  'createSecondFactor: throttle': {
    make: (throttle) => create({ throttle }),
    names: all<index.ThrottlePolicy>({
      freeAttempts: true,
      firstWaitSeconds: true,
      longestWaitSeconds: true,
      weeklyBudget: true,
      disableAfter: true,
    }),
  },
  holdForSecondFactor: {
    make: (options) => index.holdForSecondFactor(secondFactor, options),
    names: all<index.HoldOptions>({ ...identity, challengePath: true, enrolPath: true, policy: true }),
  },
  requireSecondFactor: {
    make: (options) => index.requireSecondFactor(secondFactor, options),
    names: all<index.RequireOptions>({
      ...identity,
      maxAgeSeconds: true,
      challengePath: true,
      enrolPath: true,
    }),
  },
  openApiDocument: {
    make: (options) => index.openApiDocument(options),
    names: all<index.OpenApiOptions>({ server: true, sessionCookie: true }),
  },
  secondFactorRouter: {
    make: (options) => index.secondFactorRouter(secondFactor, options),
    names: all<index.RouterOptions>({ ...endpoints, openapi: true }),
  },
  TotpStrategy: {
    make: (options) => new index.TotpStrategy(secondFactor, options),
    names: all<index.TotpStrategyOptions>({
      ...identity,
      codeField: true,
      trustDeviceField: true,
      allowedOrigins: true,
    }),
  },
  secondFactorPages: {
    make: (options) => pages.secondFactorPages(secondFactor, options),
    names: all<pages.PagesOptions>({
      ...endpoints,
      homePath: true,
      loginPath: true,
      logoutPath: true,
      redirectOrigins: true,
      theme: true,
      views: true,
      language: true,
      messages: true,
    }),
  },
  'secondFactorPages: theme': {
    make: (theme) => pages.secondFactorPages(secondFactor, { theme }),
    names: all<PageTheme>({
      name: true,
      brand: true,
      logo: true,
      radius: true,
      font: true,
      scheme: true,
      stylesheet: true,
    }),
  },
  'secondFactorPages: views': {
    make: (views) => pages.secondFactorPages(secondFactor, { views }),
    names: ['challenge', 'setup', 'codes', 'manage', 'notice'],
  },
  'secondFactorPages: messages.en': {
    make: (en) => pages.secondFactorPages(secondFactor, { messages: { en } }),
    names: ['challengeTitle', 'signInFirst'],
  },
  stytchDialect: {
    make: (options: stytch.StytchDialectOptions) => stytch.stytchDialect(secondFactor, options),
    must: { projects: { 'project-1': 'x'.repeat(16) }, user: () => undefined },
    names: all<stytch.StytchDialectOptions>({ projects: true, user: true, accountName: true, session: true }),
  },
  clerkDialect: {
    make: (options) => clerk.clerkDialect(secondFactor, options),
    must: clerkMust,
    names: all<clerk.ClerkDialectOptions>({ secretKeys: true, user: true, signedIn: true }),
  },
  'clerkDialect: signedIn': {
    make: (signedIn) => clerk.clerkDialect(secondFactor, { ...clerkMust, signedIn }),
    names: all<EndpointOptions>(endpoints),
  },
  logtoDialect: {
    make: (options) => logto.logtoDialect(secondFactor, options),
    names: all<logto.LogtoDialectOptions>({
      authorize: true,
      user: true,
      accountName: true,
      signedIn: true,
    }),
  },
  'logtoDialect: signedIn': {
    make: (signedIn) => logto.logtoDialect(secondFactor, { signedIn }),
    names: all<EndpointOptions>(endpoints),
  },
  RedisStorage: {
    make: (options) => new redis.RedisStorage(options),
    names: all<redis.RedisStorageOptions>({ client: true, prefix: true }),
  },
  PostgresStorage: {
    make: (options) => new postgres.PostgresStorage(options),
    names: all<postgres.PostgresStorageOptions>(storage),
  },
  MysqlStorage: {
    make: (options) => new mysql.MysqlStorage(options),
    names: all<mysql.MysqlStorageOptions>(storage),
  },
  SqliteStorage: {
    make: (options) => new sqlite.SqliteStorage(options),
    names: all<sqlite.SqliteStorageOptions>({ database: true, table: true }),
  },
}

/** What takes no options. */
const PLAIN = [
  'MemoryStorage',
  'SecondFactorError',
  'safeReturnPath',
  'postgresTable',
  'mysqlTable',
  'sqliteTable',
  'storageConformance',
  'TestAuthenticator',
]

const made =
  ({ make }: Maker, options: unknown) =>
  () =>
    make(options as never)

describe('an option name', () => {
  for (const [who, maker] of Object.entries(MAKERS)) {
    for (const name of maker.names) {
      it(`that ${who} does not know is refused, with the one that was meant: ${name}x`, () => {
        expect(made(maker, { ...maker.must, [`${name}x`]: undefined })).to.throw(
          TypeError,
          `${who}: unknown option "${name}x". Did you mean "${name}"?`,
        )
      })
    }

    it(`that is like none of those of ${who} is refused, with all of them`, () => {
      expect(made(maker, { ...maker.must, somethingElseEntirely: 1 })).to.throw(
        TypeError,
        new RegExp(`^${who}: unknown option "somethingElseEntirely"\\. Known are: .*${maker.names[0]}`),
      )
    })

    it(`is all that ${who} takes: no text, no list, no number`, () => {
      for (const options of ['text', [], 7]) {
        expect(made(maker, options), String(options)).to.throw(
          TypeError,
          /options must be an object|must be an/,
        )
      }
    })
  }

  it('is checked by everything that is public and takes options', () => {
    const modules = [index, redis, postgres, mysql, sqlite, pages, stytch, clerk, logto, testing]
    const makers = Object.keys(MAKERS).filter((who) => !who.includes(':'))
    expect(modules.flatMap((one) => Object.keys(one))).to.have.members([...makers, ...PLAIN])
  })
})
