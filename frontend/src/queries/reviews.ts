import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { Review, ReviewText } from '@/api/models'
import { Problem } from '@/api/problem'
import { catalogueKeys } from './catalogue'
import { useListing } from './listing'
import { useRefresh } from './refresh'

const reviewsKey = (book: string) => ['reviews', book]

export const useReviews = (book: MaybeRefOrGetter<string>) =>
  useListing<Review>({
    key: () => [...reviewsKey(toValue(book)), 'list'],
    page: (cursor) =>
      answer(
        api.GET('/api/books/{book_id}/reviews', {
          params: { path: { book_id: toValue(book) }, query: { cursor, limit: 25 } },
        }),
      ),
  })

/** One's own review of a book, null where there is none. */
export const useOwnReview = (book: MaybeRefOrGetter<string>, enabled: MaybeRefOrGetter<boolean>) =>
  useQuery({
    key: () => [...reviewsKey(toValue(book)), 'own'],
    query: async () => {
      try {
        return await answer(
          api.GET('/api/books/{book_id}/review', { params: { path: { book_id: toValue(book) } } }),
        )
      } catch (thrown) {
        if (thrown instanceof Problem && (thrown.status === 404 || thrown.status === 403)) return null
        throw thrown
      }
    },
    enabled,
  })

export function useReviewing(book: MaybeRefOrGetter<string>) {
  const refresh = useRefresh()

  async function changed<T>(call: Promise<T>): Promise<T> {
    const result = await call
    refresh(reviewsKey(toValue(book)))
    refresh([...catalogueKeys.books, toValue(book)])
    return result
  }

  const path = () => ({ params: { path: { book_id: toValue(book) } } })

  return {
    write: (body: ReviewText) => changed(answer(api.PUT('/api/books/{book_id}/review', { ...path(), body }))),
    /** The librarian's: the words are no longer shown to readers. */
    hide: (review_id: string) =>
      changed(answer(api.POST('/api/reviews/{review_id}/hide', { params: { path: { review_id } } }))),
    remove: () => changed(answer(api.DELETE('/api/books/{book_id}/review', path()))),
  }
}
