import { describe, expect, it } from 'vitest'
import type { Loan } from '@/api/models'
import { inOrderOfUrgency, nextEnd } from './shelf'

const loan = (id: string, status: Loan['status'], more: Partial<Loan> = {}) => ({
  id,
  status,
  due_at: null,
  pickup_by: null,
  queue_position: null,
  requested_at: '2026-03-01T00:00:00Z',
  granted_at: null,
  ...more,
})

describe('a patron’s shelf', () => {
  it('begins with what is kept for them, then what is due first, then the queue, then requests', () => {
    const loans = [
      loan('asked later', 'requested', { requested_at: '2026-03-03T00:00:00Z' }),
      loan('asked', 'requested'),
      loan('third', 'waiting', { queue_position: 3 }),
      loan('first', 'waiting', { queue_position: 1 }),
      loan('due late', 'active', { due_at: '2026-03-09T00:00:00Z' }),
      loan('due soon', 'active', { due_at: '2026-03-02T00:00:00Z' }),
      loan('kept', 'ready', { pickup_by: '2026-03-20T00:00:00Z' }),
    ]
    expect(inOrderOfUrgency(loans).map(({ id }) => id)).toEqual([
      'kept',
      'due soon',
      'due late',
      'first',
      'third',
      'asked',
      'asked later',
    ])
  })

  it('is looked at again when the first of it ends', () => {
    expect(nextEnd([loan('a', 'waiting')])).toBeNull()
    expect(
      nextEnd([
        loan('a', 'active', { due_at: '2026-03-09T00:00:00Z' }),
        loan('b', 'ready', { pickup_by: '2026-03-02T00:00:00Z' }),
      ]),
    ).toEqual(new Date('2026-03-02T00:00:00Z'))
  })
})
