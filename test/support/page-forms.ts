import type { Response, Test } from 'supertest'
import { type Browser, type EnrolledPerson, enrolThroughRouter, type TestApp } from './app.js'

/** What browsers send when a person follows a link, or sends a form. */
export const NAVIGATION = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

/** One element of a page, with its attributes and text as a browser reads them. */
export interface Element {
  readonly tag: string
  /** The tags around it, from the outside in, and its own. */
  readonly path: string
  readonly attributes: Readonly<Record<string, string>>
  /** All of the text in it. */
  text: string
}

/** A form, and what it would send if nobody typed anything. */
export interface Form {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  /** The names of everything that can be typed or ticked. */
  readonly asks: readonly string[]
}

const EMPTY = ['meta', 'link', 'input', 'img']
const ATTRIBUTE = String.raw`\s+[a-z-]+(?:="[^"<>'` + '`' + String.raw`]*")?`
const PIECE = new RegExp(`<(/?)([a-z][a-z0-9]*)((?:${ATTRIBUTE})*)\\s*/?>|([^<>"'\`]+)`, 'y')

/**
 * A page, read by a grammar that is narrower than HTML: a sign that is special to HTML and stands anywhere but in a tag
 * of ours, or an element that is not closed where it has to be, is an error.
 */
export class Page {
  readonly elements: readonly Element[]

  constructor(readonly source: string) {
    if (!source.startsWith('<!doctype html>')) throw new Error('It is no page.')
    this.elements = read(source.slice('<!doctype html>'.length))
  }

  /** All elements of a tag. */
  all(tag: string): readonly Element[] {
    return this.elements.filter((element) => element.tag === tag)
  }

  /** The elements that have an attribute, with this value unless it does not matter. */
  having(name: string, value?: string): readonly Element[] {
    return this.elements.filter(
      ({ attributes }) => name in attributes && (value === undefined || attributes[name] === value),
    )
  }

  /** The one element that has an attribute. */
  the(name: string, value?: string): Element {
    const [element, ...more] = this.having(name, value)
    if (!element || more.length > 0) throw new Error(`Not one element has ${name}=${value ?? '…'}.`)
    return element
  }

  get title(): string {
    return this.all('h1')[0]?.text ?? ''
  }

  /** What is said of a form that is shown again. */
  get alert(): string | undefined {
    return this.having('role', 'alert')[0]?.text
  }

  get forms(): readonly Form[] {
    const forms: { action: string; fields: Record<string, string>; asks: string[] }[] = []
    for (const { tag, attributes } of this.elements) {
      const { name = '', type, value = '' } = attributes
      if (tag === 'form') forms.push({ action: attributes['action'] ?? '', fields: {}, asks: [] })
      if (tag !== 'input') continue
      const form = forms.at(-1)
      if (type !== 'checkbox') Object.assign(form?.fields ?? {}, { [name]: value })
      if (type !== 'hidden') form?.asks.push(name)
    }
    return forms
  }

  /** The one form that is sent to this path. */
  form(action: string): Form {
    const form = this.forms.find((one) => one.action === action)
    if (!form)
      throw new Error(`There is no form ${action}, but ${this.forms.map((one) => one.action).join()}.`)
    return form
  }

  /** Which elements and attributes it has, whatever is said in them. */
  get outline(): string {
    return this.elements
      .map(({ path, attributes }) => [path, ...Object.keys(attributes)].join(' '))
      .join('\n')
  }
}

