import { encodeBase32 } from './base32.js'
import { type Authority, authorityRefusal } from './core/authority.js'
import { confirmBackupCodes, layBackupCodes, needsBackupCodes } from './core/backup-codes.js'
import { confirm, enrol, findPending, removeAuthenticator, rename, reset } from './core/enrolment.js'
import { describe, expiry, isEnabled } from './core/status.js'
import { keep, type Transition } from './core/transition.js'
import { admit, verify } from './core/verify.js'
import { createExaminer, type Examiner, type FreshBackupCodes } from './evidence.js'
import { checkUserId, MALFORMED, readAccountName, readCode, readLabel } from './input.js'
import { readOptions, type SecondFactorOptions, type Settings } from './options.js'
import type {
  ConfirmBackupCodesOutcome,
  ConfirmOutcome,
  EnrolOutcome,
  GenerateBackupCodesOutcome,
  Refusal,
  RemoveOutcome,
  RenameOutcome,
  ResetOutcome,
  SecondFactorStatus,
  VerifyOutcome,
} from './outcomes.js'
import { qrCodeDataUrl } from './qr.js'
import type { SecondFactorRecord } from './record.js'
import type { StoredEntry } from './storage/adapter.js'
import { newToken } from './tokens.js'
import { keyUri } from './totp.js'
import { createTransactor, type Transactor } from './transact.js'
import { createWatch, type Watch } from './watch.js'

/** How an operation is to be carried out. */
export interface OperationOptions {
  /**
   * What the caller has shown. Absent: the application's own code acts, and may do everything.
   */
  readonly authority?: Authority
  /**
   * A status that `status()` has just returned for the same user: the operation starts from what was read for it,
   * and so saves its first read. A stale one costs a retry, never correctness.
   */
  readonly basis?: SecondFactorStatus
}

/** What an authenticator app shows beside the issuer, and what the owner calls the authenticator. */
export interface EnrolmentDetails {
  /** Default: the user id. */
  readonly accountName?: string
  /** 1 to 64 characters. Default: `Authenticator` and a number. */
  readonly label?: string
}

/**
 * A second factor for every user of an application. Each method's first argument is the user's id: a string of 1 to
 * 255 characters.
 *
 * Expected outcomes are returned: `{ ok: true, … }` or `{ ok: false, reason, … }`. What is returned has been written.
 * Every method rejects with a {@link SecondFactorError} when infrastructure failed, and with a `TypeError` when the
 * user id is none.
 */
export interface SecondFactor {
  /** Whether a second factor is on, and what it consists of. Never throws away anything, never writes. */
  status(userId: string): Promise<SecondFactorStatus>
  /** Begin to enrol a TOTP authenticator. It counts for nothing until `confirm`, and expires after `pendingSeconds`. */
  enrol(userId: string, details?: EnrolmentDetails, options?: OperationOptions): Promise<EnrolOutcome>
  /** Confirm a pending authenticator with its first code. That code is spent. */
  confirm(userId: string, id: string, code: string, options?: OperationOptions): Promise<ConfirmOutcome>
  /**
   * Check a code of the second factor: a TOTP code or a backup code, told apart by form. Each counts once, ever.
   *
   * One read and one guarded write of the storage; while locked, nothing is written.
   */
  verify(userId: string, code: string, options?: Pick<OperationOptions, 'basis'>): Promise<VerifyOutcome>
  /** Make a fresh set of backup codes. The set in force works on until `confirmBackupCodes`. */
  generateBackupCodes(userId: string, options?: OperationOptions): Promise<GenerateBackupCodesOutcome>
  /** Put the fresh set in force, once its owner has saved it. The old set is void. */
  confirmBackupCodes(
    userId: string,
    id: string,
    options?: OperationOptions,
  ): Promise<ConfirmBackupCodesOutcome>
  /** Give an authenticator another label, 1 to 64 characters. */
  rename(userId: string, id: string, label: string, options?: OperationOptions): Promise<RenameOutcome>
  /** Remove an authenticator. With the last verified one the second factor is off, backup codes included. */
  remove(userId: string, id: string, options?: OperationOptions): Promise<RemoveOutcome>
  /** Turn the second factor off. All session marks are void from then on. */
  reset(userId: string, options?: OperationOptions): Promise<ResetOutcome>
}

