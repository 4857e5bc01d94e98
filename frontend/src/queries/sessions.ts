import { useQuery } from '@pinia/colada'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import { useRefresh } from './refresh'

const sessionsKey = ['sessions']

/** Where one is signed in: here first, then as it was used last. */
export const useSessions = () =>
  useQuery({
    key: sessionsKey,
    query: async () => {
      const { items } = await answer(api.GET('/api/me/sessions'))
      return items.sort(
        (a, b) => Number(b.current) - Number(a.current) || b.refreshed_at.localeCompare(a.refreshed_at),
      )
    },
  })

export function useEndingSession() {
  const refresh = useRefresh()
  return async (session_id: string) => {
    await answer(api.DELETE('/api/me/sessions/{session_id}', { params: { path: { session_id } } }))
    refresh(sessionsKey)
  }
}
