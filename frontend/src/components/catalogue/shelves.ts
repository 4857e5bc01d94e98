import type { Book, Page, Section } from '@/api/models'

type Shelf<T> = Page<T> | undefined

const sameOnes = (some: { id: string }[], others: { id: string }[]) =>
  some.length === others.length && some.every(({ id }) => others.some((other) => other.id === id))

const rated = <T extends { rating_count: number }>(items: T[]) =>
  items.filter((item) => item.rating_count > 0)

/** How many books the shelf of the most borrowed shows, and how many a library has before it says anything. */
const mostBorrowed = 8

/**
 * What stands on the shelves of the first page. A shelf that would hold what another holds already, or nothing, is
 * empty here and not shown; so is one that has not come yet.
 */
export function booksOnShelves(newest: Shelf<Book>, popular: Shelf<Book>, rating: Shelf<Book>) {
  const fresh = newest?.items ?? []
  const isLarge = fresh.length > mostBorrowed || Boolean(newest?.next_cursor)
  const best = rated(rating?.items ?? [])
  const lent = isLarge ? (popular?.items ?? []).slice(0, mostBorrowed) : []
  return {
    newest: fresh,
    popular: lent,
    rating: sameOnes(best, fresh) || sameOnes(best, lent) ? [] : best,
  }
}

export function sectionsOnShelves(newest: Shelf<Section>, rating: Shelf<Section>) {
  const fresh = newest?.items ?? []
  const best = rated(rating?.items ?? [])
  return { newest: fresh, rating: sameOnes(best, fresh) ? [] : best }
}
