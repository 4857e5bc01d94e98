import { useInfiniteQuery, type EntryKey } from '@pinia/colada'
import { computed, type MaybeRefOrGetter } from 'vue'
import type { Page } from '@/api/models'

/** A list that the API gives by pages, as one list that grows. */
export function useListing<T>(options: {
  key: MaybeRefOrGetter<EntryKey>
  page: (cursor: string | undefined) => Promise<Page<T>>
  enabled?: MaybeRefOrGetter<boolean>
}) {
  const query = useInfiniteQuery<Page<T>, Error, string | undefined>({
    key: options.key,
    query: ({ pageParam }) => options.page(pageParam),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next_cursor,
    enabled: options.enabled ?? true,
  })
  return {
    items: computed(() => query.data.value?.pages.flatMap((page) => page.items) ?? []),
    isPending: computed(() => query.status.value === 'pending'),
    isLoading: query.isLoading,
    error: query.error,
    hasMore: query.hasNextPage,
    more: () => query.loadNextPage(),
    refetch: () => query.refetch(),
  }
}
