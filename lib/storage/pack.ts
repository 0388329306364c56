/**
 * What records are made of. Only hints to the packing: whatever a record holds comes back the same. Stored values
 * depend on every character of it and on the order: others would need another mark in `compact.ts`.
 */
const FRAGMENTS: readonly string[] = [
  '{"schema":1,"epoch":"',
  '","authenticators":[{"id":"',
  '","secret":"',
  '","algorithm":"SHA1","digits":6,"period":30,"label":"',
  'Authenticator ',
  '","createdAt":',
  ',"createdAt":',
  ',"updatedAt":',
  ',"verifiedAt":',
  ',"lastUsedAt":',
  ',"lastStep":',
  '}],"backupCodes":{"id":"',
  '","key":"',
  '","digests":["',
  '","',
  '"],"createdAt":',
  ',"usedAt":{"',
  '":',
  ',"totpThrottle":{"failures":',
  ',"backupCodeThrottle":{"failures":',
  ',"spent":',
  ',"at":',
  ',"trustedDevices":[{"id":"',
  '","digest":"',
  ',"rotatedAt":',
  ',"expiresAt":',
  ',"unconfirmedBackupCodes":{"id":"',
  '},{"id":"',
  '","previousDigest":"',
]

// JSON text has no bytes below 32: they are free to stand for what is packed.
const LITERAL = 32
/** A length and so many bytes: base64url of them. */
const RUN = 1
/** Six bytes: a number of thirteen digits, as epoch milliseconds are. */
const INSTANT = 2
/** This and the next ones: the fragments. */
const FIRST_FRAGMENT = 3

const LONGEST_RUN = 340
const FRAGMENT_CODES = new Map(FRAGMENTS.map((fragment, index) => [fragment, FIRST_FRAGMENT + index]))
const PACKED = new RegExp(
  [
    ...FRAGMENTS.map((fragment) => fragment.replace(/[[\]{}]/g, '\\$&')),
    '\\b[1-9]\\d{12}\\b',
    `[\\w-]{8,${LONGEST_RUN}}`,
  ].join('|'),
  'g',
)

/** JSON text in about half of its bytes. Most of a record is random: a compressor gains no more, and takes longer. */
export function pack(json: string): Buffer {
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(json))
  let length = 0
  let end = 0
  PACKED.lastIndex = 0
  for (let match = PACKED.exec(json); match; match = PACKED.exec(json)) {
    const [text] = match
    if (match.index > end) length += bytes.write(json.slice(end, match.index), length)
    length += writePacked(bytes, length, text)
    end = match.index + text.length
  }
  length += bytes.write(json.slice(end), length)
  return bytes.subarray(0, length)
}

/** No way of writing is longer than the text itself. */
function writePacked(bytes: Buffer, at: number, text: string): number {
  const fragment = FRAGMENT_CODES.get(text)
  if (fragment !== undefined) return bytes.writeUInt8(fragment, at) - at
  if (text.length === 13 && /^[1-9]\d+$/.test(text)) {
    bytes[at] = INSTANT
    return bytes.writeUIntBE(Number(text), at + 1, 6) - at
  }
  if (!isBase64url(text)) return bytes.write(text, at)
  const run = bytes.write(text, at + 2, 'base64url')
  bytes[at] = RUN
  bytes[at + 1] = run
  return run + 2
}

/** Whether some bytes are written just like this (RFC 4648 §3.5): the last character has no bits beyond theirs. */
function isBase64url(text: string): boolean {
  const last = text.at(-1) ?? ''
  switch (text.length % 4) {
    case 0:
      return true
    case 2:
      return 'AQgw'.includes(last)
    case 3:
      return 'AEIMQUYcgkosw048'.includes(last)
    default:
      return false
  }
}

/**
 * The text that was packed.
 *
 * @throws RangeError when the bytes are none that `pack` wrote: they end in the middle of something, or one stands for
 * nothing
 */
export function unpack(bytes: Buffer): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const start = at
    const mark = bytes.readUInt8(at)
    if (mark === RUN) {
      at += 2 + bytes.readUInt8(at + 1)
      if (at > bytes.length) throw new RangeError('A run is cut off.')
      text += bytes.toString('base64url', start + 2, at)
    } else if (mark === INSTANT) {
      at += 7
      text += String(bytes.readUIntBE(start + 1, 6))
    } else if (mark < LITERAL) {
      at += 1
      text += fragmentOf(mark)
    } else {
      while (at < bytes.length && (bytes[at] ?? 0) >= LITERAL) at++
      text += bytes.toString('utf8', start, at)
    }
  }
  return text
}

function fragmentOf(mark: number): string {
  const fragment = FRAGMENTS[mark - FIRST_FRAGMENT]
  if (fragment === undefined) throw new RangeError('A byte stands for nothing.')
  return fragment
}
