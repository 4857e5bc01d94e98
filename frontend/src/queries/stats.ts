import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { answer } from '@/api/access'
import { api } from '@/api/client'

const statsKey = ['stats']

/** Days of the library's zone: the last so many, or those from one to another, both included. */
export type Span = { days: number } | { from: string; to: string }

export const useOverview = () =>
  useQuery({ key: [...statsKey, 'overview'], query: () => answer(api.GET('/api/stats/overview')) })

export const useLoansByDay = (span: MaybeRefOrGetter<Span>) =>
  useQuery({
    key: () => [...statsKey, 'loans', { ...toValue(span) }],
    query: async () => {
      const params = { query: toValue(span) }
      return (await answer(api.GET('/api/stats/loans', { params }))).items
    },
    placeholderData: (last) => last,
  })

export const useSectionsCounted = (span: MaybeRefOrGetter<Span>) =>
  useQuery({
    key: () => [...statsKey, 'sections', { ...toValue(span) }],
    query: async () => {
      const params = { query: toValue(span) }
      return (await answer(api.GET('/api/stats/sections', { params }))).items
    },
    placeholderData: (last) => last,
  })

export const useRatingsCounted = (span: MaybeRefOrGetter<Span>) =>
  useQuery({
    key: () => [...statsKey, 'ratings', { ...toValue(span) }],
    query: () => answer(api.GET('/api/stats/ratings', { params: { query: toValue(span) } })),
    placeholderData: (last) => last,
  })

const mostRead = 10

export const useMostRead = () =>
  useQuery({
    key: [...statsKey, 'books'],
    query: async () =>
      (await answer(api.GET('/api/stats/books', { params: { query: { limit: mostRead } } }))).items,
  })
