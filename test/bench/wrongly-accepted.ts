import { anotherBrowser, newBrowsers, type Running } from './batch.js'
import type { Browser } from './load.js'

/** What a contender lets in that it should not, each as `accepted of tried`. */
export interface WronglyAccepted {
  /** The same code, one after the other, in two browsers of its user: one at most. */
  readonly sameCodeTwice: string
  /** The same at once in twenty: one at most. */
  readonly sameCodeAtOnce: string
  /** One backup code at once in twenty: one at most. */
  readonly backupCodeAtOnce: string
  /** A code that is two and a half minutes old: none. */
  readonly oldCode: string
  /** The right code straight after a hundred wrong ones, as a guesser would have it: none. */
  readonly afterGuessing: string
}

const AT_ONCE = 20
const GUESSES = 100
const OLD_MILLISECONDS = 150_000

export async function tryAll(running: Running): Promise<WronglyAccepted> {
  const [one, two, three, four, five] = await newBrowsers(running, 5)
  if (!one || !two || !three || !four || !five) throw new Error('Nobody enrolled.')
  const hasBackupCodes = running.contender.can.includes('backup code')
  return {
    sameCodeTwice: await oneAfterTheOther(running, one),
    sameCodeAtOnce: await atOnce(running, two, two.phone?.codeAt() ?? '', 'totp'),
    backupCodeAtOnce: hasBackupCodes
      ? await atOnce(running, three, three.backupCodes[0] ?? '', 'backup code')
      : 'has none',
    oldCode: `${Number(await accepts(running, four, codeOf(four, Date.now() - OLD_MILLISECONDS)))} of 1`,
    afterGuessing: await guessing(running, five),
  }
}

const codeOf = ({ phone }: Browser, instant = Date.now()): string => phone?.codeAt(instant) ?? ''

async function accepts(
  { contender, targets: [target] }: Running,
  browser: Browser,
  code: string,
  kind: 'totp' | 'backup code' = 'totp',
): Promise<boolean> {
  const answer = await target?.send(browser, contender.secondFactor(code, kind))
  return answer?.status === 200
}

async function oneAfterTheOther(running: Running, browser: Browser): Promise<string> {
  const another = await anotherBrowser(running, browser)
  const code = codeOf(browser)
  const accepted = [await accepts(running, browser, code), await accepts(running, another, code)]
  return `${accepted.filter(Boolean).length} of 2`
}

async function atOnce(
  running: Running,
  browser: Browser,
  code: string,
  kind: 'totp' | 'backup code',
): Promise<string> {
  const browsers: Browser[] = []
  for (let count = 0; count < AT_ONCE; count++) browsers.push(await anotherBrowser(running, browser))
  const accepted = await Promise.all(browsers.map((one) => accepts(running, one, code, kind)))
  return `${accepted.filter(Boolean).length} of ${AT_ONCE}`
}

/** A guesser who has the password signs in anew as often as it takes. */
async function guessing(running: Running, browser: Browser): Promise<string> {
  const wrong = codeOf(browser, 0)
  let guesser = browser
  for (let guess = 0; guess < GUESSES; guess++) {
    if (guess % 4 === 3) guesser = await anotherBrowser(running, browser)
    await accepts(running, guesser, wrong)
  }
  return `${Number(await accepts(running, await anotherBrowser(running, browser), codeOf(browser)))} of 1`
}
