const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648 base32, upper case, without padding: what the key URI format asks for. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let waiting = 0
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    for (waiting += 8; waiting >= 5; waiting -= 5) {
      text += ALPHABET.charAt((bits >>> (waiting - 5)) & 31)
    }
    bits &= 31
  }
  return waiting === 0 ? text : text + ALPHABET.charAt((bits << (5 - waiting)) & 31)
}

/** The bytes of a base32 text, in either case, padded or not. Undefined when it is not base32, or not one byte long. */
export function decodeBase32(text: string): Buffer | undefined {
  if (!/^[A-Za-z2-7]{2,}=*$/.test(text)) return undefined
  const digits = text.toUpperCase().replace(/=+$/, '')
  const bits = Array.from(digits, (digit) => ALPHABET.indexOf(digit).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
