import type {
  ConfirmBackupCodesOutcome,
  ConfirmOutcome,
  EnrolOutcome,
  RemoveOutcome,
  RenameOutcome,
  RevokeOutcome,
  VerifyOutcome,
} from '../outcomes.js'
import type { ENDPOINTS, Endpoint, Requirement } from './endpoints.js'
import type { SchemaName } from './openapi-schemas.js'
import type { ProblemCode } from './problem.js'

/** What is said of an endpoint beyond its record. */
export interface Description {
  readonly summary: string
  readonly description?: string
  readonly body?: SchemaName
  readonly success: readonly [status: 200 | 201 | 204, schema?: SchemaName]
  /** The codes that it refuses with, once its requirement has let a call through. */
  readonly refuses?: readonly ProblemCode[]
}

type Reason<Outcome> = Extract<Outcome, { readonly ok: false; readonly reason: unknown }>['reason']

/** Codes that the service's outcome knows. */
const refusals = <Outcome>(...codes: readonly (Reason<Outcome> & ProblemCode)[]) => codes

/** Every endpoint's; one without is not compiled. */
export const descriptions = (): Readonly<Record<keyof typeof ENDPOINTS, Description>> => ({
  readStatus: {
    summary: 'Read the second factor, without anything secret',
    success: [200, 'Status'],
  },
  turnOff: {
    summary: 'Turn the second factor off',
    success: [204],
  },
  verify: {
    summary: 'Show the second factor: a TOTP code or a backup code',
    description:
      'Each code counts once: wrong, replayed and unknown ones look the same. The session gets a new id.',
    body: 'Challenge',
    success: [200, 'Verification'],
    refuses: refusals<VerifyOutcome>('not_enrolled', 'invalid_code', 'authenticator_disabled', 'locked'),
  },
  enrol: {
    summary: 'Begin to enrol an authenticator',
    description:
      'The first takes the first factor, a further one a fresh second factor. Without a label it is named by a number.',
    body: 'FirstLabel',
    success: [201, 'NewTotp'],
    refuses: refusals<EnrolOutcome>('too_many_authenticators'),
  },
  confirm: {
    summary: 'Confirm an authenticator with its first code',
    description: 'The code is spent. The session gets a new id, and has shown the second factor.',
    body: 'Code',
    success: [200, 'ConfirmedTotp'],
    refuses: refusals<ConfirmOutcome>(
      'not_found',
      'already_verified',
      'enrolment_expired',
      'invalid_code',
      'locked',
    ),
  },
  rename: {
    summary: 'Give an authenticator another label',
    body: 'Label',
    success: [200, 'Totp'],
    refuses: refusals<RenameOutcome>('not_found'),
  },
  removeAuthenticator: {
    summary: 'Remove an authenticator',
    description: 'With the last verified one the second factor is off, backup codes included.',
    success: [204],
    refuses: refusals<RemoveOutcome>('not_found'),
  },
  generateBackupCodes: {
    summary: 'Make a fresh set of backup codes',
    description: 'The set in force works on until the fresh one is confirmed.',
    success: [201, 'NewBackupCodes'],
  },
  confirmBackupCodes: {
    summary: 'Put the fresh set of backup codes in force, once it is saved',
    success: [200, 'ConfirmedBackupCodes'],
    refuses: refusals<ConfirmBackupCodesOutcome>('not_found', 'enrolment_expired'),
  },
  listTrustedDevices: {
    summary: 'List the trusted browsers',
    success: [200, 'TrustedDevices'],
  },
  revokeTrustedDevices: {
    summary: 'Trust no browser any more',
    success: [204],
  },
  revokeTrustedDevice: {
    summary: 'Trust one browser no more',
    success: [204],
    refuses: refusals<RevokeOutcome>('not_found'),
  },
})

const shown = ['enrolment_required', 'second_factor_required'] as const

const REQUIRES: Readonly<Record<Requirement, readonly ProblemCode[]>> = {
  first_factor: [],
  second_factor: shown,
  enrolment: ['second_factor_required', 'fresh_second_factor_required'],
  management: [...shown, 'fresh_second_factor_required'],
}

/** Every code that an endpoint may answer with. */
export const codesOf = (
  { method, requires }: Endpoint,
  refuses: readonly ProblemCode[] = [],
): readonly ProblemCode[] => [
  'invalid_request',
  'not_authenticated',
  ...REQUIRES[requires],
  // Reading is safe, wherever it is asked from.
  ...(method === 'get' ? [] : (['cross_site_request'] as const)),
  ...refuses,
  'unsupported_media_type',
  'unavailable',
]
