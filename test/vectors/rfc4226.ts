/** RFC 4226, appendix D: the six digits for the counters 0 to 9. */
export const HOTP_SECRET = Buffer.from('12345678901234567890')
export const HOTP_CODES = [
  '755224',
  '287082',
  '359152',
  '969429',
  '338314',
  '254676',
  '287922',
  '162583',
  '399871',
  '520489',
] as const
