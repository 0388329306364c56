/** Something that must stand nowhere, or in one place. */
export interface Hidden {
  readonly what: string
  /** Every way to write it, as something to look for. */
  readonly patterns: readonly RegExp[]
}

/** Something that was kept, told or sent. */
export interface Trace {
  /** What it is a part of, such as `answers`. */
  readonly place: string
  /** Which part, such as the request that was answered. */
  readonly where: string
  readonly content: string | Buffer
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
const anyCase = (text: string): RegExp => new RegExp(escaped(text), 'i')
const exactly = (text: string): RegExp => new RegExp(escaped(text))

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const RFC_4648 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * The middle of an encoding that has so many bits in a character, wherever in a longer value the bytes begin: the first
 * and the last characters also depend on what stands around.
 */
function shifted(bytes: Buffer, bits: number, encode: (bytes: Buffer) => string): readonly string[] {
  const shifts = bits === 5 ? 5 : 3
  return Array.from({ length: shifts }, (_, before) => {
    const text = encode(Buffer.concat([Buffer.alloc(before), bytes]))
    return text.slice(Math.ceil((before * 8) / bits), Math.floor(((before + bytes.length) * 8) / bits))
  })
}

function base32(bytes: Buffer): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map((five) => RFC_4648[parseInt(five, 2)]).join('')
}

/** Bytes in every notation, alone or inside a longer value. */
function notations(bytes: Buffer): readonly RegExp[] {
  const base64 = shifted(bytes, 6, (value) => value.toString('base64'))
  return [
    ...shifted(bytes, 5, base32).map(anyCase),
    anyCase(bytes.toString('hex')),
    ...base64.map(exactly),
    ...base64.map((text) => exactly(text.replaceAll('+', '-').replaceAll('/', '_'))),
    exactly(BigInt(`0x${bytes.toString('hex')}`).toString()),
    new RegExp(Array.from(bytes).join(',\\s*')),
    // The text itself, if the bytes are one.
    exactly(bytes.toString('latin1')),
  ]
}

/** A key, or whatever else is bytes. */
export const hiddenBytes = (what: string, bytes: Buffer): Hidden => ({ what, patterns: notations(bytes) })

/** A text that is long enough to be no chance. */
export const hiddenText = (what: string, text: string): Hidden => ({
  what,
  patterns: [
    ...[text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)].map(anyCase),
    ...notations(Buffer.from(text)),
  ],
})

/** The random part of a token: its text, and the bytes that it stands for. */
export function hiddenToken(what: string, token: string): Hidden {
  const [, random = ''] = token.split('.')
  if (random.length < 40) throw new Error('This is no token.')
  return {
    what,
    patterns: [...hiddenText(what, random).patterns, ...notations(Buffer.from(random, 'base64url'))],
  }
}

/** A backup code: in groups or not, in any case, and the number that it is. */
export function hiddenBackupCode(what: string, code: string): Hidden {
  const characters = code.replaceAll('-', '')
  const number = Array.from(characters).reduce(
    (value, character) => value * 32n + BigInt(CROCKFORD.indexOf(character)),
    0n,
  )
  const written = [code, characters, code.toLowerCase(), characters.toLowerCase()]
  return {
    what,
    patterns: [
      new RegExp(Array.from(characters).join('[-\\s]*'), 'i'),
      ...written.flatMap((text) => notations(Buffer.from(text))),
      anyCase(number.toString(16)),
      exactly(number.toString()),
    ],
  }
}

/**
 * A TOTP code, with a space or none. Six digits stand in longer numbers by chance, but hardly ever between two
 * characters that are none: in random base64url text once in 10^11 characters.
 */
export const hiddenTotpCode = (what: string, code: string): Hidden => ({
  what,
  patterns: [
    new RegExp(`(?<!\\d)${code.slice(0, 3)}[ -]?${code.slice(3)}(?!\\d)`),
    // The last is the text itself, which is looked for above.
    ...notations(Buffer.from(code)).slice(0, -1),
  ],
})

/** Random ids, into which nothing can have got. In their hexadecimal digits a TOTP code would stand by chance. */
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/g

/** As headers have what is none of their characters. */
const fromPercent = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

/** What stands where: `the secret: answers, 1. POST /2fa/totp 201`. Each once, in order. */
export function sightings(hidden: readonly Hidden[], traces: readonly Trace[]): readonly string[] {
  const found = traces.flatMap(({ place, where, content }) => {
    const text = (typeof content === 'string' ? content : content.toString('latin1')).replace(UUID, '')
    const texts = [...new Set([text, fromPercent(text)])]
    return hidden
      .filter(({ patterns }) => patterns.some((pattern) => texts.some((one) => pattern.test(one))))
      .map(({ what }) => `${what}: ${place}, ${where}`)
  })
  return [...new Set(found)]
}
