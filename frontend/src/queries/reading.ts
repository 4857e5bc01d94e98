import { answer } from '@/api/access'
import { api } from '@/api/client'
import { problemFrom, problemOf } from '@/api/problem'

// The Date header counts whole seconds and the answer took its time: less than this says nothing.
const noise = 5_000

/**
 * How a book is read now: its format, a short-lived address, and when it closes by this device's clock, which may
 * be wrong by hours where the library's is right.
 */
export async function openReading(id: string) {
  const call = api.GET('/api/books/{book_id}/read', { params: { path: { book_id: id } } })
  const reading = await answer(call)
  const { response } = await call
  const ahead = Date.now() - Date.parse(response.headers.get('Date') ?? '')
  const drift = Math.abs(ahead) > noise ? ahead : 0
  return { ...reading, closes_at: reading.due_at && new Date(Date.parse(reading.due_at) + drift) }
}

/** The book's file from its short-lived address, which needs no sign-in. */
export async function fetchContent(url: string, signal?: AbortSignal): Promise<Blob> {
  const response = await fetch(url, { signal, credentials: 'omit' }).catch((thrown: unknown): never => {
    throw problemOf(thrown)
  })
  if (!response.ok) throw problemFrom(response, null)
  return response.blob()
}
