import type { TotpAlgorithm } from '../../lib/record.js'

/** RFC 6238, appendix B: the seeds as its reference implementation has them, one block of digits as long as the hash. */
export const TOTP_SECRETS: Readonly<Record<TotpAlgorithm, Buffer>> = {
  SHA1: Buffer.from('12345678901234567890'),
  SHA256: Buffer.from('12345678901234567890123456789012'),
  SHA512: Buffer.from('1234567890123456789012345678901234567890123456789012345678901234'),
}

/** RFC 6238, appendix B: eight digits, steps of 30 seconds; times in seconds. */
export const TOTP_CODES: readonly {
  readonly seconds: number
  readonly codes: Readonly<Record<TotpAlgorithm, string>>
}[] = [
  { seconds: 59, codes: { SHA1: '94287082', SHA256: '46119246', SHA512: '90693936' } },
  { seconds: 1111111109, codes: { SHA1: '07081804', SHA256: '68084774', SHA512: '25091201' } },
  { seconds: 1111111111, codes: { SHA1: '14050471', SHA256: '67062674', SHA512: '99943326' } },
  { seconds: 1234567890, codes: { SHA1: '89005924', SHA256: '91819424', SHA512: '93441116' } },
  { seconds: 2000000000, codes: { SHA1: '69279037', SHA256: '90698825', SHA512: '38618901' } },
  { seconds: 20000000000, codes: { SHA1: '65353130', SHA256: '77737706', SHA512: '47863826' } },
]
