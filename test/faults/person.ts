import type { TestAuthenticator } from '../../lib/testing/index.js'
import { type Browser, enrolThroughRouter, type TestApp } from '../support/app.js'

/** A code that counted, as far as its owner was told. */
export interface UsedCode {
  readonly code: string
  /** What the application's clock said; a TOTP code is of that time. */
  readonly at: number
  readonly method: 'totp' | 'backup code'
}

/** A code that its owner tries until it is settled. */
export interface Attempt extends UsedCode {
  /** There was no answer to an earlier try, or none that says anything: it may have counted. */
  doubtful: boolean
}

const STEP_MILLISECONDS = 30_000

/** Somebody with an authenticator and backup codes, and what became of the codes. */
export class Person {
  /** What the application has said yes to: none of these may ever count again. */
  readonly used: UsedCode[] = []
  /** What is being tried; undefined when the last code is settled. */
  attempt: Attempt | undefined
  /** The session that has shown the second factor last. */
  whole: Browser | undefined

  constructor(
    readonly name: string,
    /** A session that has shown the first factor, and never anything else. */
    readonly half: Browser,
    readonly phone: TestAuthenticator,
    readonly backupCodes: string[],
  ) {}

  static async enrol(app: TestApp, name: string): Promise<Person> {
    const { phone, backupCodes } = await enrolThroughRouter(app, app.browser(), name)
    const half = app.browser()
    await half.post('/login').send({ name }).expect(204)
    return new Person(name, half, phone, [...backupCodes])
  }

  /** Begin to try a new code: a backup code, while there are any, or what the phone shows now. */
  begin(now: number, preferBackupCode: boolean): void {
    const backupCode = preferBackupCode ? this.backupCodes.pop() : undefined
    this.attempt = {
      code: backupCode ?? this.phone.codeAt(now),
      at: now,
      method: backupCode === undefined ? 'totp' : 'backup code',
      doubtful: false,
    }
  }

  /** The code being tried counted, and made this session whole. */
  succeeded(attempt: Attempt, browser: Browser): void {
    this.used.push(attempt)
    this.attempt = undefined
    this.whole = browser
  }

  /** The newest of the used codes that would be good now, were they not used. */
  replayable(now: number): UsedCode | undefined {
    return this.used.findLast(
      ({ method, at }) => method === 'backup code' || Math.abs(now - at) <= STEP_MILLISECONDS,
    )
  }
}
