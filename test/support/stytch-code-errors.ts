import { wrongCode } from './app.js'
import { authenticate, forms, lock, now, recover, type StytchErrorCase } from './stytch-calls.js'
import { activeTotp, createTotp } from './stytch.js'

/** What is wrong with a code, or with there being none to compare it with. */
export const CODE_ERRORS = {
  expired_totp: {
    status: 400,
    message: /Create another one/,
    calls: {
      'authenticate when it is too late': async (test, user_id) => {
        await test.client.totps.create({ user_id, expiration_minutes: 5 })
        const { phone } = await createTotp(test, `${user_id}, other`)
        test.clock.advance(300)
        return authenticate(test, user_id, phone.codeAt(test.clock.now()))
      },
      'authenticate when it was deleted unconfirmed': async (test, user_id) => {
        const created = await createTotp(test, user_id)
        await test.client.users.deleteTOTP({ totp_id: created.totp_id })
        return authenticate(test, user_id, now(test, created))
      },
    },
  },
  invalid_totp_code: {
    status: 400,
    message: /^totp_code /,
    calls: forms(
      [
        undefined,
        '',
        '12345',
        '1234567',
        '12345678',
        '123456789a'.slice(0, 7),
        123456,
        ['123456'],
        '１２３４５６',
        'x'.repeat(65),
        `123456${' '.repeat(200)}`,
      ],
      authenticate,
    ),
  },
  invalid_recovery_code: {
    status: 400,
    message: /^recovery_code /,
    calls: forms(
      [undefined, '', 'short', 'ckss_2skx_ebow', 'ckss-2skx-ebow', 12345678, [], 'x'.repeat(65)],
      recover,
    ),
  },
  recovery_code_used_as_totp_code: {
    status: 400,
    message: /\/v1\/totps\/recover/,
    calls: {
      'authenticate with a live recovery code': async (test, user_id) => {
        const { recovery_code } = await activeTotp(test, user_id)
        return authenticate(test, user_id, recovery_code)
      },
      ...forms(['ckss-2skx-ebow', '123456789'], authenticate),
    },
  },
  totp_code_used_as_recovery_code: {
    status: 400,
    message: /\/v1\/totps\/authenticate/,
    calls: {
      'recover with a right TOTP code': async (test, user_id) =>
        recover(test, user_id, now(test, await activeTotp(test, user_id))),
      ...forms(['000 000', '12345678'], recover),
    },
  },
  no_active_recovery_code_backed_factor: {
    status: 400,
    message: /no TOTP/,
    calls: {
      'recover without a TOTP': (test, user_id) => recover(test, user_id, 'ckss-2skx-ebow'),
      'recover with codes of a TOTP that waits': async (test, user_id) => {
        const { recovery_codes } = await createTotp(test, user_id)
        return recover(test, user_id, recovery_codes[0])
      },
      'recover when there are no codes any more': async (test, user_id) => {
        const { recovery_code } = await activeTotp(test, user_id)
        await test.secondFactor.removeBackupCodes(user_id)
        return recover(test, user_id, recovery_code)
      },
    },
  },
  unable_to_authenticate_totp: {
    status: 401,
    message: /TOTP code could not be authenticated/,
    calls: {
      'authenticate with a wrong code': async (test, user_id) => {
        const { phone } = await activeTotp(test, user_id)
        return authenticate(test, user_id, wrongCode(phone, test.clock.now()))
      },
      'the first authenticate, with a wrong code': async (test, user_id) => {
        const { phone } = await createTotp(test, user_id)
        return authenticate(test, user_id, wrongCode(phone, test.clock.now()))
      },
    },
  },
  totp_code_already_authenticated: {
    status: 401,
    message:
      /^This TOTP code has already been authenticated\. Please attempt with the next generated code\.$/,
    calls: {
      'authenticate twice': async (test, user_id) => {
        const code = now(test, await activeTotp(test, user_id))
        await authenticate(test, user_id, code)
        return authenticate(test, user_id, code)
      },
      'authenticate with the first code again': async (test, user_id) => {
        const code = now(test, await createTotp(test, user_id))
        // activeTotp would step on.
        await authenticate(test, user_id, code)
        return authenticate(test, user_id, code)
      },
    },
  },
  unable_to_authenticate_recovery_code: {
    status: 401,
    message: /recovery code could not be authenticated/,
    calls: {
      'recover with a code of somebody else': async (test, user_id) => {
        await activeTotp(test, user_id)
        const { recovery_code } = await activeTotp(test, `${user_id}, other`)
        return recover(test, user_id, recovery_code)
      },
      'recover twice': async (test, user_id) => {
        const { recovery_code } = await activeTotp(test, user_id)
        await recover(test, user_id, recovery_code)
        return recover(test, user_id, recovery_code)
      },
    },
  },
  totps_not_found_for_user: {
    status: 404,
    message: /has no TOTP/,
    calls: { 'authenticate without one': (test, user_id) => authenticate(test, user_id, '123456') },
  },
  user_lock_limit_reached: {
    status: 429,
    message: /Too many wrong codes/,
    calls: {
      'authenticate with a right code while locked': async (test, user_id) => {
        const created = await activeTotp(test, user_id)
        await lock(test, user_id, authenticate, wrongCode(created.phone, test.clock.now()))
        return authenticate(test, user_id, now(test, created))
      },
      'the first authenticate while locked': async (test, user_id) => {
        const created = await createTotp(test, user_id)
        await lock(test, user_id, authenticate, wrongCode(created.phone, test.clock.now()))
        return authenticate(test, user_id, now(test, created))
      },
      'recover with a right code while locked': async (test, user_id) => {
        const { recovery_code } = await activeTotp(test, user_id)
        const { recovery_code: wrong } = await activeTotp(test, `${user_id}, other`)
        await lock(test, user_id, recover, wrong)
        return recover(test, user_id, recovery_code)
      },
    },
  },
} as const satisfies Readonly<Record<string, StytchErrorCase>>
