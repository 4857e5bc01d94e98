import { useQuery } from '@pinia/colada'
import { toValue, watchEffect, type MaybeRefOrGetter } from 'vue'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import { deed } from '@/api/deeds'
import type { Availability, Loan, LoanStatus } from '@/api/models'
import { problemIn, type Problem } from '@/api/problem'
import { catalogueKeys } from './catalogue'
import { useListing } from './listing'
import { useRefresh } from './refresh'

export const loansKey = ['loans']

export const openStatuses = ['requested', 'waiting', 'ready', 'active'] as const satisfies LoanStatus[]

interface LoanFilter {
  status?: readonly LoanStatus[]
  book?: string
  patron?: string
}

const atOnce = 100

/** Loans, newest first: a patron's own, or for the librarian everyone's. */
export function useLoans(filter: MaybeRefOrGetter<LoanFilter>, enabled: MaybeRefOrGetter<boolean> = true) {
  const query = () => {
    const { status, book, patron } = toValue(filter)
    return { status: status?.join(','), book, patron }
  }
  return useListing<Loan>({
    key: () => [...loansKey, query()],
    page: (cursor) =>
      answer(api.GET('/api/loans', { params: { query: { ...query(), cursor, limit: atOnce } } })),
    enabled,
  })
}

// A list in another order than the library's is one only when all of it is there. A thousand are enough for anybody.
const wholeEnds = 1000

/** Fetches the further pages of a list too, while `wanted`. */
export function useWhole(
  list: ReturnType<typeof useListing<unknown>>,
  wanted: MaybeRefOrGetter<boolean> = true,
) {
  watchEffect(() => {
    const { length } = list.items.value
    const mayAsk = list.hasMore.value && !list.isLoading.value && !list.error.value
    if (toValue(wanted) && mayAsk && length < wholeEnds) void list.more()
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
  (openStatuses as readonly LoanStatus[]).includes(status)

/** The availability of several books at once, by their ids. */
export const useAvailabilities = (books: MaybeRefOrGetter<string[]>) => {
  const ids = () => [...new Set(toValue(books))].sort()
  return useQuery({
    key: () => [...catalogueKeys.availability, 'several', ...ids()],
    query: async () => {
      const all: Record<string, Availability> = {}
      for (let start = 0; start < ids().length; start += atOnce)
        Object.assign(all, await fetchAvailability(ids().slice(start, start + atOnce)))
      return all
    },
    enabled: () => ids().length > 0,
  })
}

const fetchAvailability = (ids: string[]) =>
  answer(api.GET('/api/availability', { params: { query: { ids: ids.join() } } }))

/** How many wait for a book now. */
export const countWaiting = async (book: string) => (await fetchAvailability([book]))[book]?.waiting ?? 0

/** What came of one loan among several: the loan as it is now, or why not. */
export interface LoanResult {
  id: string
  patronId: string
  bookId: string
  loan: Loan | null
  problem: Problem | null
}

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

  function request(book_id: string, if_unavailable?: 'wait' | 'refuse') {
    const body = { book_id, if_unavailable }
    return deed(`request ${JSON.stringify(body)}`, (header) =>
      answer(api.POST('/api/loans', { params: { header }, body })),
    )
  }

  /** A hundred at a time, one after the other: a later part is not begun where an earlier one came to nothing. */
  async function inParts(ids: readonly string[], some: (ids: string[]) => Promise<LoanResult[]>) {
    const all: LoanResult[] = []
    for (let start = 0; start < ids.length; start += atOnce)
      all.push(...(await some(ids.slice(start, start + atOnce))))
    return all
  }

  async function results(call: ReturnType<typeof sendBatch>): Promise<LoanResult[]> {
    return (await call).results.map(({ ok, id, patron_id, book_id, loan, problem }) => ({
      id: id ?? '',
      patronId: patron_id ?? '',
      bookId: book_id ?? '',
      loan: loan ?? null,
      problem: ok ? null : problemIn(problem),
    }))
  }

  const ownStep = (step: 'accept' | 'renew' | 'pause' | 'resume' | 'return' | 'cancel') => (id: string) =>
    changed(
      deed(`${step} ${id}`, (header) =>
        answer(api.POST(`/api/loans/{loan_id}/${step}`, { params: { header, path: { loan_id: id } } })),
      ),
    )

  const sendBatch = (body: {
    action: 'grant' | 'deny' | 'revoke'
    ids: string[]
    reason?: string
    period?: string
  }) =>
    deed(`batch ${JSON.stringify(body)}`, (header) =>
      answer(api.POST('/api/loans/batch', { params: { header }, body })),
    )

  return {
    /** Asks for a book. Where no copy is free it joins the queue, or is refused, as `ifUnavailable` says. */
    borrow(book: string, ifUnavailable?: 'wait' | 'refuse'): Promise<Loan> {
      return changed(
        (async () => {
          const loan = await request(book, ifUnavailable)
          // Of an attempt whose answer was lost, and whose loan has ended since: this is another.
          return isOpen(loan) ? loan : request(book, ifUnavailable)
        })(),
      )
    },
    /** Takes the copy that is kept for one. */
    accept: ownStep('accept'),
    renew: ownStep('renew'),
    pause: ownStep('pause'),
    resume: ownStep('resume'),
    giveBack: ownStep('return'),
    /** Takes back a request, leaves the queue, or declines the copy that is kept for one. */
    cancel: ownStep('cancel'),
    grant: (ids: readonly string[], period?: string) =>
      changed(inParts(ids, (some) => results(sendBatch({ action: 'grant', ids: some, period })))),
    deny: (ids: readonly string[], reason?: string) =>
      changed(inParts(ids, (some) => results(sendBatch({ action: 'deny', ids: some, reason })))),
    revoke: (ids: readonly string[], reason?: string) =>
      changed(inParts(ids, (some) => results(sendBatch({ action: 'revoke', ids: some, reason })))),
    /** Lends each of the books to each of the patrons, a hundred loans at most. */
    issue(patron_ids: string[], book_ids: string[], period?: string) {
      const body = { patron_ids, book_ids, period }
      return changed(
        results(
          deed(`issue ${JSON.stringify(body)}`, (header) =>
            answer(api.POST('/api/loans/issue', { params: { header }, body })),
          ),
        ),
      )
    },
  }
}

/** How many loans and requests of a book are open; `orMore` where the first page does not hold them all. */
export async function countOpenLoans(book: string) {
  const status = openStatuses.join(',')
  const { items, next_cursor } = await answer(
    api.GET('/api/loans', { params: { query: { book, status, limit: atOnce } } }),
  )
  return { count: items.length, orMore: next_cursor !== null }
}
