import type { Given } from './compile.js'

const fromPackage = (...names: readonly string[]): Given =>
  Object.fromEntries(names.map((name) => [name, `import { ${name} } from 'express-2fa'`]))

/** What blocks of documentation take for granted, as the quick start and its surroundings have it. */
export const GIVEN: Given = {
  ...fromPackage(
    'createSecondFactor',
    'holdForSecondFactor',
    'MemoryStorage',
    'requireSecondFactor',
    'secondFactorRouter',
    'TotpStrategy',
  ),
  RedisStorage: "import { RedisStorage } from 'express-2fa/storage/redis'",
  TestAuthenticator: "import { TestAuthenticator } from 'express-2fa/testing'",
  storageConformance: "import { storageConformance } from 'express-2fa/testing'",
  passport: "import passport from 'passport'",
  app: "declare const app: import('express').Express",
  redis: "declare const redis: ReturnType<typeof import('redis').createClient>",
  client: "declare const client: ReturnType<typeof import('redis').createClient>",
  another: "declare const another: ReturnType<typeof import('redis').createClient>",
  secondFactor: "declare const secondFactor: import('express-2fa').SecondFactor",
  agent: "declare const agent: ReturnType<typeof import('supertest').agent>",
  uri: 'declare const uri: string',
  user: 'declare const user: { id: string; totpSecret: string; unusedBackupCodes: string[] }',
}
