import type { Book, BookChange, GrantPolicy, NewBook, Settings } from '@/api/models'
import { keptIdentifier } from '@/components/catalogue/identifiers'
import { fractionDigits, toMinor, toWritten } from './money'

/** A book as it stands in a form: everything as a person types it. */
export type BookText = {
  title: string
  /** One on each line. */
  authors: string
  series: string
  place: string
  description: string
  language: string
  publisher: string
  subjects: string[]
  identifiers: string[]
  section_ids: string[]
  pages: string
  price: string
  copies: string
  loan_period: string
  grant: GrantPolicy
  content: string
}

/** What becomes of a cover when the book is saved: nothing, another picture, or no picture any more. */
export type CoverChange = null | File | 'none'

/** The book's own currency, or for a new one the library's. */
export const currencyOf = (book: Book | null, settings: Settings) =>
  book?.price?.currency ?? settings.currency

export function textOf(book: Book | null, settings: Settings, content: string | null): BookText {
  const digits = fractionDigits(currencyOf(book, settings))
  return {
    title: book?.title ?? '',
    authors: book?.authors.join('\n') ?? '',
    series: book?.series?.name ?? '',
    place: book?.series?.position?.toString() ?? '',
    description: book?.description ?? '',
    language: book?.language ?? '',
    publisher: book?.publisher ?? '',
    subjects: book?.subjects ?? [],
    identifiers: book?.identifiers ?? [],
    section_ids: book?.section_ids ?? [],
    pages: book?.pages?.toString() ?? '',
    price: book?.price ? toWritten(book.price.amount, digits) : '',
    copies: book?.copies?.toString() ?? '',
    loan_period: book?.loan_period ?? settings.loan_period,
    grant: book?.grant ?? settings.grant,
    content: content ?? '',
  }
}

export const authorsOf = (text: string) =>
  text
    .split('\n')
    .map((name) => name.trim())
    .filter(Boolean)

/** A place in a series as a person types it, with a point or a comma; NaN for what is no number. */
export const placeOf = (text: string) => (text.trim() ? Number(text.trim().replace(',', '.')) : null)

/** What the form says, as the library takes it. */
export function bookOf(text: BookText, currency: string): NewBook {
  const number = (written: string) => (written.trim() ? Number(written) : null)
  const amount = text.price.trim() ? toMinor(text.price, fractionDigits(currency)) : null
  return {
    title: text.title.trim(),
    authors: authorsOf(text.authors),
    series: text.series.trim() ? { name: text.series.trim(), position: placeOf(text.place) } : null,
    description: text.description.trim(),
    language: text.language.trim() || null,
    publisher: text.publisher.trim() || null,
    subjects: text.subjects,
    identifiers: text.identifiers.map(keptIdentifier),
    section_ids: text.section_ids,
    pages: number(text.pages),
    price: amount === null ? null : { amount, currency },
    copies: number(text.copies),
    loan_period: text.loan_period,
    grant: text.grant,
    content: text.content || null,
  }
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** What was changed in the form, and nothing else: what somebody else changed elsewhere stays. */
export function changesOf(before: BookText, after: BookText, currency: string): BookChange {
  const was = bookOf(before, currency)
  const now = bookOf(after, currency)
  const changed = (Object.keys(now) as (keyof NewBook)[]).filter((name) => !same(was[name], now[name]))
  return Object.fromEntries(changed.map((name) => [name, now[name]])) as BookChange
}

export const isSame = (a: BookText, b: BookText) => same(a, b)

/**
 * Brings what is there by now into a form: the fields that were not touched take it over, the others keep what was
 * typed. `theirs` names the fields that are different by now.
 */
export function merged(before: BookText, typed: BookText, now: BookText) {
  const names = Object.keys(now) as (keyof BookText & string)[]
  const theirs = names.filter((name) => !same(before[name], now[name]))
  const untouched = theirs.filter((name) => same(before[name], typed[name]))
  return { text: { ...typed, ...Object.fromEntries(untouched.map((name) => [name, now[name]])) }, theirs }
}
