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

/** The newest books, of one section or of all. */
export const useBooks = (section?: MaybeRefOrGetter<string>) =>
  useListing<Book>({
    key: () => [...catalogueKeys.books, 'list', toValue(section) ?? 'all'],
    page: (cursor) =>
      answer(
        api.GET('/api/books', {
          params: { query: { sort: 'newest', section: toValue(section), cursor, limit: 24 } },
        }),
      ),
  })

export const useBook = (id: MaybeRefOrGetter<string>) =>
  useQuery({
    key: () => [...catalogueKeys.books, toValue(id)],
    query: () => answer(api.GET('/api/books/{book_id}', { params: { path: { book_id: toValue(id) } } })),
  })

/** How many copies of a book are there now, and how many are free. */
export const useAvailability = (id: MaybeRefOrGetter<string>) =>
  useQuery({
    key: () => [...catalogueKeys.availability, toValue(id)],
    query: async () => {
      const book = toValue(id)
      return (await answer(api.GET('/api/availability', { params: { query: { ids: book } } })))[book] ?? null
    },
  })

export const useSections = () =>
  useListing({
    key: [...catalogueKeys.sections, 'list'],
    page: (cursor) =>
      answer(api.GET('/api/sections', { params: { query: { sort: 'name', cursor, limit: 100 } } })),
  })

export const useSection = (id: MaybeRefOrGetter<string>) =>
  useQuery({
    key: () => [...catalogueKeys.sections, toValue(id)],
    query: () =>
      answer(api.GET('/api/sections/{section_id}', { params: { path: { section_id: toValue(id) } } })),
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
    changeBook: (id: string, body: BookChange) =>
      changed(answer(api.PATCH('/api/books/{book_id}', { params: { path: { book_id: id } }, body }))),
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
