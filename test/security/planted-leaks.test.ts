import { expect } from 'chai'
import express from 'express'
import { after, before, describe, it } from 'mocha'
import { randomBytes } from 'node:crypto'
import supertest from 'supertest'
import { encodeBase32 } from '../../lib/base32.js'
import { RedisStorage } from '../../lib/storage/redis.js'
import { ENTRY } from '../support/entry.js'
import {
  type Hidden,
  hiddenBackupCode,
  hiddenBytes,
  hiddenText,
  hiddenToken,
  hiddenTotpCode,
  sightings,
} from '../support/leak-search.js'
import type { RedisClient } from '../support/redis.js'
import { serve, type Served } from '../support/serve.js'
import { redisOfSuite } from '../support/suite.js'
import { Traces } from '../support/traces.js'

const BYTES = randomBytes(20)
const RANDOM = randomBytes(32)
const CODE = '7YQ2M-K4T9W-H3B8N-C6XEJ-R5VDA'
const TEXT = 'a secret of an application: with "quotes"'

const inNotations = (bytes: Buffer): readonly string[] => [
  bytes.toString('hex'),
  bytes.toString('hex').toUpperCase(),
  bytes.toString('base64'),
  bytes.toString('base64url'),
  encodeBase32(bytes),
  encodeBase32(bytes).toLowerCase(),
  BigInt(`0x${bytes.toString('hex')}`).toString(),
  JSON.stringify(bytes),
  Array.from(bytes).join(', '),
  // Inside something longer, at every place that the notations tell apart.
  ...[1, 2, 3, 4].flatMap((before) => {
    const longer = Buffer.concat([Buffer.alloc(before, 0xa5), bytes, Buffer.alloc(7, 0x5a)])
    return [longer.toString('base64'), longer.toString('base64url'), encodeBase32(longer)]
  }),
]

/** Each kind of what is hidden, and all the ways in which somebody could write it. */
const KINDS: Readonly<Record<string, { readonly hidden: Hidden; readonly written: readonly string[] }>> = {
  'a key': { hidden: hiddenBytes('it', BYTES), written: inNotations(BYTES) },
  'a secret of the application': {
    hidden: hiddenText('it', TEXT),
    written: [TEXT, TEXT.toUpperCase(), encodeURIComponent(TEXT), ...inNotations(Buffer.from(TEXT))],
  },
  'a token': {
    hidden: hiddenToken('it', `id.${RANDOM.toString('base64url')}`),
    written: [`id.${RANDOM.toString('base64url')}`, ...inNotations(RANDOM)],
  },
  'a backup code': {
    hidden: hiddenBackupCode('it', CODE),
    written: [
      CODE,
      CODE.toLowerCase(),
      CODE.replaceAll('-', ''),
      CODE.replaceAll('-', ' '),
      `prefix${CODE.replaceAll('-', '').toLowerCase()}suffix`,
      ...inNotations(Buffer.from(CODE)),
      ...inNotations(Buffer.from(CODE.replaceAll('-', ''))),
    ],
  },
  'a TOTP code': {
    hidden: hiddenTotpCode('it', '047164'),
    written: [
      '047164',
      'code=047164',
      '{"code":"047164"}',
      '047 164',
      'x047164x',
      ...inNotations(Buffer.from('047164')).slice(0, -12),
    ],
  },
}

describe('the search for leaks', () => {
  const redis = redisOfSuite()
  let client: RedisClient
  let storage: RedisStorage
  let echo: Served
  before(async () => {
    client = await redis.client()
    storage = new RedisStorage({ client })
    echo = await serve(
      express().use(express.text(), (req, res) => {
        if (req.path === '/header') res.setHeader('X-Planted', encodeURIComponent(String(req.body)))
        res.send(req.path === '/header' ? 'nothing' : String(req.body))
      }),
    )
  })
  after(() => echo.close())

  /** Let it be kept, told or sent there, and look. */
  const PLACES: Readonly<Record<string, (traces: Traces, text: string) => Promise<unknown> | undefined>> = {
    async sessions(traces, text) {
      await client.set('sess:planted', JSON.stringify({ cookie: {}, planted: text }))
      await traces.scan(client, storage, 'now')
      await client.del('sess:planted')
    },
    async records(traces, text) {
      await storage.insert('planted', { ...ENTRY, record: { ...ENTRY.record, epoch: text } })
      await traces.scan(client, storage, 'now')
      await storage.remove('planted', ENTRY.revision)
    },
    async 'raw records'(traces, text) {
      await storage.insert('planted', { ...ENTRY, revision: text })
      await traces.scan(client, storage, 'now')
      await storage.remove('planted', text)
    },
    events(traces, text) {
      traces.onEvent({ type: 'reset', userId: text, at: 0 })
      return undefined
    },
    errors(traces, text) {
      traces.error(new Error('it failed', { cause: new AggregateError([{ deep: { text } }]) }), 'now')
      return undefined
    },
    output: (traces, text) =>
      traces.output(() => {
        process.stderr.write(text)
        return Promise.resolve()
      }),
    answers: (traces, text) => traces.watch(supertest.agent(echo.url)).post('/').type('text').send(text),
    headers: (traces, text) =>
      traces.watch(supertest.agent(echo.url)).post('/header').type('text').send(text),
  }

  for (const [place, plant] of Object.entries(PLACES)) {
    for (const [kind, { hidden, written }] of Object.entries(KINDS)) {
      it(`finds ${kind} in ${place}, however it is written`, async () => {
        for (const text of written) {
          const traces = new Traces()
          await plant(traces, text)
          const places = sightings([hidden], traces.all).map((sighting) => sighting.split(', ')[0])
          expect(places, text).to.include(`it: ${place}`)
        }
      })
    }
  }

  for (const [kind, { hidden }] of Object.entries(KINDS)) {
    it(`does not take something like it for ${kind}`, () => {
      const others = ['1047164', '0471640', 'AAAAA-AAAAA', randomBytes(500).toString('base64'), '']
      const traces = others.map((content) => ({ place: 'answers', where: 'now', content }))
      expect(sightings([hidden], traces)).to.deep.equal([])
    })
  }
})
