import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { pageAssets } from '../../lib/pages/assets.js'
import type { Browser, TestApp } from '../support/app.js'
import { pageAt, signIn, visit } from '../support/page-forms.js'
import { appsOnRedis } from '../support/suite.js'

describe('the style sheet and the script of the pages', () => {
  const { start } = appsOnRedis()
  let app: TestApp
  let satisfied: Browser
  before(async () => {
    app = await start({ pages: {} })
    satisfied = await signIn(app, 'somebody')
  })

  it('are named after their content, to be kept for good, for whoever asks', async () => {
    const page = await pageAt(satisfied, '/2fa/')
    const paths = [
      ['text/css', page.all('link').map(({ attributes }) => attributes['href'])],
      ['text/javascript', page.all('script').map(({ attributes }) => attributes['src'])],
    ] as const
    for (const [type, [path = '', ...more]] of paths) {
      expect(more).to.deep.equal([])
      const answer = await app.browser().get(path).set('Accept', '*/*').expect(200)
      const hash = createHash('sha256').update(answer.text).digest('hex').slice(0, 16)
      expect(path).to.equal(`/2fa/assets/pages-${hash}.${type === 'text/css' ? 'css' : 'js'}`)
      expect(answer.headers).to.include({
        'cache-control': 'private, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'content-type': `${type}; charset=utf-8`,
      })
    }
    expect(page.all('script').map(({ text }) => text)).to.deep.equal([''])
    expect(page.having('style')).to.deep.equal([])
    expect(page.all('style')).to.deep.equal([])
  })

  it('are others, the style sheet alone, when the theme is another', async () => {
    const themed = await start({ pages: { theme: { brand: '#00aa55' } } })
    const href = async (browser: Browser) =>
      (await visit(browser, '/2fa/')).text.match(/pages-\w+\.(css|js)/g)
    const [ours, theirs] = [await href(app.browser()), await href(themed.browser())]
    expect(theirs?.[0]).to.not.equal(ours?.[0])
    expect(theirs?.[1]).to.equal(ours?.[1])
  })

  it('load nothing, and run nothing that a text could bring', () => {
    const { style, script } = pageAssets({})
    expect(style.content).to.not.match(/@import|url\(|expression/)
    expect(script.content).to.not.match(
      /innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(|import/,
    )
  })
})
