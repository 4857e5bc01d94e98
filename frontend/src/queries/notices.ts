import { useQuery } from '@pinia/colada'
import { computed } from 'vue'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { Notice } from '@/api/models'
import { useListing } from './listing'
import { useRefresh } from './refresh'

const noticesKey = ['notices']
const newest = 5

/** The newest of what one is told, and how much of all of it is unread. */
export const useNewestNotices = () =>
  useQuery({
    key: [...noticesKey, 'newest'],
    query: async () => {
      const { items, unread } = await answer(
        api.GET('/api/notifications', { params: { query: { limit: newest } } }),
      )
      return { items: items as Notice[], unread }
    },
  })

/** All that one is told, newest first. */
export function useNotices() {
  const list = useListing({
    key: [...noticesKey, 'list'],
    page: (cursor) => answer(api.GET('/api/notifications', { params: { query: { cursor, limit: 30 } } })),
  })
  return { ...list, items: computed(() => list.items.value as Notice[]) }
}

/** Notes that these were read, or all of it. */
export function useReading() {
  const refresh = useRefresh()
  return async (what: { ids: string[] } | { all: true }) => {
    await answer(api.POST('/api/notifications/read', { body: what }))
    refresh(noticesKey)
  }
}
