/**
 * What is wrong with an application and leaves nobody's second factor out: told once per process, by Node's own
 * warnings. What would leave it out is an error instead. Each code is a heading in the README, as that of an error is.
 */
export const WARNINGS = {
  EXPRESS_2FA_MEMORY_STORAGE:
    'MemoryStorage in production: every second factor is gone when this process ends, and no other process knows it.',
  EXPRESS_2FA_GUESSABLE_SECRET:
    'The secret of createSecondFactor can be guessed. Make one: node -p "crypto.randomBytes(32).toString(\'base64url\')"',
  EXPRESS_2FA_MEMORY_SESSIONS:
    "express-session keeps sessions in this process' memory, in production: all of them end when it does.",
  EXPRESS_2FA_UNTRUSTED_PROXY:
    'A session was not given to the browser: its cookie is secure, a proxy says that the browser came by https, and Express does not trust that proxy.',
  EXPRESS_2FA_INSECURE_COOKIE:
    "The session's cookie is not secure, although browsers come by https: they send it without TLS too.",
} as const

export type WarningCode = keyof typeof WARNINGS

/** What was told already. */
export const noticed = new Set<WarningCode>()

/** Tell of it, the first time. */
export function warn(code: WarningCode): void {
  if (noticed.has(code)) return
  noticed.add(code)
  process.emitWarning(WARNINGS[code], { type: 'SecondFactorWarning', code, detail: inTheReadme(code) })
}

/** Where to read on. */
export const inTheReadme = (code: string): string =>
  `See "${code}" under "Misconfiguration" in the README of express-2fa.`

export const isProduction = (): boolean => process.env['NODE_ENV'] === 'production'

/** Notice what the options of `createSecondFactor` show. */
export function noticeOptions(storage: object, secret: string): void {
  const isVolatile = 'isVolatile' in storage && storage.isVolatile === true
  if (isVolatile && isProduction()) warn('EXPRESS_2FA_MEMORY_STORAGE')
  if (isGuessable(secret)) warn('EXPRESS_2FA_GUESSABLE_SECRET')
}

/** As they stand in guides and in templates for settings. Long enough that no random secret has one by chance. */
const PLACEHOLDER =
  /keyboardcat|change(?:me|it|this)|replace(?:me|it|this|with)|placeholder|(?:your|my|super|top)(?:own|session)?secret|secretkey|donttell|1234567890|abcdefghijk|qwertyuiop/

/** A placeholder, however it is written; a short text over and over again; or characters in their order. */
export function isGuessable(secret: string): boolean {
  return PLACEHOLDER.test(secret.toLowerCase().replace(/[^a-z0-9]/g, '')) || repeats(secret) || counts(secret)
}

/** Half of it or less, and less than a secret has to have, says all of it. */
function repeats(secret: string): boolean {
  const longest = Math.min(31, Math.floor(secret.length / 2))
  for (let length = 1; length <= longest; length++) {
    if (secret.startsWith(secret.slice(length))) return true
  }
  return false
}

/** Nearly every character is the one before, or its neighbour: `0000…1`, `abc…xyz`. */
function counts(secret: string): boolean {
  let steps = 0
  for (let place = 1; place < secret.length; place++) {
    if (Math.abs(secret.charCodeAt(place) - secret.charCodeAt(place - 1)) <= 1) steps++
  }
  return steps >= (secret.length - 1) * 0.75
}
