import { expect } from 'chai'
import { describe, it } from 'mocha'
import { browserName } from '../../lib/pages/browser-name.js'

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const APPLE = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const WINDOWS = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT}`
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'
const PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)'
const PAD = 'Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X)'

const KNOWN: readonly (readonly [name: string, userAgent: string])[] = [
  ['Chrome on Windows', `${WINDOWS} Chrome/138.0.0.0 Safari/537.36`],
  ['Edge on Windows', `${WINDOWS} Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0`],
  ['Edge on Windows', `${WINDOWS} Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763`],
  ['Opera on Windows', `${WINDOWS} Chrome/134.0.0.0 Safari/537.36 OPR/119.0.0.0`],
  ['Firefox on Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['Firefox on Linux', 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  [
    'Firefox on macOS',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0',
  ],
  ['Firefox on Android', 'Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0'],
  ['Firefox on iPhone', `${PHONE} ${APPLE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15`],
  ['Chrome on macOS', `${MAC} ${WEBKIT} Chrome/138.0.0.0 Safari/537.36`],
  ['Chrome on Linux', `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/138.0.0.0 Safari/537.36`],
  ['Chrome on ChromeOS', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/138.0.0.0 Safari/537.36`],
  ['Chrome on Android', `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/138.0.0.0 Mobile Safari/537.36`],
  ['Chrome on iPhone', `${PHONE} ${APPLE} CriOS/138.0.7204.119 Mobile/15E148 Safari/604.1`],
  [
    'Samsung Internet on Android',
    `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
  ],
  [
    'Edge on Android',
    `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/138.0 Mobile Safari/537.36 EdgA/138.0`,
  ],
  ['Edge on iPhone', `${PHONE} ${APPLE} Version/18.0 EdgiOS/138.0 Mobile/15E148 Safari/605.1.15`],
  ['Safari on macOS', `${MAC} ${APPLE} Version/18.5 Safari/605.1.15`],
  ['Safari on iPhone', `${PHONE} ${APPLE} Version/18.5 Mobile/15E148 Safari/604.1`],
  ['Safari on iPad', `${PAD} ${APPLE} Version/16.6 Mobile/15E148 Safari/604.1`],
]

const UNKNOWN = [
  '',
  'Browser',
  'curl/8.5.0',
  'node-superagent/3.8.3',
  'Mozilla/5.0',
  'Mozilla/5.0 (X11; Linux x86_64)',
  'Firefox',
  'NotFirefox/1.0x (Linuxes)',
  'Firefox/1.0 (Plan 9)',
  '<img src=x onerror=alert(1)>',
]

function nameOf(userAgent: string): string {
  const { browser = '?', system = '?' } = browserName(userAgent) ?? {}
  return `${browser} on ${system}`
}

describe('the name of a browser', () => {
  for (const [name, userAgent] of KNOWN) {
    it(`is ${name} for ${userAgent}`, () => {
      expect(nameOf(userAgent)).to.equal(name)
    })
  }

  it('is found where a long one is cut off, as records keep it', () => {
    for (const [name, userAgent] of KNOWN) expect(nameOf(userAgent.slice(0, 128)), userAgent).to.equal(name)
  })

  for (const userAgent of UNKNOWN) {
    it(`is not guessed for ${JSON.stringify(userAgent)}`, () => {
      expect(browserName(userAgent)).to.equal(undefined)
    })
  }
})
