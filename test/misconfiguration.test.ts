import { expect } from 'chai'
import { describe, it } from 'mocha'
import { execFile } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { misconfigured, MISCONFIGURED } from '../lib/errors.js'
import { createSecondFactor, MemoryStorage, SecondFactorError, type StorageAdapter } from '../lib/index.js'
import { isGuessable, warn, type WarningCode, WARNINGS } from '../lib/misconfiguration.js'
import { SECRET } from './support/app.js'
import { codesDuring, warningsDuring } from './support/warnings.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const GOOD_SECRET = randomBytes(32).toString('base64url')

/** A storage of the application's own: nothing is known of where it keeps what. */
function ownStorage(): StorageAdapter {
  const memory = new MemoryStorage()
  return {
    read: (userId) => memory.read(userId),
    insert: (userId, entry) => memory.insert(userId, entry),
    replace: (userId, entry, revision) => memory.replace(userId, entry, revision),
    remove: (userId, revision) => memory.remove(userId, revision),
  }
}

const create = (storage: StorageAdapter, secret: string | readonly string[] = GOOD_SECRET) =>
  createSecondFactor({ issuer: 'ACME', storage, secret })

describe('a warning', () => {
  const codes = Object.keys(WARNINGS) as WarningCode[]

  for (const code of codes) {
    it(`is Node's own, told once, and says where to read on: ${code}`, async () => {
      const warnings = await warningsDuring(undefined, () => {
        warn(code)
        warn(code)
      })
      expect(warnings).to.have.length(1)
      expect(warnings[0]).to.be.instanceOf(Error)
      expect(warnings[0]).to.include({ name: 'SecondFactorWarning', code, message: WARNINGS[code] })
      expect(warnings[0]?.detail).to.include(`"${code}" under "Misconfiguration" in the README`)
    })
  }

  it('is not in the way of another one', async () => {
    const told = await codesDuring(undefined, () => {
      for (const code of [...codes, ...codes]) warn(code)
    })
    expect(told).to.deep.equal(codes)
  })

  /** A program of two services on MemoryStorage, in production; what it prints to the console. */
  async function printed(...flags: readonly string[]): Promise<string> {
    const program = `
      import { createSecondFactor, MemoryStorage } from './lib/index.ts'
      for (const issuer of ['ACME', 'ACME 2'])
        createSecondFactor({ issuer, storage: new MemoryStorage(), secret: '${GOOD_SECRET}' })`
    const { stderr } = await promisify(execFile)(
      process.execPath,
      [...flags, '--import', 'tsx', '--input-type=module', '--eval', program],
      { cwd: ROOT, env: { ...process.env, NODE_ENV: 'production' } },
    )
    return stderr
  }

  it('is printed once for a process, with its code', async () => {
    const lines = (await printed()).split('\n').filter((line) => line.includes('SecondFactorWarning'))
    expect(lines).to.have.length(1)
    expect(lines[0]).to.include('[EXPRESS_2FA_MEMORY_STORAGE] SecondFactorWarning: MemoryStorage')
  })

  for (const which of ['EXPRESS_2FA_MEMORY_STORAGE', 'SecondFactorWarning']) {
    it(`is silenced by Node's --disable-warning=${which}`, async () => {
      expect(await printed(`--disable-warning=${which}`)).to.equal('')
    })
  }
})

describe('MemoryStorage', () => {
  class OwnMemory extends MemoryStorage {}

  for (const storage of [new MemoryStorage(), new OwnMemory()]) {
    it(`is noticed in production (${storage.constructor.name})`, async () => {
      const codes = await codesDuring('production', () => create(storage))
      expect(codes).to.deep.equal(['EXPRESS_2FA_MEMORY_STORAGE'])
    })
  }

  for (const environment of ['development', 'test', '', undefined]) {
    it(`is nothing to notice when NODE_ENV is ${String(environment)}`, async () => {
      expect(await codesDuring(environment, () => create(new MemoryStorage()))).to.deep.equal([])
    })
  }

  it('is nothing to notice where another storage is in use', async () => {
    expect(await codesDuring('production', () => create(ownStorage()))).to.deep.equal([])
  })
})

