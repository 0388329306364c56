/**
 * What the compiler has to know of what comes back: `npm run check:types` reads this file, and nothing ever runs it.
 * test/types/consumer.test.ts reads it once more, against the package as it is built.
 */
import type { Request } from 'express'
import type { SessionData } from 'express-session'
import type {
  RequestSecondFactor,
  SecondFactor,
  SecondFactorError,
  SecondFactorEvent,
  SecondFactorMark,
  SecondFactorState,
  StorageAdapter,
} from '../../lib/index.js'

/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- so that even `any` equals nothing else. */
type Equal<One, Other> =
  (<Probe>() => Probe extends One ? 1 : 2) extends <Probe>() => Probe extends Other ? 1 : 2 ? true : false
const same = <One, Other>(_: Equal<One, Other>): void => undefined

declare const secondFactor: SecondFactor
declare const req: Request
declare const event: SecondFactorEvent
declare const error: SecondFactorError

// @ts-expect-error -- the comparison is strict
same<string, unknown>(true)

// What the hold leaves on a request.
same<typeof req.secondFactor, RequestSecondFactor | undefined>(true)
if (req.secondFactor) {
  same<typeof req.secondFactor.state, SecondFactorState>(true)
  same<SecondFactorState, 'not_enrolled' | 'must_enrol' | 'pending' | 'satisfied'>(true)
  same<typeof req.secondFactor.user, Express.User>(true)
  // @ts-expect-error -- no such state
  req.secondFactor.state === 'verified'
  // @ts-expect-error -- the hold alone says so
  req.secondFactor.state = 'satisfied'
}
// @ts-expect-error -- perhaps there is nobody
req.secondFactor.state

// What the session keeps.
same<SessionData['secondFactor'], SecondFactorMark | undefined>(true)
same<typeof req.session.secondFactor, SecondFactorMark | undefined>(true)
// @ts-expect-error -- no such method
req.session.secondFactor = { userId: 'ann', method: 'sms', at: 0, epoch: '' }

// Outcomes: `ok` tells success from refusal, `reason` one refusal from another.
const verified = await secondFactor.verify('ann', '123456')
// @ts-expect-error -- it may have been refused
verified.method
if (verified.ok) {
  same<typeof verified.method, 'totp' | 'backup_code'>(true)
  // @ts-expect-error -- success has no reason
  verified.reason
} else {
  same<
    typeof verified.reason,
    'invalid_request' | 'locked' | 'invalid_code' | 'not_enrolled' | 'authenticator_disabled'
  >(true)
  if (verified.reason === 'locked') same<typeof verified.retryAt, number>(true)
  if (verified.reason === 'invalid_code') same<typeof verified.replayed, true | undefined>(true)
  if (verified.reason === 'invalid_request') same<typeof verified.detail, string>(true)
  // @ts-expect-error -- only who is locked out has a time to wait
  verified.retryAt
}

const enrolled = await secondFactor.enrol('ann', { label: 'Phone' })
if (enrolled.ok) same<typeof enrolled.secret, string>(true)
// @ts-expect-error -- no reason of this one
else if (enrolled.reason === 'invalid_code') same<true, true>(true)

const confirmed = await secondFactor.confirm('ann', 'id', '123456')
if (confirmed.ok) same<typeof confirmed.backupCodes, readonly string[] | undefined>(true)

const generated = await secondFactor.generateBackupCodes('ann')
if (generated.ok) same<typeof generated.codes, readonly string[]>(true)
const known = await secondFactor.recogniseDevice('ann', 'token')
if (known.ok) same<typeof known.method, 'trusted_device'>(true)
else same<typeof known.reason, 'not_found'>(true)

// @ts-expect-error -- an id is a text
await secondFactor.status(7)
// @ts-expect-error -- no such option
await secondFactor.verify('ann', '123456', { kind: 'totp' })
// @ts-expect-error -- one form of a secret, and no other
await secondFactor.importTotp('ann', { base64: 'AAAA' })

// Events, by their type.
if (event.type === 'locked') same<typeof event.retryAt, number>(true)
if (event.type === 'backup_codes_low') same<typeof event.remaining, number>(true)
// @ts-expect-error -- not every event has it
event.retryAt

// Errors, by their code.
same<typeof error.status, 500 | 503>(true)
// @ts-expect-error -- no such code of an error
error.code === 'storage_broken'

// A storage of one's own.
same<ReturnType<StorageAdapter['insert']>, Promise<boolean>>(true)
const keeps = (_: StorageAdapter): void => undefined
const won = () => Promise.resolve(true)
const read = () => Promise.resolve(undefined)
keeps({ read, insert: won, replace: won, remove: won })
// @ts-expect-error -- without `replace`, two would win
keeps({ read, insert: won, remove: won })
// @ts-expect-error -- null is not undefined
keeps({ read: () => Promise.resolve(null), insert: won, replace: won, remove: won })
