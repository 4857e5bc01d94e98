import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import { useRefresh } from './refresh'

const nextKey = ['next-reminder']

/** The next reminder that one's choices would produce. */
export const useNextReminder = (enabled: MaybeRefOrGetter<boolean> = true) =>
  useQuery({
    key: nextKey,
    query: () => answer(api.GET('/api/me/reminders/next')),
    enabled: () => toValue(enabled),
    staleTime: 0,
  })

export function useReminderRefresh() {
  const refresh = useRefresh()
  return () => refresh(nextKey)
}

export const fetchPushKey = async () => (await answer(api.GET('/api/push/key'))).key

export const subscribe = (endpoint: string, keys: { p256dh: string; auth: string }) =>
  answer(api.POST('/api/me/push-subscriptions', { body: { endpoint, keys } }))

export const unsubscribe = (endpoint: string) =>
  answer(api.DELETE('/api/me/push-subscriptions', { body: { endpoint } }))