describe('a secret that can be guessed', () => {
  const GUESSABLE = [
    'x'.repeat(32),
    '0'.repeat(63) + '1',
    'changeme'.repeat(4),
    'secret'.repeat(6),
    'deadbeef'.repeat(8),
    'ab'.repeat(16) + 'a',
    'keyboard cat keyboard cat keyboard cat',
    'Keyboard-Cat, Keyboard-Cat and some more of it',
    'CHANGE_ME_TO_SOMETHING_LONG_AND_RANDOM',
    'please-change-this-secret-in-production',
    'your-secret-key-of-at-least-32-characters',
    'your_own_secret_goes_here_0000000000',
    'my-super-secret-which-nobody-will-know',
    'replace-with-32-random-bytes-or-more',
    '<placeholder: 32 bytes or more in here>',
    'abcdefghijklmnopqrstuvwxyz012345',
    '01234567890123456789012345678901',
    'zyxwvutsrqponmlkjihgfedcba987654321',
    'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb',
  ]
  for (const secret of GUESSABLE) {
    it(`is noticed: ${secret}`, async () => {
      for (const environment of ['production', undefined]) {
        const warnings = await warningsDuring(environment, () => create(ownStorage(), secret))
        expect(warnings.map(({ code }) => code)).to.deep.equal(['EXPRESS_2FA_GUESSABLE_SECRET'])
        expect(`${warnings[0]?.message} ${warnings[0]?.detail} ${warnings[0]?.stack}`).not.to.include(secret)
      }
    })
  }

  it('is nothing to notice while it is being replaced', async () => {
    const ring = [GOOD_SECRET, 'changeme'.repeat(4)]
    expect(await codesDuring('production', () => create(ownStorage(), ring))).to.deep.equal([])
    const codes = await codesDuring('production', () => create(ownStorage(), ring.toReversed()))
    expect(codes).to.deep.equal(['EXPRESS_2FA_GUESSABLE_SECRET'])
  })

  const NOTATIONS = ['hex', 'base64', 'base64url', 'latin1'] as const
  for (const notation of NOTATIONS) {
    it(`is no random one, in ${notation}`, () => {
      for (let count = 0; count < 20_000; count++) {
        const secret = randomBytes(32).toString(notation)
        expect(isGuessable(secret), secret).to.equal(false)
      }
    })
  }

  it('is none of random decimal digits', () => {
    for (let count = 0; count < 2000; count++) {
      const secret = Array.from({ length: 32 }, () => randomInt(10)).join('')
      expect(isGuessable(secret), secret).to.equal(false)
    }
  })

  it('is none of words that nobody else would choose', () => {
    for (const secret of [
      SECRET,
      'correct horse battery staple, and a cat',
      'sixteen random bytes, in hex, are 32 characters',
      'k4Qm-77Zt-pLw2-x90B-uuE5-ncV3-Yd1s-8RjA',
    ]) {
      expect(isGuessable(secret), secret).to.equal(false)
    }
  })
})

describe('an error of a misconfigured application', () => {
  for (const code of MISCONFIGURED) {
    it(`says where to read on: ${code}`, () => {
      const error = misconfigured(code, 'What is wrong.')
      expect(error).to.be.instanceOf(SecondFactorError).and.include({ code, status: 500 })
      expect(error.message).to.equal(
        `What is wrong. See "${code}" under "Misconfiguration" in the README of express-2fa.`,
      )
    })
  }
})

describe('the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const section = readme.split('\n## Misconfiguration\n')[1]?.split('\n## ')[0] ?? ''

  it('has a heading for each code of a misconfiguration, and none besides', () => {
    const headings = Array.from(section.matchAll(/^#+ (.*)$/gm), ([, heading]) => heading)
    expect(headings).to.have.members([...MISCONFIGURED, ...Object.keys(WARNINGS)])
  })

  it('says something under each', () => {
    for (const part of section.split(/^#+ .*$/m).slice(1)) expect(part.trim()).to.match(/^[A-Z`].{40}/s)
  })
})
