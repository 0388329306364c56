/**
 * What the compiler has to refuse: `npm run check:types` reads this file, and nothing ever runs it. Each line below a
 * `@ts-expect-error` has to be an error, and all others none. test/types/consumer.test.ts reads it once more, against
 * the package as it is built.
 */
import { clerkDialect } from '../../lib/dialects/clerk.js'
import { logtoDialect } from '../../lib/dialects/logto.js'
import { stytchDialect } from '../../lib/dialects/stytch.js'
import {
  createSecondFactor,
  holdForSecondFactor,
  MemoryStorage,
  requireSecondFactor,
  type SecondFactor,
  secondFactorRouter,
  TotpStrategy,
} from '../../lib/index.js'
import { secondFactorPages } from '../../lib/pages/index.js'
import { MysqlStorage, type MysqlStoragePool } from '../../lib/storage/mysql.js'
import { PostgresStorage, type PostgresStoragePool } from '../../lib/storage/postgres.js'
import { RedisStorage, type RedisStorageClient } from '../../lib/storage/redis.js'
import { SqliteStorage, type SqliteStorageDatabase } from '../../lib/storage/sqlite.js'

declare const secondFactor: SecondFactor
declare const client: RedisStorageClient
declare const pool: PostgresStoragePool
declare const mysqlPool: MysqlStoragePool
declare const database: SqliteStorageDatabase
declare const setting: string | undefined

const storage = new MemoryStorage()
const good = { issuer: 'ACME', storage, secret: setting }

createSecondFactor({ ...good, secret: [setting ?? '', 'older'], totp: { digits: 8 } })
// @ts-expect-error -- an issuer is needed
createSecondFactor({ storage, secret: setting })
// @ts-expect-error -- a storage is needed
createSecondFactor({ issuer: 'ACME', secret: setting })
// @ts-expect-error -- a secret is needed, be it undefined
createSecondFactor({ issuer: 'ACME', storage })
// @ts-expect-error -- no such option
createSecondFactor({ ...good, isuer: 'ACME' })
// @ts-expect-error -- no storage at all
createSecondFactor({ ...good, storage: {} })
// @ts-expect-error -- the class in place of a storage
createSecondFactor({ ...good, storage: MemoryStorage })
// @ts-expect-error -- bytes in place of a text
createSecondFactor({ ...good, secret: new Uint8Array(32) })
// @ts-expect-error -- no such option
createSecondFactor({ ...good, totp: { digit: 6 } })
// @ts-expect-error -- a text in place of a number
createSecondFactor({ ...good, totp: { digits: '6' } })
// @ts-expect-error -- no such algorithm
createSecondFactor({ ...good, totp: { algorithm: 'MD5' } })
// @ts-expect-error -- no such option
createSecondFactor({ ...good, backupCodes: { size: 10 } })
// @ts-expect-error -- it has to promise
createSecondFactor({ ...good, backupCodes: { compareBcrypt: () => true } })
// @ts-expect-error -- no such option
createSecondFactor({ ...good, throttle: { maxAttempts: 5 } })
// @ts-expect-error -- a text in place of a number
createSecondFactor({ ...good, trustedDeviceSeconds: '30 days' })
// @ts-expect-error -- no clock of milliseconds
createSecondFactor({ ...good, now: () => new Date() })
// @ts-expect-error -- no such type of event
createSecondFactor({ ...good, onEvent: (event) => event.type === 'hacked' })

secondFactorRouter(secondFactor, { managementMaxAgeSeconds: 60, accountName: () => 'ann' })
// @ts-expect-error -- the options in place of the second factor
secondFactorRouter({ managementMaxAgeSeconds: 60 })
// @ts-expect-error -- no such option
secondFactorRouter(secondFactor, { managementMaxAge: 60 })
// @ts-expect-error -- one, and no list
secondFactorRouter(secondFactor, { allowedOrigins: 'https://app.example.com' })
// @ts-expect-error -- the name of a property in place of a function
secondFactorRouter(secondFactor, { user: 'user' })
// @ts-expect-error -- an id is a text
secondFactorRouter(secondFactor, { userId: () => 7 })

holdForSecondFactor(secondFactor, { challengePath: '/2fa/challenge', policy: () => 'required' })
// @ts-expect-error -- no such option
holdForSecondFactor(secondFactor, { challengeUrl: '/2fa/challenge' })
// @ts-expect-error -- no path at all
holdForSecondFactor(secondFactor, { challengePath: true })
// @ts-expect-error -- no such policy
holdForSecondFactor(secondFactor, { policy: () => 'always' })

