// What the parts cost, beside a library's own default and beside node:crypto alone: `npm run bench:micro`, a minute.
// Those that are compared take turns, so that a busy machine slows them alike.
import { createCipheriv, createDecipheriv, createHmac, randomBytes, scryptSync } from 'node:crypto'
import { TOTP } from 'otpauth'
import QRCode from 'qrcode'
import speakeasy from 'speakeasy'
import { backupCodeFormat } from '../../lib/backup-codes.js'
import { encodeBase32 } from '../../lib/base32.js'
import { createKeyRing } from '../../lib/key-ring.js'
import { qrCodeDataUrl } from '../../lib/qr.js'
import { createSealing } from '../../lib/sealing.js'
import { compact, expand } from '../../lib/storage/compact.js'
import { TestAuthenticator } from '../../lib/testing/index.js'
import { keyUri, matchingStep, newSecret } from '../../lib/totp.js'
import { enabledRecord } from '../support/records.js'
import { machine } from './report.js'
import { ratios, summarise, table, text, withRange } from './statistics.js'

const ROUNDS = 15
/** What is measured takes so long at least, or the clock is too coarse for it. */
const LEAST_MICROSECONDS = 20_000

type Task = () => unknown
/** The first is ours; the others are what it is compared with. */
type Comparison = Readonly<Record<string, Task>>

const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30, window: 1 } as const
const NOW = 1_800_000_000_000
const secret = newSecret(20)
const base32 = encodeBase32(secret)
const code = new TestAuthenticator(base32).codeAt(NOW)
const uri = keyUri(secret, 'ACME', 'anna@example.com', PARAMETERS)

/** The three steps of a window of one, and nothing else that a check has to do. */
function rawSteps(): void {
  for (let step = NOW / 30_000 - 1; step <= NOW / 30_000 + 1; step++) {
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(step))
    createHmac('sha1', secret).update(counter).digest()
  }
}

const sealing = createSealing(createKeyRing(['a secret of thirty-two bytes or more, for the bench']))
const place = { userId: 'anna', kind: 'totp', id: 'phone' } as const
const sealed = sealing.seal(secret, place)
const key = randomBytes(32)

function rawSeal(): { readonly nonce: Buffer; readonly body: Buffer; readonly tag: Buffer } {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(secret), cipher.final()])
  return { nonce, body, tag: cipher.getAuthTag() }
}
const raw = rawSeal()

const format = backupCodeFormat(25, 5)
const { normalised } = format.generate()
const entry = { revision: 'a revision of it', record: enabledRecord() }
const stored = compact(entry)
const json = JSON.stringify(entry)

const otpauth = new TOTP({ secret: base32 })

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  verify: {
    'express-2fa': () => matchingStep(secret, code, NOW, PARAMETERS),
    "speakeasy's own": () =>
      speakeasy.totp.verifyDelta({
        secret: base32,
        encoding: 'base32',
        token: code,
        window: 1,
        time: NOW / 1000,
      }),
    "otpauth's own": () => otpauth.validate({ token: code, window: 1, timestamp: NOW }),
    'node:crypto': rawSteps,
  },
  QR: {
    'express-2fa, PNG': () => qrCodeDataUrl(uri),
    "qrcode's own, PNG": () => QRCode.toDataURL(uri),
    "qrcode's own, SVG": () => QRCode.toString(uri, { type: 'svg' }),
  },
  seal: { 'express-2fa': () => sealing.seal(secret, place), 'node:crypto': rawSeal },
  open: {
    'express-2fa': () => sealing.open(sealed, place),
    'node:crypto': () => {
      const decipher = createDecipheriv('aes-256-gcm', key, raw.nonce).setAuthTag(raw.tag)
      return Buffer.concat([decipher.update(raw.body), decipher.final()])
    },
  },
  'digest of a backup code': {
    'express-2fa': () => format.digest(normalised, key),
    'node:crypto, HMAC': () => createHmac('sha256', key).update(normalised).digest(),
    'node:crypto, scrypt': () => scryptSync(normalised, key, 16),
  },
  'a record to bytes': { 'express-2fa': () => compact(entry), JSON: () => JSON.stringify(entry) },
  'a record from bytes': { 'express-2fa': () => expand(stored), JSON: () => JSON.parse(json) as unknown },
}

console.log(machine(`${ROUNDS} rounds`))
for (const [title, comparison] of Object.entries(COMPARISONS)) {
  const measured = await compare(comparison)
  const [ours = []] = measured.values()
  const rows = [...measured].map(([name, times]) => [
    name,
    withRange(summarise(times), 2),
    text(summarise(ratios(times, ours)).median, 2),
  ])
  console.log(table([title, 'CPU, microseconds', 'of ours'], rows))
}

/** Of each, the microseconds that it takes, round by round. */
async function compare(comparison: Comparison): Promise<ReadonlyMap<string, readonly number[]>> {
  const tasks = Object.entries(comparison)
  const counts = new Map<string, number>()
  for (const [name, task] of tasks) counts.set(name, await countFor(task))
  const measured = new Map<string, number[]>(tasks.map(([name]) => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, task] of tasks) {
      const count = counts.get(name) ?? 1
      measured.get(name)?.push((await workOf(task, count)) / count)
    }
  }
  return measured
}

/** How often it has to be done to take long enough; which warms it up as well. */
async function countFor(task: Task): Promise<number> {
  let count = 8
  while ((await workOf(task, count)) < LEAST_MICROSECONDS) count *= 2
  return count
}

async function workOf(task: Task, count: number): Promise<number> {
  const before = process.cpuUsage()
  for (let done = 0; done < count; done++) await task()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