/**
 * Make the second factor of an application.
 *
 * @throws TypeError naming the option that cannot be used
 *
 * @example
 * ```ts
 * const secondFactor = createSecondFactor({
 *   issuer: 'ACME',
 *   storage: new RedisStorage({ client: redis }),
 *   secret: process.env.SECOND_FACTOR_SECRET,
 * })
 * ```
 */
export function createSecondFactor(options: SecondFactorOptions): SecondFactor {
  return new Shell(readOptions(options))
}

type Judge<Verdict> = (
  record: SecondFactorRecord | undefined,
  now: number,
) => Transition<Verdict> | Promise<Transition<Verdict>>

/**
 * The shell around the pure core: it reads the input, gathers evidence, asks the core, and lets the transactor write
 * before anybody is told.
 */
class Shell implements SecondFactor {
  readonly #settings: Settings
  readonly #transactor: Transactor
  readonly #examiner: Examiner
  readonly #watch: Watch
  /** What each returned status was read from, for {@link OperationOptions.basis}. */
  readonly #readFor = new WeakMap<
    SecondFactorStatus,
    { readonly userId: string; readonly entry: StoredEntry | undefined }
  >()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#transactor = createTransactor(settings.storage, settings.storageTimeoutSeconds)
    this.#examiner = createExaminer(settings)
    this.#watch = createWatch(settings)
  }

  async status(userId: string): Promise<SecondFactorStatus> {
    const entry = await this.#watch.over(userId, this.#transactor.read(checkUserId(userId)))
    const status = describe(entry?.record, this.#settings.now(), this.#settings.policy)
    this.#readFor.set(status, { userId, entry })
    return status
  }

  async enrol(
    userId: string,
    details: EnrolmentDetails = {},
    options: OperationOptions = {},
  ): Promise<EnrolOutcome> {
    checkUserId(userId)
    const label = details.label === undefined ? undefined : readLabel(details.label)
    if (label?.ok === false) return label
    const accountName = readAccountName(details.accountName ?? userId)
    if (!accountName.ok) return accountName

    const { issuer, policy, totp } = this.#settings
    const { secret, id, sealed } = this.#examiner.newTotpSecret(userId)
    const { algorithm, digits, period } = totp
    const enrolment = {
      authenticator: { id, secret: sealed, algorithm, digits, period },
      label: label?.text,
      epoch: newToken(),
    }
    const outcome = await this.#act(userId, options, (record, now) => enrol(record, enrolment, now, policy))
    if (!outcome.ok) return outcome
    const uri = keyUri(secret, issuer, accountName.text, totp)
    return { ...outcome, secret: encodeBase32(secret), uri, qrCode: await qrCodeDataUrl(uri) }
  }

  async confirm(
    userId: string,
    id: string,
    code: string,
    options: OperationOptions = {},
  ): Promise<ConfirmOutcome> {
    checkUserId(userId)
    const { policy, backupCodes } = this.#settings
    const typed = readCode(code, backupCodes.format)
    if (typed?.method !== 'totp') return MALFORMED
    let fresh: FreshBackupCodes | undefined
    const outcome = await this.#act<ConfirmOutcome>(userId, options, async (record, now) => {
      const pending = findPending(record, id, now, policy)
      if (!pending.ok) return keep(pending)
      if (pending.authenticator.digits !== typed.digits) return keep(MALFORMED)
      const step = this.#examiner.matchTotp(userId, pending.authenticator, typed.code, now)
      const due = step !== undefined && needsBackupCodes(record)
      fresh = due ? await this.#examiner.newBackupCodes(userId, now) : undefined
      return confirm(record, { id, step, backupCodes: fresh?.set }, now, policy)
    })
    return outcome.ok && fresh ? { ...outcome, backupCodes: fresh.codes } : outcome
  }

  async verify(
    userId: string,
    code: string,
    { basis }: Pick<OperationOptions, 'basis'> = {},
  ): Promise<VerifyOutcome> {
    checkUserId(userId)
    const { policy, backupCodes } = this.#settings
    const typed = readCode(code, backupCodes.format)
    if (!typed) return MALFORMED
    return this.#decide<VerifyOutcome>(
      userId,
      basis,
      async (record, now) => {
        const admission = admit(record, typed, now, policy)
        if (!admission.ok) return keep(admission)
        const { candidates } = admission
        const evidence = await this.#examiner.examine(userId, typed, admission.record, candidates, now)
        return verify(record, evidence, newToken(), now, policy)
      },
      (record, now) => {
        const admission = admit(record, typed, now, policy)
        return admission.ok ? undefined : admission
      },
    )
  }

  async generateBackupCodes(
    userId: string,
    options: OperationOptions = {},
  ): Promise<GenerateBackupCodesOutcome> {
    const { policy } = this.#settings
    let fresh: FreshBackupCodes | undefined
    const outcome = await this.#act<ReturnType<typeof layBackupCodes>['verdict']>(
      userId,
      options,
      async (record, now) => {
        // Digests may be slow: none are made for a caller who is refused.
        if (!isEnabled(record)) return keep({ ok: false, reason: 'not_enrolled' })
        fresh = await this.#examiner.newBackupCodes(userId, now)
        return layBackupCodes(record, fresh.set)
      },
    )
    if (!outcome.ok) return outcome
    const { set, codes } = fresh as FreshBackupCodes
    const { id, createdAt } = set
    return { ok: true, id, codes, confirmed: false, createdAt, expiresAt: expiry(set, policy) }
  }

  async confirmBackupCodes(
    userId: string,
    id: string,
    options: OperationOptions = {},
  ): Promise<ConfirmBackupCodesOutcome> {
    const { policy } = this.#settings
    return this.#act(userId, options, (record, now) => confirmBackupCodes(record, id, now, policy))
  }

  async rename(
    userId: string,
    id: string,
    label: string,
    options: OperationOptions = {},
  ): Promise<RenameOutcome> {
    checkUserId(userId)
    const { policy } = this.#settings
    const wanted = readLabel(label)
    if (!wanted.ok) return wanted
    return this.#act(userId, options, (record, now) => rename(record, id, wanted.text, now, policy))
  }

  async remove(userId: string, id: string, options: OperationOptions = {}): Promise<RemoveOutcome> {
    return this.#act(userId, options, (record) => removeAuthenticator(record, id, newToken()))
  }

  async reset(userId: string, options: OperationOptions = {}): Promise<ResetOutcome> {
    return this.#act(userId, options, (record) => reset(record))
  }

  /** Decide, as far as the caller's authority reaches on the very record that is decided upon. */
  #act<Verdict>(
    userId: string,
    { authority, basis }: OperationOptions,
    judge: Judge<Verdict>,
  ): Promise<Verdict | Refusal<'second_factor_required'>> {
    return this.#decide<Verdict | Refusal<'second_factor_required'>>(userId, basis, (record, now) => {
      const refusal = authorityRefusal(record, authority)
      return refusal ? keep(refusal) : judge(record, now)
    })
  }

  /** Decide, write, and only then tell: the events here, the verdict to the caller. */
  async #decide<Verdict>(
    userId: string,
    basis: SecondFactorStatus | undefined,
    judge: Judge<Verdict>,
    refuse: (record: SecondFactorRecord | undefined, now: number) => Verdict | undefined = () => undefined,
  ): Promise<Verdict> {
    const { now } = this.#settings
    const known = basis && this.#readFor.get(basis)
    const { verdict, events } = await this.#watch.over(
      userId,
      this.#transactor.transact<Verdict>(checkUserId(userId), (record) => judge(record, now()), {
        known: known?.userId === userId ? known : undefined,
        refuse: (record) => refuse(record, now()),
      }),
    )
    for (const event of events) this.#watch.tell(userId, event)
    return verdict
  }
}