requireSecondFactor(secondFactor, { maxAgeSeconds: 300 })
// @ts-expect-error -- no such option
requireSecondFactor(secondFactor, { maxAge: 300 })
// @ts-expect-error -- a setting that got lost
requireSecondFactor(secondFactor, { maxAgeSeconds: undefined })
// @ts-expect-error -- the middleware in place of what makes it
requireSecondFactor(requireSecondFactor(secondFactor))

new TotpStrategy(secondFactor, { codeField: 'otp' })
// @ts-expect-error -- no such option
new TotpStrategy(secondFactor, { codefield: 'otp' })
// @ts-expect-error -- passport strategies of others take a function here
new TotpStrategy(secondFactor, () => undefined)

secondFactorPages(secondFactor, { loginPath: '/login', theme: { scheme: 'dark' }, language: 'de' })
// @ts-expect-error -- no such option
secondFactorPages(secondFactor, { loginUrl: '/login' })
// @ts-expect-error -- no such option
secondFactorPages(secondFactor, { theme: { colour: '#2457d6' } })
// @ts-expect-error -- no such scheme
secondFactorPages(secondFactor, { theme: { scheme: 'sepia' } })
// @ts-expect-error -- no such page
secondFactorPages(secondFactor, { views: { login: 'my-login' } })
// @ts-expect-error -- no such message
secondFactorPages(secondFactor, { messages: { en: { title: 'One more step' } } })

stytchDialect(secondFactor, { projects: { one: setting }, user: (id) => ({ id }) })
// @ts-expect-error -- users are needed
stytchDialect(secondFactor, { projects: { one: setting } })
// @ts-expect-error -- no such option
stytchDialect(secondFactor, { projects: { one: setting }, user: (id) => ({ id }), sessions: () => undefined })
stytchDialect(secondFactor, {
  projects: { one: setting },
  user: (id) => ({ id }),
  // @ts-expect-error -- such a user has no name
  accountName: ({ name }) => String(name),
})

clerkDialect(secondFactor, { secretKeys: [setting], user: (id) => ({ id }), signedIn: false })
// @ts-expect-error -- one, and no list
clerkDialect(secondFactor, { secretKeys: setting, user: (id) => ({ id }) })
// @ts-expect-error -- no such option
clerkDialect(secondFactor, { secretKey: [setting], user: (id) => ({ id }) })
// @ts-expect-error -- no such option
clerkDialect(secondFactor, { secretKeys: [setting], user: (id) => ({ id }), signedIn: { users: () => null } })

logtoDialect(secondFactor, { authorize: (req) => req.get('Authorization') === setting })
// @ts-expect-error -- no such option
logtoDialect(secondFactor, { authorise: () => true })
// @ts-expect-error -- a text is not true
logtoDialect(secondFactor, { authorize: () => 'yes' })
// @ts-expect-error -- no such option
logtoDialect(secondFactor, { signedIn: { account: () => 'ann' } })

new RedisStorage({ client, prefix: 'mfa:' })
// @ts-expect-error -- the client in place of the options
new RedisStorage(client)
// @ts-expect-error -- no such option
new RedisStorage({ client, keyPrefix: 'mfa:' })
// @ts-expect-error -- no client at all
new RedisStorage({ client: 'redis://localhost' })
// @ts-expect-error -- a client is needed
new RedisStorage({ prefix: 'mfa:' })

new PostgresStorage({ pool, table: 'auth.second_factor' })
// @ts-expect-error -- a client is no pool
new PostgresStorage({ client: pool })
// @ts-expect-error -- no such option
new PostgresStorage({ pool, tableName: 'second_factor' })

new MysqlStorage({ pool: mysqlPool })
// @ts-expect-error -- a pool of PostgreSQL
new MysqlStorage({ pool })
// @ts-expect-error -- no such option
new MysqlStorage({ pool: mysqlPool, tabel: 'second_factor' })

new SqliteStorage({ database })
// @ts-expect-error -- a file in place of the database
new SqliteStorage({ database: 'second-factor.db' })
// @ts-expect-error -- no such option
new SqliteStorage({ db: database })

// @ts-expect-error -- it has no options
new MemoryStorage({ file: 'second-factor.json' })
