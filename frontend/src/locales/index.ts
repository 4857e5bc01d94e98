import { createI18n } from 'vue-i18n'
import en from './en.json'

export const languages = { en: 'English', ar: 'العربية', fr: 'Français', hi: 'हिन्दी' } as const
export type Language = keyof typeof languages

type Messages = typeof en

const loaders: Record<Exclude<Language, 'en'>, () => Promise<{ default: Messages }>> = {
  ar: () => import('./ar.json'),
  fr: () => import('./fr.json'),
  hi: () => import('./hi.json'),
}

/** Chooses among a message's forms by CLDR's plural rules, in CLDR's order of the categories a language has. */
function pluralOf(language: Language) {
  const rules = new Intl.PluralRules(language)
  const order = ['zero', 'one', 'two', 'few', 'many', 'other'].filter((category) =>
    (rules.resolvedOptions().pluralCategories as string[]).includes(category),
  )
  return (count: number, forms: number) => Math.min(order.indexOf(rules.select(count)), forms - 1)
}

export const i18n = createI18n<[Messages], Language, false>({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<Language, Messages>,
  pluralRules: Object.fromEntries(
    (Object.keys(languages) as Language[]).map((language) => [language, pluralOf(language)]),
  ),
})

/** Words that only some pages need come with those pages, each part from a folder of its name. */
type Part = 'desk' | 'notices'
const partLoaders = import.meta.glob<{ default: object }>('./*/*.json')
const partsInUse = new Set<Part>()
const brought = new Set<string>()

async function bring(part: Part, language: Language) {
  const path = `./${part}/${language}.json`
  const words = await partLoaders[path]?.()
  if (!words || brought.has(path)) return
  i18n.global.mergeLocaleMessage(language, words.default)
  brought.add(path)
}

/** Brings a part of the words in the language that is shown, and from then on in each that is shown later. */
export async function bringWords(part: Part) {
  partsInUse.add(part)
  await bring(part, i18n.global.locale.value)
}

/** Loads a page together with its part of the words. */
export const withWords =
  <T>(page: () => Promise<T>, ...parts: Part[]) =>
  async (): Promise<T> =>
    (await Promise.all([page(), ...parts.map(bringWords)]))[0]

const visitKey = 'carrel.visit-language'

function isLanguage(tag: string | null | undefined): tag is Language {
  return tag != null && tag in languages
}

/** The language asked for by `?lang=` for this visit alone, if any. */
function visitLanguage(): Language | null {
  const asked = new URLSearchParams(location.search).get('lang')
  if (isLanguage(asked)) sessionStorage.setItem(visitKey, asked)
  const kept = sessionStorage.getItem(visitKey)
  return isLanguage(kept) ? kept : null
}

/** From here on the preference counts again: the person has just chosen a language. */
export const endVisitLanguage = () => sessionStorage.removeItem(visitKey)

/** Shows the app in `language`, unless this visit was asked for in another. */
export async function showLanguage(language: string | null | undefined) {
  const chosen = visitLanguage() ?? (isLanguage(language) ? language : 'en')
  if (chosen !== 'en' && !i18n.global.availableLocales.includes(chosen))
    i18n.global.setLocaleMessage(chosen, (await loaders[chosen]()).default)
  await Promise.all([...partsInUse].map((part) => bring(part, chosen)))
  i18n.global.locale.value = chosen
  document.documentElement.lang = chosen
  document.documentElement.dir = chosen === 'ar' ? 'rtl' : 'ltr'
}

/** The first of the browser's languages that the app speaks. */
export const deviceLanguage = (): Language =>
  navigator.languages.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en'

/** Starts in the visit's language, or the device's. */
export const startLanguage = () => showLanguage(deviceLanguage())
