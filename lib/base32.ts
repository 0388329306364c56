const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648 base32, upper case, without padding: what the key URI format asks for. */
export function encodeBase32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => ALPHABET.charAt(Number.parseInt(group.padEnd(5, '0'), 2)))
    .join('')
}

/** The bytes of a base32 text, in either case, padded or not. Undefined when it is not base32, or not one byte long. */
export function decodeBase32(text: string): Buffer | undefined {
  if (!/^[A-Za-z2-7]{2,}=*$/.test(text)) return undefined
  const digits = text.toUpperCase().replace(/=+$/, '')
  const bits = Array.from(digits, (digit) => ALPHABET.indexOf(digit).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
