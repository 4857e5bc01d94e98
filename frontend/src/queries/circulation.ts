import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { Loan, LoanStatus } from '@/api/models'
import { catalogueKeys } from './catalogue'
import { useListing } from './listing'
import { useRefresh } from './refresh'

const loansKey = ['loans']

interface LoanFilter {
  status?: LoanStatus[]
  book?: string
}

/** Loans, newest first: a patron's own, or for the librarian everyone's. */
export function useLoans(filter: MaybeRefOrGetter<LoanFilter>, enabled: MaybeRefOrGetter<boolean> = true) {
  const query = () => {
    const { status, book } = toValue(filter)
    return { status: status?.join(','), book }
  }
  return useListing<Loan>({
    key: () => [...loansKey, query()],
    page: (cursor) => answer(api.GET('/api/loans', { params: { query: { ...query(), cursor, limit: 50 } } })),
    enabled,
  })
}

/** The caller's latest loan of a book, or null. */
export const useOwnLoan = (book: MaybeRefOrGetter<string>, enabled: MaybeRefOrGetter<boolean>) =>
  useQuery({
    key: () => [...loansKey, 'own', toValue(book)],
    query: async () => {
      const { items } = await answer(
        api.GET('/api/loans', { params: { query: { book: toValue(book), limit: 25 } } }),
      )
      return items.find(isOpen) ?? items[0] ?? null
    },
    enabled,
  })

/** Whether a loan still counts: asked for, or out. */
export const isOpen = ({ status }: Pick<Loan, 'status'>) =>
  status === 'requested' || status === 'waiting' || status === 'ready' || status === 'active'

// `crypto.randomUUID` is missing where a school serves the library without HTTPS.
const oneOffKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )

/** What patrons and the librarian do with loans. */
export function useLending() {
  const refresh = useRefresh()

  async function changed<T>(call: Promise<T>): Promise<T> {
    try {
      return await call
    } finally {
      // After a refusal too: what the page showed was no longer so.
      refresh(loansKey)
      refresh(catalogueKeys.availability)
    }
  }

  const path = (id: string) => ({ params: { path: { loan_id: id } } })

  return {
    borrow: (book_id: string) =>
      changed(
        answer(
          api.POST('/api/loans', {
            body: { book_id },
            headers: { 'Idempotency-Key': oneOffKey() },
          }),
        ),
      ),
    giveBack: (id: string) => changed(answer(api.POST('/api/loans/{loan_id}/return', path(id)))),
    cancel: (id: string) => changed(answer(api.POST('/api/loans/{loan_id}/cancel', path(id)))),
    grant: (id: string, period?: string) =>
      changed(answer(api.POST('/api/loans/{loan_id}/grant', { ...path(id), body: { period } }))),
    deny: (id: string, reason?: string) =>
      changed(answer(api.POST('/api/loans/{loan_id}/deny', { ...path(id), body: { reason } }))),
    revoke: (id: string) => changed(answer(api.POST('/api/loans/{loan_id}/revoke', path(id)))),
  }
}

/** How many loans and requests of a book are open; `orMore` where the first page does not hold them all. */
export async function countOpenLoans(book: string) {
  const status = 'requested,waiting,ready,active'
  const { items, next_cursor } = await answer(
    api.GET('/api/loans', { params: { query: { book, status, limit: 100 } } }),
  )
  return { count: items.length, orMore: next_cursor !== null }
}
