import { expect } from 'chai'
import { describe, it } from 'mocha'
import { PNG } from 'pngjs'
import QRCode from 'qrcode'
import { readAccountName } from '../lib/input.js'
import { qrCodeDataUrl } from '../lib/qr.js'
import { keyUri, newSecret } from '../lib/totp.js'
import { readQrCode } from './support/qr-code.js'

const ROUNDS = 50
const USUAL = { algorithm: 'SHA1', digits: 6, period: 30 } as const
const LONGEST = { algorithm: 'SHA512', digits: 8, period: 120 } as const

/** As long as the options and the input check let them be: 256 and 1024 characters when percent-encoded. */
const LONGEST_ISSUER = 'é'.repeat(42) + 'ACME'
const LONGEST_ACCOUNT_NAME = '💡'.repeat(85) + 'anna'

const usualUri = () => keyUri(newSecret(20), 'ACME', 'anna@example.com', USUAL)
const URIS: Readonly<Record<string, () => string>> = {
  'the shortest': () => keyUri(newSecret(16), 'A', 'a', USUAL),
  'a usual one': usualUri,
  'one with odd names': () => keyUri(newSecret(20), 'ACME & Söhne', '安娜: 100% +1', USUAL),
  'the longest': () => keyUri(newSecret(64), LONGEST_ISSUER, LONGEST_ACCOUNT_NAME, LONGEST),
}

/** Microseconds of work, which a busy machine stretches less than it does the time by the clock. */
async function workOf(task: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await task()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

const median = (values: readonly number[]) =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0

describe('qr', () => {
  for (const [title, uri] of Object.entries(URIS)) {
    it(`is read by a camera as the key URI: ${title}`, () => {
      const text = uri()
      expect(readQrCode(qrCodeDataUrl(text))).to.equal(text)
    })
  }

  it('has been tried with the longest names that there can be', () => {
    expect(encodeURIComponent(LONGEST_ISSUER).length).to.equal(256)
    expect(readAccountName(LONGEST_ACCOUNT_NAME).ok).to.equal(true)
    expect(readAccountName(`${LONGEST_ACCOUNT_NAME}anna1`).ok).to.equal(false)
  })

  it('is a PNG with the quiet zone of four modules that scanners need', () => {
    const url = qrCodeDataUrl(usualUri())
    expect(url).to.match(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/)
    const { data, width, height } = PNG.sync.read(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'))
    expect(width).to.equal(height)
    const isDark = (x: number, y: number) => (data[(y * width + x) * 4] ?? 255) < 128
    const places = Array.from({ length: width }, (_, place) => place)
    const columns = places.filter((x) => places.some((y) => isDark(x, y)))
    const rows = places.filter((y) => places.some((x) => isDark(x, y)))
    const [left = 0, top = 0] = [columns[0], rows[0]]

    // The upper edge of the first finder pattern is seven modules long.
    let edge = 0
    while (isDark(left + edge, top)) edge++
    const quiet = (4 * edge) / 7
    expect([left, top, columns.at(-1), rows.at(-1)]).to.deep.equal([
      quiet,
      quiet,
      width - 1 - quiet,
      height - 1 - quiet,
    ])
  })

  it("takes less than a fifth of the work that qrcode's own defaults do", async () => {
    const ours: number[] = []
    const defaults: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const uri = usualUri()
      ours.push(await workOf(() => qrCodeDataUrl(uri)))
      defaults.push(await workOf(() => QRCode.toDataURL(uri)))
    }
    expect(median(ours)).to.be.lessThan(median(defaults) / 5)
  })
})
