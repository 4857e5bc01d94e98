import { useInfiniteQuery, type EntryKey } from '@pinia/colada'
import { computed, type MaybeRefOrGetter } from 'vue'
import type { Page } from '@/api/models'

/**
 * A list that the API gives by pages, as one list that grows. With `keeps`, what was listed stays until what another
 * key asks for has come, and the list lasts a while after it is left, so that one finds one's place again.
 */
export function useListing<T, P extends Page<T> = Page<T>>(options: {
  key: MaybeRefOrGetter<EntryKey>
  page: (cursor: string | undefined, signal: AbortSignal) => Promise<P & Page<T>>
  enabled?: MaybeRefOrGetter<boolean>
  keeps?: boolean
}) {
  const query = useInfiniteQuery<P, Error, string | undefined>({
    key: options.key,
    query: ({ pageParam, signal }) => options.page(pageParam, signal),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next_cursor,
    enabled: options.enabled ?? true,
    ...(options.keeps && { placeholderData: (last) => last, staleTime: 120_000, gcTime: 1_800_000 }),
  })
  return {
    items: computed(() => query.data.value?.pages.flatMap((page) => page.items) ?? []),
    /** The first page, which says what concerns all of them. */
    first: computed(() => query.data.value?.pages[0]),
    /** Whether what is listed is what was asked for before. */
    isOld: query.isPlaceholderData,
    isPending: computed(() => query.status.value === 'pending'),
    isLoading: query.isLoading,
    error: query.error,
    hasMore: query.hasNextPage,
    more: () => query.loadNextPage(),
    refetch: () => query.refetch(),
  }
}