function read(source: string): readonly Element[] {
  const elements: Element[] = []
  const open: Element[] = []
  const piece = new RegExp(PIECE)
  while (piece.lastIndex < source.length) {
    const at = piece.lastIndex
    const [, slash, tag, attributes = '', text] = piece.exec(source) ?? []
    if (text !== undefined) for (const element of open) element.text += decode(text)
    else if (tag === undefined) throw new Error(`No page of ours has this: ${source.slice(at, at + 80)}`)
    else if (slash === '/') {
      if (open.pop()?.tag !== tag) throw new Error(`</${tag}> closes nothing.`)
    } else {
      const path = [...open.map((one) => one.tag), tag].join('>')
      const element = { tag, path, attributes: attributesOf(attributes), text: '' }
      elements.push(element)
      if (!EMPTY.includes(tag)) open.push(element)
    }
  }
  if (open.length > 0) throw new Error(`Not closed: ${open.map(({ tag }) => tag).join()}`)
  for (const element of elements) element.text = element.text.replace(/\s+/g, ' ').trim()
  return elements
}

const attributesOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    Array.from(text.matchAll(/([a-z-]+)(?:="([^"]*)")?/g), ([, name = '', value = '']): [string, string] => [
      name,
      decode(value),
    ]),
  )

/** The pages write no references but these. */
const decode = (text: string): string =>
  text.replace(/&(?:#(\d+);)?/g, (reference, code?: string) => {
    if (code === undefined) throw new Error(`A bare ${reference} in ${text.slice(0, 80)}`)
    return String.fromCharCode(Number(code))
  })

/** The page of an answer. */
export const pageOf = (answer: Response): Page => new Page(answer.text)

/** Go to a page as a person does. */
export const visit = (browser: Browser, path: string): Test => browser.get(path).set('Accept', NAVIGATION)

/** Send what a form sends. */
export const submit = (
  browser: Browser,
  path: string,
  fields: Readonly<Record<string, string | readonly string[]>> = {},
): Test => browser.post(path).set('Accept', NAVIGATION).type('form').send(fields)

/** Send a form that stands on a page, with what was typed into it. */
export const fillIn = (browser: Browser, form: Form, typed: Readonly<Record<string, string>> = {}): Test =>
  submit(browser, form.action, { ...form.fields, ...typed })

/** The page behind a path. */
export const pageAt = async (browser: Browser, path: string): Promise<Page> =>
  pageOf(await visit(browser, path).expect(200))

/** Where an answer sends a browser. */
export const locationOf = ({ status, headers }: Response): string =>
  `${status} ${(headers as Record<string, string>)['location'] ?? ''}`

export async function signIn(app: Pick<TestApp, 'browser'>, name: string): Promise<Browser> {
  const browser = app.browser()
  await browser.post('/login').send({ name }).expect(204)
  return browser
}

/** Somebody who has enrolled, in a browser that has shown the second factor. */
export interface PersonOfPages extends EnrolledPerson {
  readonly name: string
  readonly browser: Browser
  /** What the phone shows now; the next one is a new one. */
  readonly nextCode: () => string
}

/** Enrol, and step on: the next code of the phone is a new one. */
export async function enrolled(app: TestApp, name: string, browser = app.browser()): Promise<PersonOfPages> {
  const person = await enrolThroughRouter(app, browser, name)
  const nextCode = () => {
    app.clock.advance(30)
    return person.phone.codeAt(app.clock.now())
  }
  return { ...person, name, browser, nextCode }
}

/** The same, in another browser that has shown the first factor alone. */
export async function pending(app: TestApp, name: string): Promise<PersonOfPages> {
  const person = await enrolled(app, name)
  return { ...person, browser: await signIn(app, name) }
}

/** What stands on a page that has a QR code. */
export function readScan(page: Page) {
  const [form] = page.forms.filter(({ action }) => action.startsWith('/2fa/setup/'))
  const { src = '' } = page.all('img')[0]?.attributes ?? {}
  const { href = '' } = page.all('a')[0]?.attributes ?? {}
  return { form: form as Form, src, href, key: page.the('id', 'key').text, uri: form?.fields['uri'] ?? '' }
}

/** The backup codes that an answer shows. */
export const codesOf = (answer: Response): readonly string[] =>
  pageOf(answer)
    .all('li')
    .map(({ text }) => text)
