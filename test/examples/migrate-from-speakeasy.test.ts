import { expect } from 'chai'
import { describe, it } from 'mocha'
import speakeasy from 'speakeasy'
import { featureExample, logIn, showCode } from '../support/feature-example.js'
import { visit } from '../support/page-forms.js'

const CHALLENGE = '/2fa/challenge?returnTo=%2F'

describe('the example that moves in from speakeasy', () => {
  const example = featureExample('migrate-from-speakeasy', undefined, true)

  it('takes over secrets and backup codes, for sessions that began before too', async () => {
    const redis = await example.redis()
    await example.start('baseline')
    const earlier = await logIn(example.browser(), 'alice')
    await visit(earlier, '/').expect(200)
    await example.stop()

    const secret = speakeasy.generateSecret()
    const backupCodes = ['4f9a1c2e', '90ab77d1']
    const { base32 } = secret
    await redis.hSet('two-factor:1', { enabled: 'true', base32, backupCodes: backupCodes.join(' ') })
    // Begun, and never confirmed.
    await redis.hSet('two-factor:2', { enabled: 'false', base32: speakeasy.generateSecret().base32 })
    await example.start()
    expect(await redis.keys('two-factor:*')).to.deep.equal([])

    const later = example.browser()
    later.jar = earlier.jar
    await visit(later, '/').expect(303).expect('Location', CHALLENGE)
    await showCode(later, speakeasy.totp({ secret: base32, encoding: 'base32' }))
    await visit(later, '/').expect(200, /Welcome, alice/)

    const recovering = await logIn(example.browser(), 'alice')
    await visit(recovering, '/').expect(303)
    await showCode(recovering, backupCodes[1] ?? '')
    await visit(recovering, '/').expect(200)
    const spent = recovering.post('/2fa/verify').send({ code: backupCodes[1] })
    await spent.expect(422)

    await visit(await logIn(example.browser(), 'bob'), '/').expect(200, /Welcome, bob/)
    await example.stop()
  })

  it('takes ascii too, and what it has begun to move before', async () => {
    const redis = await example.redis()
    const { ascii, base32 } = speakeasy.generateSecret()
    const old = { enabled: 'true', ascii, backupCodes: '31337abc' }
    await redis.hSet('two-factor:2', old)
    await example.start()
    await example.stop()
    // As if the process had ended before it deleted this.
    await redis.hSet('two-factor:2', old)
    await example.start()
    expect(await redis.keys('two-factor:*')).to.deep.equal([])

    const browser = await logIn(example.browser(), 'bob')
    await visit(browser, '/').expect(303).expect('Location', CHALLENGE)
    await showCode(browser, speakeasy.totp({ secret: base32, encoding: 'base32' }))
    await visit(browser, '/').expect(200, /Welcome, bob/)
  })
})
