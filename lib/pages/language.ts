import type { Request } from 'express'
import { checkNames } from '../check.js'
import type { PageMessages } from './messages/en.js'
import { LANGUAGES } from './messages/languages.js'

/** One language, with what it takes to say a sentence in it. */
export interface Language {
  /** BCP 47, for the `lang` attribute. */
  readonly tag: string
  /** For the `dir` attribute. */
  readonly direction: 'ltr' | 'rtl'
  /** All texts of the pages. */
  readonly messages: PageMessages
  /** A message with the names in its braces filled in: plain text, not yet escaped. */
  fill(this: void, message: string, values: Readonly<Record<string, string | number>>): string
  /** A number of seconds, in words: "30 days". */
  duration(this: void, seconds: number): string
  /** The day of an instant in epoch milliseconds, as UTC has it. */
  date(this: void, instant: number): string
}

/** Options of what the pages say. */
export interface LanguageOptions {
  /** A BCP 47 tag, or what to find it by for a request. Default: what the browser asks for in `Accept-Language`. */
  readonly language?: string | ((req: Request) => string | undefined)
  /** Texts in place of the pages' own, by language; a language of yours begins with the English ones. */
  readonly messages?: Readonly<Record<string, Partial<PageMessages>>>
}

/**
 * Read the options of the language.
 *
 * @throws TypeError naming what cannot be used
 */
export function languageOf(caller: string, options: LanguageOptions): (req: Request) => Language {
  const { language, messages = {} } = options
  if (!isObject(messages)) {
    throw new TypeError(`${caller}: messages must be an object, with texts by language.`)
  }
  const languages = new Map<string, Language>()
  for (const tag of Object.keys({ ...LANGUAGES, ...messages })) {
    checkMessages(caller, tag, messages[tag])
    languages.set(tag, newLanguage(tag, { ...(LANGUAGES[tag] ?? ENGLISH), ...messages[tag] }))
  }
  const tags = [...languages.keys()]
  if (language !== undefined && typeof language !== 'function' && !languages.has(language)) {
    throw new TypeError(`${caller}: language must be one of ${tags.join(', ')}, or a function.`)
  }
  return (req) => {
    const wanted = typeof language === 'function' ? language(req) : language
    // Whatever is no text, a function's null among it, is no wish.
    const asked = typeof wanted === 'string' ? nearest(wanted, tags) : req.acceptsLanguages(tags) || FALLBACK
    return languages.get(asked) as Language
  }
}

const FALLBACK = 'en'
const ENGLISH = LANGUAGES[FALLBACK] as PageMessages

/** The tag itself, else the language that it is a kind of, else English. */
function nearest(wanted: string, tags: readonly string[]): string {
  const [primary = ''] = wanted.split('-')
  return [wanted, primary].find((tag) => tags.includes(tag)) ?? FALLBACK
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

function checkMessages(caller: string, tag: string, messages: unknown): void {
  if (!isTag(tag)) throw new TypeError(`${caller}: messages has "${tag}", which is no language tag.`)
  if (messages === undefined) return
  checkNames(`${caller}: messages.${tag}`, messages, Object.keys(ENGLISH))
  for (const [name, text] of Object.entries(messages as object)) {
    if (typeof text !== 'string') throw new TypeError(`${caller}: messages.${tag}.${name} must be a text.`)
  }
}

function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

function newLanguage(tag: string, messages: PageMessages): Language {
  const isRightToLeft = /^(?:ar|fa|he|ur)\b/.test(tag)
  const dates = new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeZone: 'UTC' })
  return {
    tag,
    direction: isRightToLeft ? 'rtl' : 'ltr',
    messages,
    fill: (message, values) =>
      message.replace(/\{(\w+)\}/g, (braces, name: string) => {
        const value = values[name]
        if (value === undefined) return braces
        // Names of devices and browsers run the other way: without these marks they would turn the sentence around.
        return isRightToLeft ? `\u2068${value}\u2069` : String(value)
      }),
    duration(seconds) {
      const [unit, length] =
        seconds >= DAY
          ? (['day', DAY] as const)
          : seconds > 90
            ? (['minute', 60] as const)
            : (['second', 1] as const)
      return new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(
        Math.ceil(seconds / length),
      )
    },
    date: (instant) => dates.format(instant),
  }
}

const DAY = 86_400
