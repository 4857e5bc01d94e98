import type { Loan, LoanStatus } from '@/api/models'

type Kept = Pick<Loan, 'status' | 'due_at' | 'pickup_by' | 'queue_position' | 'requested_at' | 'granted_at'>

const soonest = (a: string | null, b: string | null) => (a ?? '9').localeCompare(b ?? '9')

// Whoever reads and whoever may take a copy have one; then come those who wait, then those who ask.
const ranks: Partial<Record<LoanStatus, number>> = { ready: 0, active: 1, waiting: 2, requested: 3 }
const rank = ({ status }: Kept) => ranks[status] ?? 4

/**
 * What is open, in the order in which it calls for something: kept copies before they pass on, loans by due time, the
 * queue by place, requests by age.
 */
export function inOrderOfUrgency<L extends Kept>(loans: readonly L[]): L[] {
  return [...loans].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      soonest(a.pickup_by ?? a.due_at, b.pickup_by ?? b.due_at) ||
      (a.queue_position ?? 0) - (b.queue_position ?? 0) ||
      a.requested_at.localeCompare(b.requested_at),
  )
}

/** The next moment at which one of these loans ends by itself, or null. */
export function nextEnd(loans: readonly Kept[]): Date | null {
  const [first] = loans.flatMap(({ due_at, pickup_by }) => pickup_by ?? due_at ?? []).sort()
  return first ? new Date(first) : null
}
