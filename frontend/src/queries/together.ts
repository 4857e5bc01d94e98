import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { components } from '@/api/schema'
import { Problem, problemOf } from '@/api/problem'

export type BooksChange = Omit<components['schemas']['BooksChange'], 'ids'>

/** What came of one book among several. */
export interface BookResult {
  id: string
  problem: Problem | null
}

const atOnce = 100
const removingAtOnce = 3

/** Makes the same change of several books, a hundred at a time. `onDone` hears how many are through. */
export async function changeTogether(
  ids: readonly string[],
  change: BooksChange,
  onDone: (count: number) => void,
): Promise<BookResult[]> {
  const all: BookResult[] = []
  for (let start = 0; start < ids.length; start += atOnce) {
    const part = ids.slice(start, start + atOnce)
    const { results } = await answer(api.POST('/api/books/batch', { body: { ...change, ids: part } }))
    for (const { id, ok, problem } of results) {
      const rule = problem?.type.split(/[/:#]/).pop() ?? ''
      all.push({
        id: id ?? '',
        problem: ok
          ? null
          : new Problem(
              problem?.status ?? 500,
              rule === 'blank' ? '' : rule,
              problem?.title ?? '',
              problem?.detail ?? '',
            ),
      })
    }
    onDone(all.length)
  }
  return all
}

/** Removes several books. One that patrons have, or have asked for, stays. */
export async function removeTogether(
  ids: readonly string[],
  onDone: (count: number) => void,
): Promise<BookResult[]> {
  const all: BookResult[] = []
  const rest = [...ids]
  async function work() {
    for (let id = rest.shift(); id !== undefined; id = rest.shift()) {
      const params = { path: { book_id: id }, query: { end_loans: false } }
      const problem = await answer(api.DELETE('/api/books/{book_id}', { params })).then(
        () => null,
        (thrown: unknown) => problemOf(thrown),
      )
      // Gone is gone, whoever removed it.
      all.push({ id, problem: problem?.status === 404 ? null : problem })
      onDone(all.length)
    }
  }
  await Promise.all(Array.from({ length: removingAtOnce }, work))
  return all
}
