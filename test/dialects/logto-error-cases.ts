import type { LogtoErrorBody, LogtoErrorCode } from '../../lib/dialects/logto-errors.js'
import { type TestApp, wrongCode } from '../support/app.js'
import type { FailingStorage } from '../support/failing-storage.js'
import {
  dataOf,
  Experience,
  type LogtoAnswer,
  type LogtoPerson,
  managementApi,
  PATHS,
  phoneOf,
  type UntypedSend,
} from './logto.js'

/** Who is there for an error: somebody enrolled, a session of theirs that owes the second factor, and a newcomer. */
export interface Scene {
  readonly app: TestApp
  readonly storage: FailingStorage
  readonly person: LogtoPerson
  readonly pending: Experience
  readonly newcomer: Experience
  readonly newcomerName: string
}

export interface ErrorCase {
  readonly when: string
  /** Whether wire-formats.md, read from Logto's source, has the code with this status for this occasion. */
  readonly confirmed: boolean
  readonly ask: (scene: Scene) => Promise<LogtoAnswer>
  /** What the error has besides, and other sentences than the usual one. */
  readonly error: Partial<LogtoErrorBody>
  readonly retryAfter?: string
}

type Ask = ErrorCase['ask']
type More = Partial<LogtoErrorBody> & { readonly retryAfter?: string }

const as =
  (confirmed: boolean) =>
  (when: string, ask: Ask, { retryAfter, ...error }: More = {}): ErrorCase => ({
    when,
    confirmed,
    ask,
    error,
    ...(retryAfter !== undefined && { retryAfter }),
  })
const confirmed = as(true)
const chosen = as(false)

const usersPath = (name: string) => `/api/users/${encodeURIComponent(name)}/mfa-verifications`
const manage = ({ app }: Scene, token?: string) => managementApi(app.url, token).POST as UntypedSend
const add =
  (who: 'person' | 'newcomer', body: object): Ask =>
  (scene) =>
    manage(scene)(usersPath(who === 'person' ? scene.person.name : scene.newcomerName), { body })
const bind =
  (who: 'person' | 'newcomer', type: string): Ask =>
  ({ person, newcomer }) =>
    (who === 'person' ? person.experience : newcomer).bind(type, 'unknown')

/** A new secret, and a code of it. */
async function begin(experience: Experience, { clock }: TestApp) {
  const { secret, verificationId } = dataOf(await experience.newSecret())
  const phone = phoneOf(secret)
  return { id: verificationId, right: phone.codeAt(clock.now()), wrong: wrongCode(phone, clock.now()) }
}

/** Wrong codes, each followed by a while. */
async function guess({ app, person, pending }: Scene, times: number, seconds = 0): Promise<void> {
  for (let tries = 0; tries < times; tries++) {
    await pending.verifyTotp(wrongCode(person.phone, app.clock.now()))
    app.clock.advance(seconds)
  }
}

/** So many wrong codes, and then the right one. */
export const guessInVain =
  (times: number, seconds?: number): Ask =>
  async (scene) => {
    await guess(scene, times, seconds)
    return scene.pending.verifyTotp(scene.person.phone.codeAt(scene.app.clock.now()))
  }

const invalid = (path: string, bodies: readonly object[]): readonly ErrorCase[] =>
  bodies.map((body) =>
    chosen(`${path} gets ${JSON.stringify(body)}`, ({ newcomer }) => newcomer.post(path, body)),
  )

const BACKUP_CODES = Array.from({ length: 10 }, (_, index) => `abcdef012${index}`)
const NONE = '00000-00000-00000-00000-00000'
const LOCKED = 'Too many wrong codes. Try again in 30 seconds.'
const DISABLED = 'Too many wrong codes disabled the authenticator. Use a backup code.'
const FACTORS = { data: { availableFactors: ['Totp', 'BackupCode'] } }

type Cases = Readonly<Record<LogtoErrorCode, readonly [status: number, ...cases: readonly ErrorCase[]]>>

