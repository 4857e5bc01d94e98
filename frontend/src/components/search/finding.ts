import type { LocationQuery, LocationQueryRaw } from 'vue-router'

export const foundOrders = ['relevance', 'newest', 'rating', 'popular', 'title'] as const
export type FoundOrder = (typeof foundOrders)[number]

const formats = ['epub', 'pdf', 'markdown'] as const

/** What is searched and how it is narrowed down and ordered; what is absent does not matter. */
export interface Finding {
  q?: string
  section?: string
  author?: string
  language?: string
  format?: (typeof formats)[number]
  sort?: FoundOrder
}

/** What narrows a search down, each to one value. */
export const filters = ['section', 'author', 'language', 'format'] as const
export type Filter = (typeof filters)[number]

// As long as the API takes them; what is longer in an address is nobody's search.
const longest = { q: 200, section: 64, author: 200 }
const languageTag = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/

const known = <T extends string>(values: readonly T[], text: string) => values.find((value) => value === text)

/** What an address asks for. What it asks for in vain (an unknown order, an empty word) is left out. */
export function findingOf(query: LocationQuery): Finding {
  const text = (name: string) => {
    const value = query[name]
    return ((Array.isArray(value) ? value[0] : value) ?? '').trim()
  }
  const short = (name: keyof typeof longest) => [...text(name)].slice(0, longest[name]).join('')
  return without({
    q: short('q'),
    section: short('section'),
    author: short('author'),
    language: languageTag.test(text('language')) ? text('language') : undefined,
    format: known(formats, text('format')),
    sort: known(foundOrders, text('sort')),
  })
}

/** The address's part that asks for `finding`, always in the same order, so that it is one address. */
export const queryOf = ({ q, section, author, language, format, sort }: Finding): LocationQueryRaw =>
  without({ q, section, author, language, format, sort }) as LocationQueryRaw

const without = (finding: Finding): Finding =>
  Object.fromEntries(Object.entries(finding).filter(([, value]) => value))

/** The order a list stands in where none is asked for: as the API has it. */
export const orderOf = ({ q, sort }: Finding): FoundOrder => sort ?? (q ? 'relevance' : 'newest')

/** The orders that make sense: nothing is relevant to no words. */
export const ordersOf = ({ q }: Finding) => foundOrders.filter((order) => q || order !== 'relevance')

/** Whether the values of a filter are worth a list: what all books share tells none apart, but can be taken off. */
export const tellsApart = (values: readonly unknown[], chosen: string | undefined) =>
  values.length > 1 || (values.length === 1 && chosen !== undefined)
