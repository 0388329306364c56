import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Browser } from '../support/app.js'
import { enrol, featureExample, logIn, showCode } from '../support/feature-example.js'
import { NAVIGATION } from '../support/page-forms.js'

describe('the example of step-up', () => {
  const example = featureExample('step-up')

  it('sends money for a fresh code alone, and brings people back from the challenge', async () => {
    const first = await logIn(example.browser(), 'alice')
    const { nextCode, backupCodes } = await enrol(first)
    const browser = await logIn(example.browser(), 'alice')
    expect(await refusal(browser)).to.include({ status: 403, code: 'second_factor_required' })
    await showCode(browser, nextCode())
    await transfer(browser).expect(200, 'The money is on its way.')

    await age(301)
    expect(await refusal(browser)).to.include({ code: 'fresh_second_factor_required', maxAgeSeconds: 300 })
    await browser.get('/').expect(200)
    const sent = await transfer(browser)
      .set('Accept', NAVIGATION)
      .set('Referer', new URL('/', browser.get('/').url).href)
    expect(`${sent.status} ${sent.get('Location')}`).to.equal('303 /2fa/challenge?returnTo=%2F')
    await showCode(browser, backupCodes[0] ?? '')
    await transfer(browser).expect(200)
  })

  it('sends a person without a second factor to where there is one to get', async () => {
    const browser = await logIn(example.browser(), 'bob')
    await browser.get('/').expect(200)
    expect(await refusal(browser)).to.include({ status: 403, code: 'enrolment_required' })
    await transfer(browser)
      .set('Accept', NAVIGATION)
      .expect(303)
      .expect('Location', '/2fa/setup?returnTo=%2F')
  })

  /** As if this were so many seconds later: every session has shown its code that much earlier. */
  async function age(seconds: number): Promise<void> {
    const redis = await example.redis()
    for (const key of await redis.keys('sess:*')) {
      const session = JSON.parse((await redis.get(key)) ?? '{}') as { secondFactor?: { at: number } }
      if (!session.secondFactor) continue
      session.secondFactor.at -= seconds * 1000
      await redis.set(key, JSON.stringify(session), { expiration: 'KEEPTTL' })
    }
  }
})

const transfer = (browser: Browser) => browser.post('/transfer')

const refusal = async (browser: Browser): Promise<unknown> => (await transfer(browser)).body
