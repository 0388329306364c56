import { checkNames } from '../check.js'
import { checkPath } from '../express/navigation.js'

/** How the pages look. Whatever else there is to change, an own `stylesheet` changes. */
export interface PageTheme {
  /** The name that stands above each page, and in its title. */
  readonly name?: string
  /** `#rrggbb`. Its shade is adjusted where text in it, or on it, could not be read (WCAG 2.2, 1.4.3). */
  readonly brand?: string
  /** A picture above each page: a path of this site, or a `data:image/` URL. */
  readonly logo?: string
  /** Of corners, a CSS length. */
  readonly radius?: string
  /** A CSS font family; of fonts that people have, as pages load none. */
  readonly font?: string
  /** Default `auto`: as the person's system is set. */
  readonly scheme?: 'auto' | 'light' | 'dark'
  /** A path of this site: a style sheet behind the pages' own, such as one that sets its `--second-factor-…` variables. */
  readonly stylesheet?: string
}

const SCHEMES = ['auto', 'light', 'dark']
const BRAND = '#2457d6'
const SURFACES = { light: '#ffffff', dark: '#1b1f27' } as const
/** WCAG 2.2, 1.4.3: text of normal size. */
const READABLE = 4.5

/**
 * Refuse a theme that could break out of the style sheet, or of its header.
 *
 * @throws TypeError naming the member
 */
export function checkTheme(caller: string, theme: PageTheme): void {
  checkNames(`${caller}: theme`, theme, ['name', 'brand', 'logo', 'radius', 'font', 'scheme', 'stylesheet'])
  const { name, brand, logo, radius, font, scheme = 'auto', stylesheet } = theme
  const refuse = (member: string, what: string) => {
    throw new TypeError(`${caller}: theme.${member} must be ${what}.`)
  }
  if (name !== undefined && typeof name !== 'string') refuse('name', 'a text')
  if (brand !== undefined && !/^#[\da-f]{6}$/i.test(brand)) refuse('brand', 'a colour such as #2457d6')
  if (radius !== undefined && !/^\d{1,3}(?:\.\d+)?(?:px|rem|em)$|^0$/.test(radius)) {
    refuse('radius', 'a length such as 8px')
  }
  if (font !== undefined && !/^(?:[\w ,-]|'[\w ,-]*'|"[\w ,-]*")+$/.test(font))
    refuse('font', "a font family such as 'Inter', sans-serif")
  if (!SCHEMES.includes(scheme)) refuse('scheme', `one of ${SCHEMES.join(', ')}`)
  if (logo !== undefined && !isDataImage(logo)) checkPath(caller, 'theme.logo', logo)
  checkPath(caller, 'theme.stylesheet', stylesheet)
}

/** A picture that comes within the page. */
export const isDataImage = (url: string): boolean => /^data:image\/[\w+.-]+[;,][\x21-\x7e]*$/.test(url)

/** The theme as the variables that the style sheet is written in. */
export function themeVariables({ brand = BRAND, radius, font, scheme = 'auto' }: PageTheme): string {
  const shape = [
    ...(radius === undefined ? [] : [`--second-factor-radius:${radius}`]),
    ...(font === undefined ? [] : [`--second-factor-font:${font}`]),
  ]
  const light = [...colours(brand, SURFACES.light), 'color-scheme:light']
  const dark = [...colours(brand, SURFACES.dark), ...DARK, 'color-scheme:dark']
  const rules = [rule([...(scheme === 'dark' ? dark : light), ...shape])]
  if (scheme === 'auto') rules.push(`@media (prefers-color-scheme:dark){${rule(dark)}}`)
  return rules.join('\n')
}

const rule = (declarations: readonly string[]): string => `:root{${declarations.join(';')}}`

/** What the style sheet's own, light colours become. */
const DARK = [
  `--second-factor-surface:${SURFACES.dark}`,
  '--second-factor-background:#11141a',
  '--second-factor-text:#e9ecf2',
  '--second-factor-quiet:#aab2c0',
  '--second-factor-edge:#737d8f',
  '--second-factor-bad:#ff9d94',
  '--second-factor-bad-surface:#38201f',
  '--second-factor-good-surface:#1c3326',
]

function colours(brand: string, surface: string): readonly string[] {
  const readable = shadeOf(brand, surface)
  const text = contrast(readable, '#ffffff') >= READABLE ? '#ffffff' : '#000000'
  return [`--second-factor-brand:${readable}`, `--second-factor-on-brand:${text}`]
}

/** The colour itself, or the nearest shade of it that can be read on the surface: darker on light, lighter on dark. */
function shadeOf(colour: string, surface: string): string {
  const target = luminance(surface) > 0.5 ? 0 : 255
  for (let share = 0; share <= 1; share += 0.05) {
    const shade = channels(colour).map((channel) => Math.round(channel + (target - channel) * share))
    const candidate = `#${shade.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
    if (contrast(candidate, surface) >= READABLE) return candidate
  }
  return target === 0 ? '#000000' : '#ffffff'
}

/** WCAG 2.2, contrast ratio: from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((left, right) => right - left)
  return (lighter + 0.05) / (darker + 0.05)
}

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const channels = (colour: string): readonly number[] =>
  [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16))
