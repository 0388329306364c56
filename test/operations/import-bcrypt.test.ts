import { setTimeout as delay } from 'node:timers/promises'
import { compare, hashSync } from 'bcryptjs'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createSecondFactor, MemoryStorage } from '../../lib/index.js'
import { SECRET } from '../support/app.js'
import { newService, reasonOf, rejection, succeeded, tally } from '../support/service.js'
import { storedRecord } from '../support/stored.js'

const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const CODES = ['k3v9x2mq', 'abcde-fghij', '48213907']
/** The least rounds that bcrypt has: what is compared is the same. */
const hash = (code: string) => hashSync(code, 4)
const DIGESTS = CODES.map(hash)
const WRONG = 'zzzzzzzz'

type Compare = (code: string, digest: string) => Promise<boolean>

/** Somebody who has taken such a set along, and every comparison that was asked for. */
async function migrated(
  compareBcrypt: Compare = compare,
  codes: readonly string[] = DIGESTS,
  storageTimeoutSeconds = 60,
) {
  const storage = new MemoryStorage()
  const asked: { readonly code: string; readonly digest: string; readonly same: unknown }[] = []
  const service = newService({
    storage,
    storageTimeoutSeconds,
    backupCodes: {
      compareBcrypt: async (code, digest) => {
        const same = await compareBcrypt(code, digest)
        asked.push({ code, digest, same })
        return same
      },
    },
  })
  const { secondFactor } = service
  succeeded(await secondFactor.importTotp('u', { base32: BASE32 }))
  succeeded(await secondFactor.importBackupCodes('u', codes))
  const digests = async () => (await storedRecord(storage, 'u')).backupCodes?.digests
  return { ...service, storage, asked, digests, verify: (code: string) => secondFactor.verify('u', code) }
}

