import { activeTotp, type StytchTest, stytchErrorOf } from './stytch.js'

export type StytchCalls = Readonly<Record<string, (test: StytchTest, user_id: string) => Promise<unknown>>>

/** An error, and how clients come to it. */
export interface StytchErrorCase {
  readonly status: number
  /** The whole of it where Stytch's documents have it, else a word of it. */
  readonly message: RegExp
  /** Calls that are answered with it, for a user of their own. */
  readonly calls: StytchCalls
}

export const authenticate = (test: StytchTest, user_id: string, totp_code: unknown, more = {}) =>
  test.client.totps.authenticate({ user_id, totp_code: totp_code as string, ...more })
export const recover = (test: StytchTest, user_id: string, recovery_code: unknown, more = {}) =>
  test.client.totps.recover({ user_id, recovery_code: recovery_code as string, ...more })
export const now = ({ clock }: StytchTest, { phone }: { phone: { codeAt(at: number): string } }) =>
  phone.codeAt(clock.now())

/** Undefined too has a text. */
const textOf = (value: unknown): string => JSON.stringify([value])

/** Every call that names a user, for this one. */
export const idCalls = (id: unknown): StytchCalls => {
  const user_id = id as string
  const name = (call: string) => `${call} for ${textOf(id).slice(0, 20)}`
  return {
    [name('create')]: ({ client }) => client.totps.create({ user_id }),
    [name('authenticate')]: (test) => authenticate(test, user_id, '123456'),
    [name('recover')]: (test) => recover(test, user_id, 'ckss-2skx-ebow'),
    [name('recoveryCodes')]: ({ client }) => client.totps.recoveryCodes({ user_id }),
  }
}
/** One call with each of these codes, for users who have others. */
export const forms = (
  codes: readonly unknown[],
  call: (test: StytchTest, id: string, code: unknown) => Promise<unknown>,
) =>
  Object.fromEntries(
    codes.map((code): [string, StytchCalls[string]] => [
      textOf(code).slice(0, 40),
      async (test, id) => {
        await activeTotp(test, id)
        return call(test, id, code)
      },
    ]),
  )
/** As many wrong codes as cost no waiting. */
export const lock = async (test: StytchTest, user_id: string, call: typeof recover, wrong: string) => {
  for (let count = 0; count < 5; count++) await stytchErrorOf(call(test, user_id, wrong))
}
