import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { pageAssets } from '../../lib/pages/assets.js'
import { secondFactorPages } from '../../lib/pages/index.js'
import { checkTheme, contrast, type PageTheme, themeVariables } from '../../lib/pages/theme.js'
import { MemoryStorage } from '../../lib/index.js'
import { startApp } from '../support/app.js'
import { pageOf, visit } from '../support/page-forms.js'
import { newService } from '../support/service.js'

const PREFIX = '--second-factor-'
const READABLE = 4.5

/** The variables of each `:root` rule of a style sheet, in order. */
const rootsOf = (css: string): readonly Readonly<Record<string, string>>[] =>
  Array.from(css.matchAll(/:root\s*\{([^}]*)\}/g), ([, body = '']) =>
    Object.fromEntries(
      body
        .split(';')
        .filter((declaration) => declaration.includes(':'))
        .map((declaration): [string, string] => {
          const [name = '', value = ''] = declaration.split(/:(.*)/s)
          return [name.trim().replace(PREFIX, ''), value.trim()]
        }),
    ),
  )

/** What stands in force in the light, and in the dark. */
function schemesOf(theme: PageTheme) {
  const { content } = pageAssets(theme).style
  const [base = {}, first = {}, second = {}] = rootsOf(content)
  const light = { ...base, ...first }
  return { light, dark: { ...light, ...second } }
}

const long = (colour = '') => colour.replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3')

/** Which colour stands on which, in the style sheet. */
const PAIRS = [
  ['text', 'surface'],
  ['text', 'background'],
  ['text', 'bad-surface'],
  ['text', 'good-surface'],
  ['quiet', 'surface'],
  ['bad', 'surface'],
  ['brand', 'surface'],
  ['on-brand', 'brand'],
] as const

