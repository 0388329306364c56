import { ar } from './ar.js'
import { de } from './de.js'
import { en, type PageMessages } from './en.js'
import { es } from './es.js'
import { fr } from './fr.js'
import { ja } from './ja.js'

/** The languages that the pages speak, by BCP 47 tag. */
export const LANGUAGES: Readonly<Record<string, PageMessages>> = { en, de, fr, es, ja, ar }
