import type { Request } from 'express'
import type { Strategy, StrategyCreatedStatic } from 'passport'
import { Strategy as PassportStrategy } from 'passport-strategy'
import { flagMember, textMember } from '../express/body.js'
import { crossSiteCheck, type CrossSiteOptions, type IsCrossSite } from '../express/cross-site.js'
import { deviceOf, setDeviceToken } from '../express/device-cookie.js'
import { type Identity, type IdentityOptions, type Person, readIdentity } from '../express/identity.js'
import { originOf } from '../express/origin.js'
import { detailOf, type Problem, problemOf, setRetryAfter, statusOf } from '../express/problem.js'
import { hasEnded, noteArrival } from '../express/session.js'
import { satisfy, standingOf } from '../express/standing.js'
import type { Verification } from '../outcomes.js'
import type { SecondFactor } from '../service.js'
import { keepLogin } from './login.js'

/** Options of {@link TotpStrategy}. */
export interface TotpStrategyOptions extends IdentityOptions, CrossSiteOptions {
  /** The member of the body that has the code. Default `code`. */
  readonly codeField?: string
  /** The member of the body that says whether to trust this browser. Default `trustDevice`. */
  readonly trustDeviceField?: string
}

/** What a refusal tells: to `failureMessage` and `failureFlash` its message, to a custom callback all of it. */
export interface TotpChallenge {
  /** For people. */
  readonly message: string
  /** The stable code of the same refusal over HTTP. */
  readonly code: Problem['code']
  /** For `locked`: when the next code is looked at, epoch milliseconds. */
  readonly retryAt?: number
}

/** What goes along with success: `req.authInfo`, or the third argument of a custom callback. */
export type TotpInfo = Pick<Verification, 'method' | 'authenticatorId' | 'backupCodesRemaining'>

/** Passport's own types say the same, and whoever uses Passport has them: those of passport-strategy are no part of it. */
const BaseStrategy: new () => Strategy & StrategyCreatedStatic = PassportStrategy

/**
 * Passport strategy `totp`: the second step of a login. It takes a TOTP code or a backup code in one field of the
 * body, and needs a user that the first factor has shown: it never signs anybody in by itself.
 *
 * On success the session has a new id, carries the mark, and keeps what the application had in it, before Passport
 * goes on: with `successRedirect`, `assignProperty` and a custom callback alike (a callback need not call `req.logIn`,
 * and may). With `session: false` the session is left alone, and the user counts for this request only.
 *
 * It fails with the status and the `code` of the Router's `POST /verify`: 400, 401, 403, 409, 422 or 429, and hands
 * infrastructure failures to Passport's `error`.
 */
export class TotpStrategy extends BaseStrategy {
  /** For `passport.authenticate`. */
  override readonly name = 'totp'
  // Passport works on objects that inherit from this one, which have no access to #private members.
  private readonly secondFactor: SecondFactor
  private readonly identity: Identity
  private readonly codeField: string
  private readonly trustDeviceField: string
  private readonly isCrossSite: IsCrossSite

  /** @throws TypeError naming the option that cannot be used */
  constructor(secondFactor: SecondFactor, options: TotpStrategyOptions = {}) {
    super()
    const caller = 'TotpStrategy'
    this.identity = readIdentity(caller, secondFactor, options, [
      'codeField',
      'trustDeviceField',
      'allowedOrigins',
    ])
    const { codeField = 'code', trustDeviceField = 'trustDevice' } = options
    for (const [name, field] of Object.entries({ codeField, trustDeviceField })) {
      if (typeof field !== 'string' || field === '') {
        throw new TypeError(`${caller}: ${name} must be the name of a member of the body.`)
      }
    }
    this.secondFactor = secondFactor
    this.codeField = codeField
    this.trustDeviceField = trustDeviceField
    this.isCrossSite = crossSiteCheck(caller, options)
  }

  /** Called by Passport; ends in exactly one of `success`, `fail` and `error`. */
  override authenticate(req: Request, options: { readonly session?: boolean } = {}): void {
    // Passport puts these three on this object, anew for every request. Where the application passes the strategy
    // itself in place of its name, that is one object for all requests: they have to be taken before anything waits.
    const success = this.success.bind(this)
    const fail = this.fail.bind(this)
    const error = this.error.bind(this)
    this.check(req, options.session !== false)
      .then((result) => {
        if ('code' in result) refuse(req, result, fail)
        else success(result.user, result.info)
      })
      // Also what the application's own callback threw: Passport has nobody else to tell.
      .catch((reason: unknown) => {
        error(reason)
      })
      .catch((reason: unknown) => {
        // The callback threw again, at its own error. The request must still get an answer.
        req.next?.(reason)
      })
  }

  private async check(req: Request, inSession: boolean): Promise<Problem | (Person & { info: TotpInfo })> {
    noteArrival(req)
    if (this.isCrossSite(req)) return { code: 'cross_site_request' }
    const standing = inSession ? await standingOf(req, this.secondFactor, this.identity) : undefined
    const person = standing ?? this.identity.person(req)
    if (!person || (inSession && (await hasEnded(req)))) return { code: 'not_authenticated' }
    const trusts = flagMember(req.body, this.trustDeviceField)
    if (trusts === undefined) return { code: 'invalid_request' }
    const outcome = await this.secondFactor.verify(person.userId, textMember(req.body, this.codeField), {
      ...(standing && { basis: standing.status }),
      origin: originOf(req),
      trustDevice: inSession && trusts ? deviceOf(req, person.userId) : undefined,
    })
    if (!outcome.ok) return problemOf(outcome)
    if (inSession) {
      await satisfy(req, person, outcome)
      keepLogin(req, person, this.identity)
    }
    const { method, authenticatorId, backupCodesRemaining, trustedDevice, at } = outcome
    if (trustedDevice && req.res) setDeviceToken(req.res, person.userId, trustedDevice, at)
    const info = { method, ...(authenticatorId !== undefined && { authenticatorId }), backupCodesRemaining }
    return { ...person, info }
  }
}

function refuse(
  req: Request,
  problem: Problem,
  fail: (challenge: TotpChallenge, status: number) => void,
): void {
  const { code, retryAt } = problem
  if (req.res) setRetryAfter(req.res, problem)
  fail({ message: detailOf(problem), code, ...(retryAt !== undefined && { retryAt }) }, statusOf(code))
}
