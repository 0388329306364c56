import type { SecondFactorMethod } from '../events.js'
import { type ProblemCode, problemDocument } from './problem.js'
import type {
  BackupCodesResource,
  NewBackupCodesResource,
  StatusResource,
  TotpResource,
  TrustedDeviceResource,
  VerificationResource,
} from './resources.js'

/** The schemas that have a name of their own. */
export type SchemaName =
  | 'Status'
  | 'Totp'
  | 'NewTotp'
  | 'ConfirmedTotp'
  | 'BackupCodes'
  | 'NewBackupCodes'
  | 'ConfirmedBackupCodes'
  | 'Verification'
  | 'TrustedDevices'
  | 'Code'
  | 'Challenge'
  | 'FirstLabel'
  | 'Label'

/** A JSON Schema 2020-12, or another part of the document. */
export type Part = Readonly<Record<string, unknown>>

type OptionalName<Resource> = {
  [Name in keyof Resource]-?: undefined extends Resource[Name] ? Name : never
}[keyof Resource]

/** An object of exactly the members that the type has: what else stands in an answer is a mistake. */
const exact = <Resource>(
  required: { readonly [Name in Exclude<keyof Resource, OptionalName<Resource>>]: Part },
  optional: { readonly [Name in OptionalName<Resource>]: Part },
): Part => ({
  type: 'object',
  required: Object.keys(required),
  properties: { ...required, ...optional },
  additionalProperties: false,
})

/** What is sent: more members are no mistake, and are not read. */
const open = (properties: Readonly<Record<string, Part>>, ...required: readonly string[]): Part => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
})

const text = (description: string, ...examples: readonly string[]): Part => ({
  type: 'string',
  description,
  ...(examples.length > 0 && { examples }),
})
const instant = (description: string): Part => ({ type: 'string', format: 'date-time', description })
const flag = (description: string): Part => ({ type: 'boolean', description })
const count = (description: string): Part => ({ type: 'integer', minimum: 0, description })
const always = (value: string | number | boolean): Part => ({ const: value })
const list = (items: Part): Part => ({ type: 'array', items })

/** A part that stands among the components. */
export const reference = (kind: 'schemas' | 'headers' | 'parameters', name: string): Part => ({
  $ref: `#/components/${kind}/${name}`,
})

/** The problem document of one code. */
export function problemSchema(code: ProblemCode): Part {
  const { type, title, status, detail } = problemDocument({ code })
  return exact<Part>(
    {
      type: always(type),
      title: { type: 'string', examples: [title] },
      status: always(status),
      code: always(code),
      detail: text('For people.', detail),
      ...(code === 'locked' && { retryAt: instant('No code is looked at before.') }),
      ...(code === 'fresh_second_factor_required' && {
        maxAgeSeconds: count('How long ago the second factor may have been shown.'),
      }),
    },
    {},
  )
}

/** The schemas of what is sent and answered, problems apart. */
export function schemas(): Readonly<Record<SchemaName, Part>> {
  const codes = list(text('Shown this once.', 'AAAAA-BBBBB-CCCCC-DDDDD-EEEEE'))
  const id = { type: 'string' }
  const named = { id, label: text('What its owner calls it.', 'Phone') }
  const createdAt = instant('When it was made.')
  const dated = { createdAt, updatedAt: instant('When it was last changed.') }
  const lastUsedAt = instant('When it was last good for something.')
  const expiresAt = instant('When it is void, unless confirmed before.')
  const left = count('Backup codes that were not used.')
  const set = { id, remaining: left, total: count('Codes in the set.'), createdAt }
  const code = text(
    'A TOTP code, with as many digits as the authenticator app shows (6 to 8), or a backup code, in any case, with or without dashes. Spaces do not count. What can be neither is refused with 400, and not charged as a guess.',
    '123456',
  )
  const label = text('1 to 64 characters without control characters.', 'Phone')
  return {
    Status: exact<StatusResource>(
      {
        enabled: flag('True from the first confirmed authenticator on.'),
        satisfied: flag('Whether this session has shown the second factor.'),
        authenticators: list(reference('schemas', 'Totp')),
        backupCodes: { anyOf: [reference('schemas', 'BackupCodes'), { type: 'null' }] },
      },
      {},
    ),
    Totp: exact<Omit<TotpResource, 'secret' | 'uri' | 'qrCode' | 'backupCodes'>>(
      { ...named, verified: flag('False until a first code has confirmed it.'), ...dated },
      { lastUsedAt, expiresAt, disabled: always(true), weak: always(true) },
    ),
    NewTotp: exact<Required<Omit<TotpResource, 'disabled' | 'backupCodes' | 'lastUsedAt' | 'weak'>>>(
      {
        ...named,
        secret: text('Base32 without padding. Shown this once.', 'THESHAREDSECRET'),
        uri: text('The key URI for authenticator apps. Shown this once.', 'otpauth://totp/…'),
        qrCode: text('The same as a PNG image in a data URL. Shown this once.', 'data:image/png;base64,…'),
        verified: always(false),
        ...dated,
        expiresAt,
      },
      {},
    ),
    ConfirmedTotp: exact<Omit<TotpResource, 'secret' | 'uri' | 'qrCode' | 'expiresAt' | 'disabled' | 'weak'>>(
      { ...named, verified: always(true), ...dated },
      { lastUsedAt, backupCodes: { ...codes, description: 'When there was none left.' } },
    ),
    BackupCodes: exact<BackupCodesResource>(set, {}),
    NewBackupCodes: exact<NewBackupCodesResource>(
      { id, codes, createdAt, confirmed: always(false), expiresAt },
      {},
    ),
    ConfirmedBackupCodes: exact<BackupCodesResource & { readonly confirmed: true }>(
      { ...set, confirmed: always(true) },
      {},
    ),
    Verification: exact<VerificationResource>(
      {
        verified: always(true),
        method: { enum: ['totp', 'backup_code'] satisfies SecondFactorMethod[] },
        backupCodesRemaining: left,
        verifiedAt: instant('When the code was looked at.'),
      },
      {
        authenticatorId: text('For `totp`.'),
        trustedUntil: instant('When the browser is trusted from now on.'),
      },
    ),
    TrustedDevices: list(
      exact<TrustedDeviceResource>(
        {
          ...named,
          current: flag('Whether it is the browser that asks.'),
          createdAt,
          lastUsedAt,
          expiresAt: instant('When it is trusted no more.'),
        },
        {},
      ),
    ),
    Code: open({ code }, 'code'),
    Challenge: open(
      {
        code,
        trustDevice: {
          description: 'Whether to trust this browser. A backup code earns no trust.',
          enum: [true, false, 'true', 'false', 'on', '', '1', '0'],
        },
      },
      'code',
    ),
    FirstLabel: open({ label }),
    Label: open({ label }, 'label'),
  }
}
