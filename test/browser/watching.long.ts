import { expect } from 'chai'
import express, { type Express } from 'express'
import { after, before, describe, it } from 'mocha'
import { axeViolations, browserOfSuite } from '../support/chromium.js'
import { serve, type Served } from '../support/serve.js'

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src * data:; form-action 'self'"

const document = (body: string) =>
  `<!doctype html><html lang="en"><head><title>A page</title></head><body><main><h1>A page</h1>${body}</main></body></html>`

/** An application whose pages are each wrong in one way, and one that is not. */
function applicationWithMistakes(elsewhere: () => string): Express {
  const app = express()
  app.use((_request, response, next) => {
    response.set('Content-Security-Policy', POLICY)
    next()
  })
  const page = (path: string, body: () => string) =>
    app.get(path, (_request, response) => {
      response.send(document(body()))
    })
  const script = (path: string, text: string) =>
    app.get(path, (_request, response) => {
      response.type('js').send(text)
    })

  page('/clean', () => '<p>Nothing is wrong here.</p><script src="/title.js"></script>')
  page('/inline', () => '<p style="color: red">Red</p>')
  page('/talks', () => '<script src="/talks.js"></script>')
  page('/throws', () => '<script src="/throws.js"></script>')
  page('/missing', () => '<img alt="" src="/none.png">')
  page('/elsewhere', () => `<img alt="" src="${elsewhere()}/none.png">`)
  page(
    '/no-alternative',
    () => '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><a href="/file">File</a>',
  )
  page('/small', () => '<link rel="stylesheet" href="/small.css"><button>1</button><button>2</button>')
  page('/download', () => '<a href="/file">File</a>')
  app.get('/reports', (_request, response) => {
    response.set('Content-Security-Policy-Report-Only', "script-src 'none'")
    response.send(document('<script src="/title.js"></script>'))
  })
  app.get('/away', (_request, response) => {
    response.redirect(`${elsewhere()}/clean`)
  })
  app.get('/file', (_request, response) => {
    response.attachment('file.txt').send('A file.')
  })
  app.get('/small.css', (_request, response) => {
    response
      .type('css')
      .send('button { width: 9px; height: 9px; margin: 0; border: 0; padding: 0; font-size: 5px }')
  })
  app.all('/answers/:status', (request, response) => {
    response.status(Number(request.params.status))
    response.send(document(`<p>${request.method}</p><form method="post"><button>Again</button></form>`))
  })
  script('/title.js', "document.title = 'A page, with its script'")
  script('/talks.js', "console.log('said'); console.warn('warned'); console.error('complained')")
  script('/throws.js', "Promise.reject(new Error('rejected')); throw new Error('thrown')")
  return app
}

describe('a watched page', () => {
  const browser = browserOfSuite()
  let app: Served
  let elsewhere: Served
  before(async () => {
    elsewhere = await serve(express())
    app = await serve(applicationWithMistakes(() => elsewhere.url))
  })
  after(() => Promise.all([app.close(), elsewhere.close()]))

  /** What was noticed when this page was loaded. */
  const seenAt = async (path: string, javaScriptEnabled = true) => {
    const { page, seen } = await browser.open(app, { javaScriptEnabled })
    await page.goto(path)
    return (await seen()).join('\n')
  }

  it('is quiet when nothing is wrong, with JavaScript and without', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { page, expectQuiet } = await browser.open(app, { javaScriptEnabled })
      await page.goto('/clean')
      expect(await page.title()).to.equal(javaScriptEnabled ? 'A page, with its script' : 'A page')
      await expectQuiet()
    }
  })

  it('notices a violation of its Content-Security-Policy, with JavaScript and without', async () => {
    expect(await seenAt('/inline'))
      .to.include('console error: Applying inline style violates')
      .and.include('Content-Security-Policy: enforce style-src-attr inline')
    expect(await seenAt('/inline', false)).to.include('console error: Applying inline style violates')
  })

  it('notices a violation that is only reported', async () => {
    expect(await seenAt('/reports')).to.include(
      `Content-Security-Policy: report script-src-elem ${app.url}/title.js`,
    )
  })

  it('notices errors and warnings on the console, and nothing less', async () => {
    const from = `(${app.url}/talks.js)`
    expect(await seenAt('/talks')).to.equal(
      `console warning: warned ${from}\nconsole error: complained ${from}`,
    )
  })

  it('notices what a script throws, and what it leaves rejected', async () => {
    expect(await seenAt('/throws'))
      .to.include('page error: thrown')
      .and.include('page error: rejected')
  })

  it('notices that something is missing', async () => {
    expect(await seenAt('/missing'))
      .to.include('status of 404')
      .and.include(`(${app.url}/none.png)`)
  })

  it('notices a request to another host, and that it failed', async () => {
    const image = `${elsewhere.url}/none.png`
    expect(await seenAt('/elsewhere'))
      .to.include(`request to another host: ${image}`)
      .and.include(`request failed: ${image}`)
  })

  it('notices that it is led away', async () => {
    expect(await seenAt('/away')).to.include(`request to another host: ${elsewhere.url}/clean`)
  })

  it('says what it has noticed when it should have been quiet', async () => {
    const { page, expectQuiet } = await browser.open(app)
    await page.goto('/talks')
    const failure = await expectQuiet().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).to.be.an('error').with.property('message').that.includes('console error: complained')
  })

  it('is quiet about answers that refuse what was asked for', async () => {
    const { page, expectQuiet } = await browser.open(app)
    for (const status of [401, 403, 404, 422, 429, 503]) {
      await page.goto(`/answers/${status}#fragment`)
      await page.getByRole('button').click()
      await page.getByText('POST').waitFor()
    }
    await expectQuiet()
  })

  it('notices an answer of 500', async () => {
    expect(await seenAt('/answers/500')).to.include('status of 500')
  })

  it('is quiet about a download', async () => {
    const { page, expectQuiet } = await browser.open(app)
    await page.goto('/download')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link').click()])
    expect(download.suggestedFilename()).to.equal('file.txt')
    await expectQuiet()
  })

  it('has cookies and settings of its own', async () => {
    const first = await browser.open(app, { locale: 'ja-JP', colorScheme: 'dark' })
    const second = await browser.open(app, { viewport: { width: 320, height: 480 } })
    await first.context.addCookies([{ name: 'name', value: 'value', url: app.url }])
    expect(await second.context.cookies()).to.be.empty
    for (const { page } of [first, second]) await page.goto('/clean')
    expect(await first.page.evaluate('navigator.language')).to.equal('ja-JP')
    expect(await first.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")).to.be.true
    expect(await second.page.evaluate('innerWidth')).to.equal(320)
  })
})

describe('a page that axe-core looks at', () => {
  const browser = browserOfSuite()
  let app: Served
  before(async () => {
    app = await serve(applicationWithMistakes(() => app.url))
  })
  after(() => app.close())

  const violationsAt = async (path: string) => {
    const { page, expectQuiet } = await browser.open(app)
    await page.goto(path)
    const violations = await axeViolations(page)
    await expectQuiet()
    return violations
  }

  it('has no violations when nothing is wrong, and stays quiet', async () => {
    expect(await violationsAt('/clean')).to.deep.equal([])
  })

  it('is told of an image without an alternative', async () => {
    expect(await violationsAt('/no-alternative')).to.deep.equal([
      'image-alt: <img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    ])
  })

  it('is told of buttons that are too small and too close', async () => {
    expect(await violationsAt('/small')).to.deep.equal([
      'target-size: <button>1</button>',
      'target-size: <button>2</button>',
    ])
  })
})
