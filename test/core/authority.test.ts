import { expect } from 'chai'
import { describe, it } from 'mocha'
import { type Authority, authorityRefusal } from '../../lib/core/authority.js'
import type { SecondFactorRecord } from '../../lib/record.js'
import { enabledRecord, NOW, pendingAuthenticator, verifiedAuthenticator } from '../support/records.js'

const RECORDS = {
  nothing: undefined,
  pending: enabledRecord({ authenticators: [pendingAuthenticator()] }),
  enabled: enabledRecord(),
  disabled: enabledRecord({ authenticators: [verifiedAuthenticator({ disabledAt: NOW })] }),
} satisfies Record<string, SecondFactorRecord | undefined>

const FIRST: Authority = { shown: 'first_factor' }
const SECOND: Authority = { shown: 'second_factor', epoch: 'epoch' }
const OUTDATED: Authority = { shown: 'second_factor', epoch: 'an earlier epoch' }

const REACHES: readonly [string, keyof typeof RECORDS, Authority | undefined][] = [
  ["lets the application's own code do anything, with nothing stored", 'nothing', undefined],
  ["lets the application's own code do anything, with a second factor on", 'enabled', undefined],
  ['is content with the first factor while nothing is stored', 'nothing', FIRST],
  ['is content with the first factor while an enrolment is pending', 'pending', FIRST],
  ['is content with a second factor shown under the present epoch', 'enabled', SECOND],
  ['is content with a backup code shown while authenticators are disabled', 'disabled', SECOND],
]

const FALLS_SHORT: readonly [string, keyof typeof RECORDS, Authority][] = [
  ['C19 refuses the first factor once a second one is on', 'enabled', FIRST],
  ['C19 refuses the first factor when every authenticator is disabled', 'disabled', FIRST],
  ['C27 refuses a second factor shown under an earlier epoch', 'enabled', OUTDATED],
  ['C27 refuses a second factor shown before everything was removed', 'nothing', SECOND],
  ['C27 refuses an earlier epoch while a new enrolment is pending', 'pending', OUTDATED],
]

describe('core/authority', () => {
  for (const [title, record, authority] of REACHES) {
    it(title, () => {
      expect(authorityRefusal(RECORDS[record], authority)).to.equal(undefined)
    })
  }

  for (const [title, record, authority] of FALLS_SHORT) {
    it(title, () => {
      const refusal = authorityRefusal(RECORDS[record], authority)
      expect(refusal).to.deep.equal({ ok: false, reason: 'second_factor_required' })
    })
  }
})
