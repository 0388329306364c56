// Packages that come without types; both strategies have the same form.
declare module 'passport-totp' {
  export { Strategy } from '@ladjs/passport-otp-strategy'
}

declare module '@ladjs/passport-otp-strategy' {
  import { Strategy as PassportStrategy } from 'passport-strategy'
  export class Strategy extends PassportStrategy {
    constructor(
      options: object,
      setup: (
        user: { readonly id: string },
        done: (error: unknown, key?: string | Buffer, period?: number) => void,
      ) => void,
    )
  }
}
