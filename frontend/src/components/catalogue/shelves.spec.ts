import { describe, expect, it } from 'vitest'
import type { Book, Section } from '@/api/models'
import { booksOnShelves, sectionsOnShelves } from './shelves'

const page = <T>(items: object[], more = false) => ({
  items: items as T[],
  next_cursor: more ? 'further' : null,
})
const books = (count: number, rated = 0) =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, rating_count: n < rated ? 1 : 0 }))

describe('the shelves of the first page', () => {
  it('are one in a small library that nobody has rated', () => {
    const all = page<Book>(books(5))
    expect(booksOnShelves(all, all, all)).toEqual({ newest: all.items, popular: [], rating: [] })
  })

  it('show the best rated only of the rated', () => {
    const all = page<Book>(books(12, 3), true)
    const { rating } = booksOnShelves(all, page([]), all)
    expect(rating.map(({ id }) => id)).toEqual(['0', '1', '2'])
  })

  it('do not show the same few books twice', () => {
    const all = page<Book>(books(4, 4))
    expect(booksOnShelves(all, all, page([...all.items].reverse())).rating).toEqual([])
  })

  it('show the most borrowed of a library that has more than one row of them', () => {
    const all = page<Book>(books(9))
    expect(booksOnShelves(all, all, all).popular).toHaveLength(8)
  })

  it('are empty while nothing has come', () => {
    expect(booksOnShelves(undefined, undefined, undefined)).toEqual({ newest: [], popular: [], rating: [] })
  })

  it('show the best rated sections only where they are not simply the newest', () => {
    const newest = page<Section>(books(6, 2), true)
    expect(sectionsOnShelves(newest, newest).rating).toHaveLength(2)
    const few = page<Section>(books(2, 2))
    expect(sectionsOnShelves(few, few).rating).toEqual([])
  })
})
