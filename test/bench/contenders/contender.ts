import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { RedisStore } from 'connect-redis'
import express, { type Express, type RequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import { createClient } from 'redis'

/** Somebody who has enrolled with a contender. */
export interface Enrolled {
  readonly id: string
  /** The TOTP secret, base32; the backup codes that are left. */
  readonly secret: string
  readonly backupCodes: readonly string[]
}

/** What a contender can be told by whoever measures it. */
export type Order = { readonly order: 'enrol'; readonly ids: readonly string[] } | { readonly order: 'usage' }

/** What a contender's process has used of the machine since its start. */
export interface Usage {
  readonly cpuSeconds: number
  readonly peakMegabytes: number
}

export const redisUrl = process.env['REDIS_URL'] ?? ''
export const postgresUrl = process.env['POSTGRES_URL'] ?? ''

/** A node-redis client, connected. */
export async function connectRedis() {
  const client = createClient({ url: redisUrl, disableOfflineQueue: true })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/**
 * What every Express contender stands on, and all that `floor` is: parsed bodies, a session in Redis, Passport. The
 * first factor believes everybody, so that no password hashing is measured.
 */
export async function passportApp(): Promise<Express> {
  passport.serializeUser((user, done) => {
    done(null, (user as { id: string }).id)
  })
  passport.deserializeUser((id: string, done) => {
    done(null, { id })
  })
  const app = express()
  app.use(
    express.json(),
    session({
      store: new RedisStore({ client: await connectRedis() }),
      secret: 'a secret for the sessions of a benchmark',
      resave: false,
      saveUninitialized: false,
    }),
    passport.initialize(),
    passport.session() as RequestHandler,
  )
  app.post('/login', (req, res, next) => {
    req.login({ id: String((req.body as { id: unknown }).id) }, (error) => {
      if (error) next(error)
      else res.json({ ok: true })
    })
  })
  return app
}

/** Serve a contender to the process that measures it, which is told the port. */
export async function serve(
  app: Express,
  enrol: (id: string) => Promise<Enrolled> = (id) => Promise.resolve({ id, secret: '', backupCodes: [] }),
): Promise<void> {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.on('message', (order: Order) => {
    carryOut(order).then(
      (answer) => process.send?.(answer),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
  // Whoever measures is gone: so is this.
  process.on('disconnect', () => process.exit())
  process.send?.((server.address() as AddressInfo).port)

  async function carryOut(order: Order): Promise<readonly Enrolled[] | Usage> {
    if (order.order === 'usage') return usage()
    const enrolled: Enrolled[] = []
    for (let start = 0; start < order.ids.length; start += 50) {
      enrolled.push(...(await Promise.all(order.ids.slice(start, start + 50).map(enrol))))
    }
    return enrolled
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuSeconds: (user + system) / 1e6, peakMegabytes: process.resourceUsage().maxRSS / 1024 }
}
