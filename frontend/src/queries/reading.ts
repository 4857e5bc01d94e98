import { answer } from '@/api/access'
import { api } from '@/api/client'
import { problemFrom, problemOf } from '@/api/problem'

/** How a book is read now: its format, a short-lived address, when the loan ends. */
export const openReading = (id: string) =>
  answer(api.GET('/api/books/{book_id}/read', { params: { path: { book_id: id } } }))

/** The book's file from its short-lived address, which needs no sign-in. */
export async function fetchContent(url: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(url, { signal, credentials: 'omit' }).catch((thrown: unknown): never => {
    throw problemOf(thrown)
  })
  if (!response.ok) throw problemFrom(response, null)
  return response.blob()
}
