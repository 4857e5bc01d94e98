import { useQuery } from '@pinia/colada'
import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { Book, Books } from '@/api/models'
import type { Finding } from '@/components/search/finding'
import { catalogueKeys } from './catalogue'
import { useListing } from './listing'

/** By whole letters, some of which are two units long. */
const shortened = (text: string, most: number) => [...text].slice(0, most).join('')

/** How many books come at a time: full rows of two, three, four and six. */
const atOnce = 24

/** The books that `finding` finds; all of them where it asks for nothing. */
export const useFound = (finding: MaybeRefOrGetter<Finding>, enabled: MaybeRefOrGetter<boolean> = true) =>
  useListing<Book, Books>({
    key: () => [...catalogueKeys.books, 'found', { ...toValue(finding) }],
    page: (cursor, signal) =>
      answer(
        api.GET('/api/books', { params: { query: { ...toValue(finding), cursor, limit: atOnce } }, signal }),
      ),
    enabled,
    keeps: true,
  })

/**
 * How many books of a section there are in each language and format. The newest of a section are listed without being
 * searched, and come without these counts.
 */
export const useSectionFacets = (section: MaybeRefOrGetter<string | undefined>) =>
  useQuery({
    key: () => [...catalogueKeys.books, 'facets', toValue(section) ?? ''],
    query: () => {
      const query = { section: toValue(section), sort: 'title', limit: 1 } as const
      return answer(api.GET('/api/books', { params: { query } }))
    },
    enabled: () => toValue(section) !== undefined,
    staleTime: 120_000,
  })

const sectionsShown = 6

/** The sections whose name `words` find. */
export const useFoundSections = (words: MaybeRefOrGetter<string | undefined>) =>
  useQuery({
    key: () => [...catalogueKeys.sections, 'found', toValue(words) ?? ''],
    query: async ({ signal }) => {
      const query = { q: shortened(toValue(words) ?? '', 100), limit: sectionsShown }
      return (await answer(api.GET('/api/sections', { params: { query }, signal }))).items
    },
    enabled: () => Boolean(toValue(words)),
  })

const pause = 150

/** `text`, once nothing was typed for a moment; at once where it is emptied. */
export function useSettled(text: MaybeRefOrGetter<string>, wait = pause) {
  const settled = ref(toValue(text).trim())
  watch(
    () => toValue(text).trim(),
    (now, _, onCleanup) => {
      if (!now) {
        settled.value = ''
        return
      }
      const timer = setTimeout(() => {
        settled.value = now
      }, wait)
      onCleanup(() => clearTimeout(timer))
    },
  )
  return settled
}

/** What somebody who types `text` may mean. While the next letters are looked up, what was there stays. */
export function useSuggestions(text: MaybeRefOrGetter<string>) {
  const settled = useSettled(text)
  const query = useQuery({
    key: () => ['suggestions', settled.value],
    query: ({ signal }) =>
      answer(api.GET('/api/suggest', { params: { query: { q: settled.value } }, signal })),
    enabled: () => settled.value !== '',
    placeholderData: (last) => last,
    staleTime: 60_000,
    gcTime: 60_000,
  })
  // Completion is a help: where it fails, one searches all the same.
  return computed(() => (settled.value && !query.error.value ? (query.data.value?.items ?? []) : []))
}