describe('the theme of the pages', () => {
  it('is written as variables, behind those of the style sheet', () => {
    const { content } = pageAssets({ brand: '#00AA55', radius: '0.5rem', font: "'Inter', sans-serif" }).style
    const [base = {}, light = {}, dark = {}] = rootsOf(content)
    expect(Object.keys(base)).to.include.members(['brand', 'on-brand', 'surface', 'radius', 'font'])
    expect(light).to.include({ radius: '0.5rem', font: "'Inter', sans-serif", 'color-scheme': 'light' })
    expect(dark).to.include({ surface: '#1b1f27', 'color-scheme': 'dark' })
    expect(Object.keys(base)).to.include.members(Object.keys(dark).filter((name) => name !== 'color-scheme'))
    const used = Array.from(content.matchAll(/var\(--second-factor-([\w-]+)\)/g), ([, name]) => name)
    expect(Object.keys(base)).to.include.members(used)
  })

  it('follows the system of the person, or stays light, or dark', () => {
    expect(themeVariables({})).to.include('@media (prefers-color-scheme:dark){')
    for (const scheme of ['light', 'dark'] as const) {
      const variables = themeVariables({ scheme })
      expect(variables).to.not.include('@media')
      expect(rootsOf(variables).map((root) => root['color-scheme'])).to.deep.equal([scheme])
    }
  })

  it('keeps a colour that can be read as it is', () => {
    expect(schemesOf({ brand: '#2457d6' }).light).to.include({ brand: '#2457d6', 'on-brand': '#ffffff' })
  })

  it('measures contrast as WCAG does', () => {
    expect(contrast('#000000', '#ffffff')).to.be.closeTo(21, 1e-9)
    expect(contrast('#ffffff', '#ffffff')).to.equal(1)
    expect(contrast('#777777', '#ffffff')).to.be.closeTo(4.478, 1e-3)
    expect(contrast('#ff0000', '#0000ff')).to.be.closeTo(2.149, 1e-3)
  })

  for (const scheme of ['light', 'dark'] as const) {
    for (const [front, back] of PAIRS) {
      it(`can be read in the ${scheme}, with whatever brand: ${front} on ${back}`, () => {
        const channel = fc.integer({ min: 0, max: 255 })
        const brands = fc.tuple(channel, channel, channel).map((rgb) => {
          const hex = rgb.map((one) => one.toString(16).padStart(2, '0'))
          return `#${hex.join('')}`
        })
        const isFixed = !/brand/.test(front)
        const read = (brand: string) => {
          const colours = schemesOf({ brand })[scheme]
          expect(contrast(long(colours[front]), long(colours[back])), brand).to.be.at.least(READABLE)
        }
        for (const brand of ['#ffffff', '#000000', '#808080', '#ffff00', '#0000ff']) read(brand)
        fc.assert(fc.property(brands, read), { numRuns: isFixed ? 1 : 200 })
      })
    }
  }

  const wrong: readonly (readonly [member: keyof PageTheme, values: readonly unknown[]])[] = [
    ['name', [7, null, {}]],
    [
      'brand',
      ['red', '#fff', '#12345', '#1234567', '#12345g', 'rgb(0,0,0)', '#000000}', '#000000\n', '', 7, null],
    ],
    ['radius', ['8', '8 px', '-1px', '8px;', '8px}', '8%', 'calc(1px)', '1000px', '', '8px\n', 7]],
    [
      'font',
      [
        '',
        'a;b',
        'a}b',
        'a{b',
        'a:b',
        'url(x)',
        '</style>',
        'a\\b',
        'a/*',
        '@import',
        "'Inter",
        '"Inter',
        `'a"`,
        "'a\nb'",
        'a\nb',
      ],
    ],
    ['scheme', ['', 'Dark', 'dim', 7, null]],
    [
      'logo',
      ['logo.svg', '//evil.example/x', 'https://evil.example/x', '/x?y', '/x y', 'javascript:alert(1)', ''],
    ],
    ['logo', ['data:text/html,x', 'data:image/svg+xml,<a b>', "data:image/png;base64,x';", '/\\evil', 7]],
    ['stylesheet', ['own.css', '//evil.example/x', 'https://evil.example/x', 'data:text/css,x', '', 7]],
  ]
  for (const [member, values] of wrong) {
    for (const value of values) {
      const accepted = member === 'logo' && typeof value === 'string' && /^data:image\/png/.test(value)
      if (accepted) continue
      it(`refuses ${member} ${JSON.stringify(value)}`, () => {
        const theme = { [member]: value } as PageTheme
        expect(() => {
          checkTheme('pages', theme)
        }).to.throw(TypeError, `theme.${member}`)
      })
    }
  }

  it('refuses a misspelt member, naming the likely right one', () => {
    const theme = { colour: '#000000', brnad: '#000000' } as PageTheme
    expect(() => secondFactorPages(newService().secondFactor, { theme })).to.throw(TypeError, 'colour')
    const misspelt = { brnad: '#000000' } as PageTheme
    expect(() => {
      checkTheme('pages', misspelt)
    }).to.throw(TypeError, 'Did you mean "brand"?')
  })

  for (const font of ['Inter', 'system-ui, sans-serif', `"Noto Sans", 'Inter' , serif`, '-apple-system']) {
    it(`takes the font ${font}, and the rest of the style sheet stands`, () => {
      checkTheme('pages', { font })
      expect(rootsOf(themeVariables({ font }))[0]).to.include({ font, 'color-scheme': 'light' })
    })
  }

  describe('puts above each page', () => {
    const shown = async (theme: PageTheme) => {
      const app = await startApp({ storage: new MemoryStorage(), pages: { theme } })
      try {
        const answer = await visit(app.browser(), '/2fa/')
        return {
          page: pageOf(answer),
          images: /img-src ([^;]*)/.exec(answer.get('Content-Security-Policy') ?? '')?.[1],
        }
      } finally {
        await app.close()
      }
    }

    it('its name, in the title too', async () => {
      const { page, images } = await shown({ name: 'ACME Bank' })
      expect(page.the('class', 'brand').text).to.equal('ACME Bank')
      expect(page.all('title')[0]?.text).to.match(/ · ACME Bank$/)
      expect(images).to.equal('data:')
    })

    it('a logo of this site, and lets the page load it', async () => {
      const { page, images } = await shown({ name: 'ACME', logo: '/logo.svg' })
      expect(page.all('img')[0]?.attributes).to.deep.equal({ src: '/logo.svg', alt: 'ACME' })
      expect(images).to.equal("data: 'self'")
    })

    it('a logo that comes within the page, which needs no more than that', async () => {
      const logo = 'data:image/svg+xml;base64,PHN2Zy8+'
      const { page, images } = await shown({ logo })
      expect(page.all('img')[0]?.attributes).to.deep.equal({ src: logo, alt: '' })
      expect(images).to.equal('data:')
    })

    it('nothing, and a style sheet of the application behind its own', async () => {
      const { page } = await shown({ stylesheet: '/own.css' })
      const [first, second] = page.all('link').map(({ attributes }) => attributes['href'])
      expect(first).to.match(/^\/2fa\/assets\/pages-\w+\.css$/)
      expect(second).to.equal('/own.css')
      expect(page.having('class', 'brand')).to.deep.equal([])
    })
  })
})