describe('importBackupCodes of bcrypt digests', () => {
  for (const [index, code] of CODES.entries()) {
    it(`C3 takes ${code}, once, and compares its digest no more`, async () => {
      const { verify, asked, digests, events } = await migrated()
      const shown = { method: 'backup_code', backupCodesRemaining: 2 }
      expect(succeeded(await verify(code))).to.include(shown)
      const matches = asked.filter(({ same }) => same === true)
      expect(matches).to.deep.equal([{ code, digest: DIGESTS[index], same: true }])
      asked.length = 0
      for (const again of [code, code.toUpperCase(), code.replace('-', '')]) {
        expect(reasonOf(await verify(again))).to.equal('invalid_code')
        expect(events.at(-1)).to.include({ type: 'replayed' })
      }
      expect(asked).to.deep.equal([])
      expect(await digests()).to.have.length(3)
    })
  }

  it('replaces a digest by one of ours once its code was used, and leaves the others', async () => {
    const { verify, digests } = await migrated()
    expect(await digests()).to.deep.equal(DIGESTS)
    await verify('abcde-fghij')
    const [first, second, third] = (await digests()) ?? []
    expect([first, third]).to.deep.equal([DIGESTS[0], DIGESTS[2]])
    expect(second).to.match(/^[\w-]{22}$/)
  })

  it('C4 is one success, and one comparison that succeeds, of 50 at once', async () => {
    const { verify, asked } = await migrated()
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => verify('k3v9x2mq')))
    expect(tally(outcomes)).to.deep.equal({ ok: 1, invalid_code: 49 })
    expect(asked.filter(({ same }) => same === true)).to.have.length(1)
  })

  it('C7 is one success of 20 at once in two processes', async () => {
    const { verify, storage, clock } = await migrated()
    const another = newService({
      storage,
      clock,
      storageTimeoutSeconds: 60,
      backupCodes: { compareBcrypt: compare },
    })
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        number % 2 === 0 ? verify('k3v9x2mq') : another.secondFactor.verify('u', 'k3v9x2mq'),
      ),
    )
    expect(tally(outcomes)).to.deep.equal({ ok: 1, invalid_code: 19 })
  })

  it('C43 is three successes of three codes at once', async () => {
    const { verify } = await migrated()
    expect(tally(await Promise.all(CODES.map(verify)))).to.deep.equal({ ok: 3 })
  })

  it('compares what was typed, and the same without what people put between its characters', async () => {
    const { verify, asked } = await migrated(compare, [hash('abcdefghij')])
    expect(reasonOf(await verify(' abcde-fghij '))).to.equal('ok')
    expect(asked.map(({ code }) => code)).to.deep.equal(['abcde-fghij', 'abcdefghij'])
  })

  it('takes digests of each of the kinds 2a, 2b and 2y, and plain codes beside them', async () => {
    const digests = CODES.map((code, index) =>
      hash(code).replace(/^\$2\w/, ['$2a', '$2b', '$2y'][index] ?? ''),
    )
    // bcryptjs knows 2y as a digest, and compares it as any other.
    const { verify } = await migrated(compare, [...digests, 'plain-code'])
    for (const code of [...CODES, 'PLAINCODE']) expect(reasonOf(await verify(code)), code).to.equal('ok')
  })

  it('C3 lets a code count once that came twice, in clear and as digests', async () => {
    const { verify } = await migrated(compare, [
      hash('k3v9x2mq'),
      'k3v9x2mq',
      hash('k3v9x2mq'),
      hash('K3V9X2MQ'),
    ])
    const typed = ['k3v9x2mq', 'k3v9x2mq', 'K3V9X2MQ', 'k3v9-x2mq']
    expect(tally(await Promise.all(typed.map(verify)))).to.deep.equal({ ok: 1, invalid_code: 3 })
  })

  it('compares no digest with what cannot be a code of another system', async () => {
    const { verify, asked } = await migrated()
    for (const code of [
      '',
      'short',
      '123456',
      '1234567',
      'x'.repeat(65),
      'abcd_efgh',
      'äbcdefgh',
      '$2b$04$abc',
    ]) {
      expect(reasonOf(await verify(code)), code).to.be.oneOf(['invalid_request', 'invalid_code'])
    }
    expect(asked).to.deep.equal([])
  })

  it('C10 compares nothing while locked, and nothing of 45 of 50 at once', async () => {
    const { verify, asked } = await migrated()
    const guesses = Array.from({ length: 50 }, () => verify(WRONG))
    expect(tally(await Promise.all(guesses))).to.deep.equal({ invalid_code: 5, locked: 45 })
    expect(asked).to.have.length(5 * 3)
    expect(reasonOf(await verify('k3v9x2mq'))).to.equal('locked')
    expect(asked).to.have.length(5 * 3)
  })

  it('C15 charges wrong codes however long their comparison takes', async () => {
    const slow: Compare = async (code, digest) => {
      await delay(40)
      return compare(code, digest)
    }
    const { verify } = await migrated(slow, DIGESTS, 0.1)
    const outcomes = []
    for (let guess = 0; guess < 6; guess++) outcomes.push(await verify(WRONG))
    expect(tally(outcomes)).to.deep.equal({ invalid_code: 5, locked: 1 })
  })

  it('is a TypeError without compareBcrypt, and nothing is stored', async () => {
    const storage = new MemoryStorage()
    const { secondFactor } = newService({ storage })
    succeeded(await secondFactor.importTotp('u', { base32: BASE32 }))
    const before = await storage.read('u')
    const error = await rejection(secondFactor.importBackupCodes('u', ['plain-code', ...DIGESTS]))
    expect(error).to.be.instanceOf(TypeError)
    expect((error as TypeError).message).to.include('compareBcrypt')
    for (const digest of DIGESTS) expect((error as TypeError).message).to.not.include(digest)
    expect(await storage.read('u')).to.deep.equal(before)
  })

  it('lets no digest count when compareBcrypt is taken away later; a code used before is known still', async () => {
    const { verify, storage, clock } = await migrated(compare, [...DIGESTS, 'plain-code'])
    succeeded(await verify('k3v9x2mq'))
    const { secondFactor, events } = newService({ storage, clock })
    expect(reasonOf(await secondFactor.verify('u', 'abcde-fghij'))).to.equal('invalid_code')
    expect(reasonOf(await secondFactor.verify('u', 'k3v9x2mq'))).to.equal('invalid_code')
    expect(events.map(({ type }) => type)).to.deep.equal(['failed', 'replayed'])
    expect(reasonOf(await secondFactor.verify('u', 'plain-code'))).to.equal('ok')
  })

  for (const answer of ['true', 1, {}, [], undefined, null, 0, '', new Date()]) {
    it(`C28 lets nothing count when compareBcrypt answers ${JSON.stringify(answer) as string | undefined}`, async () => {
      const { verify } = await migrated(() => Promise.resolve(answer as boolean))
      expect(reasonOf(await verify('k3v9x2mq'))).to.equal('invalid_code')
    })
  }

  it('takes an answer that is given at once', async () => {
    const { verify } = await migrated((() => true) as unknown as Compare)
    expect(reasonOf(await verify('k3v9x2mq'))).to.equal('ok')
  })

  for (const [how, failing] of [
    ['rejects', () => Promise.reject(new Error('bcrypt has its own trouble'))],
    [
      'throws',
      () => {
        throw new Error('bcrypt has its own trouble')
      },
    ],
  ] satisfies [string, Compare][]) {
    it(`C15 takes it for a wrong code, and charges it, when compareBcrypt ${how}, and works on afterwards`, async () => {
      let works = false
      const { verify, storage } = await migrated((code, digest) =>
        works ? compare(code, digest) : failing(),
      )
      expect(reasonOf(await verify('k3v9x2mq'))).to.equal('invalid_code')
      expect((await storage.read('u'))?.record.backupCodeThrottle?.failures).to.equal(1)
      works = true
      expect(reasonOf(await verify('k3v9x2mq'))).to.equal('ok')
    })
  }

  it('refuses to be made with a compareBcrypt that is none', () => {
    for (const compareBcrypt of ['bcryptjs', 7, {}, true]) {
      const backupCodes = { compareBcrypt: compareBcrypt as unknown as Compare }
      const options = { issuer: 'ACME', secret: SECRET, storage: new MemoryStorage(), backupCodes }
      expect(() => createSecondFactor(options)).to.throw(TypeError, 'compareBcrypt')
    }
  })
})
