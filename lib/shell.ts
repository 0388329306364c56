import { authorityRefusal } from './core/authority.js'
import { describe } from './core/status.js'
import { keep, type Transition } from './core/transition.js'
import { SecondFactorError } from './errors.js'
import type { RequestOrigin } from './events.js'
import { createExaminer, type Examiner } from './evidence.js'
import { checkUserId } from './input.js'
import type { Settings } from './options.js'
import type { Refusal, SecondFactorStatus } from './outcomes.js'
import type { SecondFactorRecord } from './record.js'
import type { OperationOptions } from './service.js'
import type { StoredEntry } from './storage/adapter.js'
import { createTransactor } from './transact.js'
import { createWatch } from './watch.js'

/** Decides on a record; asked again, on a fresher one, when somebody else was first. */
export type Judge<Verdict> = (
  record: SecondFactorRecord | undefined,
  now: number,
) => Transition<Verdict> | Promise<Transition<Verdict>>

type Unauthorised = Refusal<'second_factor_required'>

/** What every operation is made of: read, gather evidence, ask the core, write, and only then tell. */
export interface Shell {
  readonly settings: Settings
  readonly examiner: Examiner
  readonly status: (userId: string, origin?: RequestOrigin) => Promise<SecondFactorStatus>
  /**
   * Decide, write, and only then tell: the events here, the verdict to the caller.
   *
   * @param refuse - the verdict on those who are refused whatever they bring
   */
  readonly decide: <Verdict>(
    userId: string,
    options: OperationOptions,
    judge: Judge<Verdict>,
    refuse?: (record: SecondFactorRecord | undefined, now: number) => Verdict | undefined,
  ) => Promise<Verdict>
  /** Decide, as far as the caller's authority reaches on the very record that is decided upon. */
  readonly act: <Verdict>(
    userId: string,
    options: OperationOptions,
    judge: Judge<Verdict>,
  ) => Promise<Verdict | Unauthorised>
}

export function createShell(settings: Settings): Shell {
  const { now, policy } = settings
  const examiner = createExaminer(settings)
  const transactor = createTransactor(settings.storage, settings.storageTimeoutSeconds)
  const watch = createWatch(settings)
  /** What each returned status was read from, for `basis`. */
  const readFor = new WeakMap<
    SecondFactorStatus,
    { readonly userId: string; readonly entry: StoredEntry | undefined }
  >()

  /** What is written anyway is sealed under the newest key; what cannot be opened is left as it is. */
  function sealedAnew<Verdict>(userId: string, transition: Transition<Verdict>): Transition<Verdict> {
    if (transition.change !== 'put' || !examiner.isStale(transition.record)) return transition
    try {
      return { ...transition, record: examiner.renewed(userId, transition.record) }
    } catch (error) {
      if (error instanceof SecondFactorError) return transition
      throw error
    }
  }

  const shell: Shell = {
    settings,
    examiner,

    async status(userId, origin) {
      const entry = await watch.over(userId, origin, transactor.read(checkUserId(userId)))
      const status = describe(entry?.record, now(), policy)
      readFor.set(status, { userId, entry })
      return status
    },

    async decide(userId, { basis, origin }, judge, refuse = () => undefined) {
      const known = basis && readFor.get(basis)
      const transaction = transactor.transact(
        checkUserId(userId),
        async (record) => sealedAnew(userId, await judge(record, now())),
        {
          known: known?.userId === userId ? known : undefined,
          refuse: (record) => refuse(record, now()),
        },
      )
      const { verdict, events } = await watch.over(userId, origin, transaction)
      for (const event of events) watch.tell(userId, origin, event)
      return verdict
    },

    act<Verdict>(userId: string, options: OperationOptions, judge: Judge<Verdict>) {
      return shell.decide<Verdict | Unauthorised>(userId, options, (record, time) => {
        const refusal = authorityRefusal(record, options.authority)
        return refusal ? keep(refusal) : judge(record, time)
      })
    },
  }
  return shell
}
