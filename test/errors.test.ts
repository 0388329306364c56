import { expect } from 'chai'
import { describe, it } from 'mocha'
import { SecondFactorError, type SecondFactorErrorCode } from '../lib/index.js'

/** What Express' error handling answers with: a failure that passes, or an application that is put together wrongly. */
const STATUS: Readonly<Record<SecondFactorErrorCode, 500 | 503>> = {
  storage_unavailable: 503,
  storage_timeout: 503,
  storage_contention: 503,
  record_invalid: 503,
  sealing_key_missing: 503,
  sealed_value_rejected: 503,
  session_unsupported: 500,
  session_unavailable: 503,
  user_exposed: 500,
  hold_misplaced: 500,
  identity_mismatch: 500,
}

describe('SecondFactorError', () => {
  for (const [code, status] of Object.entries(STATUS) as [SecondFactorErrorCode, 500 | 503][]) {
    it(`is ${status}, ${status === 503 ? 'with' : 'without'} a time to try again, for ${code}`, () => {
      const error = new SecondFactorError(code, 'What went wrong.')
      expect(error).to.include({ code, status, message: 'What went wrong.' })
      expect(error.headers).to.deep.equal(status === 503 ? { 'Retry-After': '2' } : {})
    })
  }

  it('is an Error, named, with its cause', () => {
    const cause = new Error('the reason')
    const error = new SecondFactorError('storage_unavailable', 'The storage failed.', { cause })
    expect(error).to.be.instanceOf(Error)
    expect(error).to.include({ name: 'SecondFactorError', cause })
    expect(String(error)).to.equal('SecondFactorError: The storage failed.')
    expect(error.stack).to.include('errors.test')
  })

  it('has no cause unless given one', () => {
    expect(new SecondFactorError('storage_timeout', 'Late.')).not.to.have.property('cause')
  })
})
