import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { Book, BookChange, NewBook, SectionText } from '@/api/models'
import { useListing } from './listing'
import { useRefresh } from './refresh'

export const catalogueKeys = {
  library: ['library'],
  books: ['books'],
  sections: ['sections'],
  availability: ['availability'],
}

/** What everyone may know of the library. */
export const useLibrary = () =>
  useQuery({
    key: catalogueKeys.library,
    query: () => answer(api.GET('/api/library')),
    staleTime: 300_000,
  })

export const sectionOrders = ['name', 'newest', 'rating'] as const
export type SectionOrder = (typeof sectionOrders)[number]

/** How many books stand on a shelf of the first page, and how many sections. */
export const shelfLength = 12
const sectionShelfLength = 6

export type ShelfOrder = 'newest' | 'popular' | 'rating'

/** The first books in an order: a shelf of the first page. */
export const useShelf = (sort: ShelfOrder) =>
  useQuery({
    key: [...catalogueKeys.books, 'shelf', sort],
    query: () => answer(api.GET('/api/books', { params: { query: { sort, limit: shelfLength } } })),
  })

export const useSectionShelf = (sort: SectionOrder) =>
  useQuery({
    key: [...catalogueKeys.sections, 'shelf', sort],
    query: () => answer(api.GET('/api/sections', { params: { query: { sort, limit: sectionShelfLength } } })),
  })

export const useBook = (id: MaybeRefOrGetter<string>) =>
  useQuery({
    key: () => [...catalogueKeys.books, toValue(id)],
    query: () => answer(api.GET('/api/books/{book_id}', { params: { path: { book_id: toValue(id) } } })),
  })

/** The book as it is now, with the mark of this version, by which a change made on an older one is refused. */
export async function fetchVersion(id: string): Promise<{ book: Book; version: string | undefined }> {
  const call = api.GET('/api/books/{book_id}', { params: { path: { book_id: id } } })
  const book = await answer(call)
  return { book, version: (await call).response.headers.get('ETag') ?? undefined }
}

export const useContents = (id: MaybeRefOrGetter<string>) =>
  useQuery({
    key: () => [...catalogueKeys.books, toValue(id), 'contents'],
    query: async () => {
      const params = { path: { book_id: toValue(id) } }
      return (await answer(api.GET('/api/books/{book_id}/contents', { params }))).items
    },
  })

export const useAvailability = (id: MaybeRefOrGetter<string>) =>
  useQuery({
    key: () => [...catalogueKeys.availability, toValue(id)],
    query: async () => {
      const book = toValue(id)
      return (await answer(api.GET('/api/availability', { params: { query: { ids: book } } })))[book] ?? null
    },
  })

export const useSections = (order: MaybeRefOrGetter<SectionOrder> = 'name') =>
  useListing({
    key: () => [...catalogueKeys.sections, 'list', toValue(order)],
    page: (cursor) =>
      answer(api.GET('/api/sections', { params: { query: { sort: toValue(order), cursor, limit: 100 } } })),
  })

export const useSection = (id: MaybeRefOrGetter<string | undefined>) =>
  useQuery({
    key: () => [...catalogueKeys.sections, toValue(id) ?? ''],
    query: () =>
      answer(api.GET('/api/sections/{section_id}', { params: { path: { section_id: toValue(id) ?? '' } } })),
    enabled: () => toValue(id) !== undefined,
  })

/** The librarian's changes to the catalogue. Whatever shows what was changed is fetched again. */
export function useCatalogueChanges() {
  const refreshKey = useRefresh()

  function refresh(removed?: string) {
    refreshKey(catalogueKeys.books, (key) => removed !== undefined && key[1] === removed)
    refreshKey(catalogueKeys.sections)
    refreshKey(catalogueKeys.availability)
  }

  async function changed<T>(call: Promise<T>): Promise<T> {
    const result = await call
    refresh()
    return result
  }

  return {
    refresh: () => refresh(),
    addBook: (body: NewBook) => changed(answer(api.POST('/api/books', { body }))),
    /** With a version, the change is refused (412) where the book has another one by now. */
    changeBook: (id: string, body: BookChange, version?: string) => {
      const params = { path: { book_id: id }, header: { 'If-Match': version } }
      // openapi-fetch takes a field that can only be null for one that is only read.
      const sent = body as Omit<BookChange, 'cover_url'>
      return changed(answer(api.PATCH('/api/books/{book_id}', { params, body: sent })))
    },
    /** `end_loans` ends the book's open loans with it; without it a book that is out is not removed. */
    async removeBook(id: string, end_loans: boolean) {
      const params = { path: { book_id: id }, query: { end_loans } }
      await answer(api.DELETE('/api/books/{book_id}', { params }))
      refresh(id)
    },
    addSection: (body: SectionText) => changed(answer(api.POST('/api/sections', { body }))),
    changeSection: (id: string, body: SectionText) =>
      changed(
        answer(api.PATCH('/api/sections/{section_id}', { params: { path: { section_id: id } }, body })),
      ),
    removeSection: (id: string) =>
      changed(answer(api.DELETE('/api/sections/{section_id}', { params: { path: { section_id: id } } }))),
  }
}