/** Every code, by Logto's name for it. */
export const ERROR_CASES: Cases = {
  'session.mfa.invalid_totp_code': [
    400,
    confirmed('a code is wrong', ({ app, person, pending }) =>
      pending.verifyTotp(wrongCode(person.phone, app.clock.now())),
    ),
    confirmed('a code was used before', async ({ app, person, pending }) => {
      const code = person.phone.codeAt(app.clock.now())
      dataOf(await pending.verifyTotp(code))
      return pending.verifyTotp(code)
    }),
    confirmed('there is no authenticator', ({ newcomer }) => newcomer.verifyTotp('123456')),
    confirmed('a code can be none', ({ pending }) => pending.verifyTotp('no code at all')),
    confirmed('the code of a new secret is wrong', async ({ app, newcomer }) => {
      const { wrong, id } = await begin(newcomer, app)
      return newcomer.verifyTotp(wrong, id)
    }),
  ],
  'session.mfa.invalid_backup_code': [
    400,
    confirmed('a code is wrong', ({ pending }) => pending.verifyCode(NONE)),
    confirmed('a code was used before', async ({ person, pending }) => {
      dataOf(await pending.verifyCode(String(person.codes[0])))
      return pending.verifyCode(String(person.codes[0]))
    }),
    confirmed('there are none', ({ newcomer }) => newcomer.verifyCode(NONE)),
    confirmed('a code can be none', ({ pending }) => pending.verifyCode('')),
  ],
  'session.mfa.mfa_factor_not_enabled': [
    400,
    ...['WebAuthn', 'EmailVerificationCode', 'PhoneVerificationCode'].map((type) =>
      confirmed(`${type} is to be bound`, bind('newcomer', type)),
    ),
  ],
  'session.verification_failed': [
    400,
    confirmed('a secret is to be bound whose code was not shown', async ({ app, newcomer }) =>
      newcomer.bind('Totp', (await begin(newcomer, app)).id),
    ),
  ],
  'session.verification_blocked_too_many_attempts': [
    400,
    confirmed('there were too many wrong codes', guessInVain(5), { message: LOCKED, retryAfter: '30' }),
    // Logto counts none of those.
    chosen(
      'there were too many wrong codes for a new secret',
      async ({ app, newcomer }) => {
        const { right, wrong, id } = await begin(newcomer, app)
        for (let tries = 0; tries < 5; tries++) await newcomer.verifyTotp(wrong, id)
        return newcomer.verifyTotp(right, id)
      },
      { message: LOCKED, retryAfter: '30' },
    ),
    chosen('the authenticator is disabled', guessInVain(10, 900), { message: DISABLED }),
  ],
  'user.totp_secret_invalid': [
    400,
    ...['gezdgnbvgy3tqojq', 'GEZDGNBVGY3TQOJ', 'A'.repeat(33), 'GEZDGNBVGY3TQOJ1', ''].map((secret) =>
      confirmed(`a program brings the secret "${secret}"`, add('newcomer', { type: 'Totp', secret })),
    ),
  ],
  'auth.unauthorized': [
    401,
    confirmed('the token of a program is wrong', (scene) =>
      manage(scene, 'wrong')(usersPath(scene.person.name), { body: { type: 'Totp' } }),
    ),
  ],
  'auth.forbidden': [
    403,
    chosen('another site’s page sends it', ({ app, pending }) => {
      const headers = { Cookie: pending.cookie, 'Sec-Fetch-Site': 'cross-site' }
      return (managementApi(app.url).POST as UntypedSend)(PATHS.verify, { headers, body: { code: '1' } })
    }),
  ],
  'session.mfa.require_mfa_verification': [
    403,
    confirmed(
      'a session that has shown none binds a secret',
      ({ pending }) => pending.bind('Totp', 'any'),
      FACTORS,
    ),
    chosen(
      'it was shown too long ago',
      ({ app, person }) => {
        app.clock.advance(600)
        return person.experience.newCodes()
      },
      FACTORS,
    ),
    chosen(
      'it was shown too long ago, and there is nothing but backup codes to show',
      async (scene) => {
        await guess(scene, 10, 900)
        return scene.person.experience.newCodes()
      },
      { data: { availableFactors: ['BackupCode'] } },
    ),
  ],
  'session.identifier_not_found': [
    404,
    confirmed('nobody is signed in', ({ app }) => new Experience(app.url).newSecret()),
  ],
  'session.verification_session_not_found': [
    404,
    confirmed('the code is for no secret that there is', ({ newcomer }) =>
      newcomer.verifyTotp('123456', 'unknown'),
    ),
    confirmed('no secret that there is is to be bound', bind('newcomer', 'Totp')),
    confirmed('no backup codes that there are are to be bound', bind('person', 'BackupCode')),
  ],
  'entity.not_found': [
    404,
    confirmed('what is to be deleted is not there', ({ app, person }) =>
      (managementApi(app.url).DELETE as UntypedSend)(`${usersPath(person.name)}/unknown`),
    ),
  ],
  'session.mfa.backup_code_can_not_be_alone': [
    422,
    confirmed('backup codes are to be bound without an authenticator', bind('newcomer', 'BackupCode')),
    // Logto generates them, and refuses the binding.
    chosen('backup codes are wanted without an authenticator', ({ newcomer }) => newcomer.newCodes()),
    confirmed('a program wants them without an authenticator', add('newcomer', { type: 'BackupCode' })),
    confirmed(
      'a program brings them without an authenticator',
      add('newcomer', { type: 'BackupCode', codes: BACKUP_CODES }),
    ),
  ],
  'user.totp_already_in_use': [
    422,
    confirmed('a second secret is to be bound', async ({ app, person: { experience } }) =>
      experience.bind('Totp', (await begin(experience, app)).id),
    ),
    // Logto takes the code, and refuses the binding.
    chosen('the code of a second secret is shown', async ({ app, person: { experience } }) => {
      const { right, id } = await begin(experience, app)
      return experience.verifyTotp(right, id)
    }),
    confirmed('a program binds a second one', add('person', { type: 'Totp' })),
  ],
  'user.backup_code_already_in_use': [
    422,
    confirmed('a program wants more backup codes', add('person', { type: 'BackupCode' })),
    confirmed('a program brings more', add('person', { type: 'BackupCode', codes: BACKUP_CODES })),
  ],
  'user.wrong_backup_code_format': [
    422,
    confirmed('a program brings one code', add('person', { type: 'BackupCode', codes: ['0123456789'] })),
  ],
  'guard.invalid_input': [
    400,
    ...invalid(PATHS.verify, [
      {},
      { code: 5 },
      { code: '1', verificationId: 5 },
      { code: 5, verificationId: 'any' },
    ]),
    ...invalid(PATHS.verifyCode, [{}, { code: ['1'] }]),
    ...invalid(PATHS.bind, [{}, { type: 'Totp' }, { type: 'Sms', verificationId: 'any' }, ['Totp']]),
    ...[{}, { type: 'WebAuthn' }, { type: 'Totp', secret: null }, { type: 'BackupCode', codes: [5] }].map(
      (body) => chosen(`a program sends ${JSON.stringify(body)}`, add('newcomer', body)),
    ),
    chosen(
      'it is no JSON',
      ({ app, newcomer }) => {
        const headers = { Cookie: newcomer.cookie, 'Content-Type': 'application/x-www-form-urlencoded' }
        const init = { headers, body: 'code=123456', bodySerializer: String }
        return (managementApi(app.url).POST as UntypedSend)(PATHS.verify, init)
      },
      { details: 'Send application/json.' },
    ),
  ],
  unavailable: [
    503,
    chosen(
      'the storage fails, at the Experience API',
      ({ storage, person }) => {
        storage.fail('reject', { methods: ['replace'] })
        return person.experience.newCodes()
      },
      { retryAfter: '2' },
    ),
    chosen(
      'the storage fails, at the Management API',
      (scene) => {
        scene.storage.fail('reject')
        return add('person', { type: 'Totp' })(scene)
      },
      { retryAfter: '2' },
    ),
  ],
}
