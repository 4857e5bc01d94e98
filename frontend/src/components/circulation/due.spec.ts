import { describe, expect, it } from 'vitest'
import { ago, dateTimeIn, fromNow, urgencyOf } from './due'

const now = new Date('2026-12-31T20:00:00Z')
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000)

describe('a due time', () => {
  it('is shown in the patron’s own zone', () => {
    const due = new Date('2026-12-31T21:30:00Z')
    expect(dateTimeIn('UTC', 'en-GB', due, now)).toContain('31 December')
    expect(dateTimeIn('Asia/Kolkata', 'en-GB', due, now)).toMatch(/1 January.*3:00/)
  })

  it('names the year only where it is another, as the patron counts it', () => {
    expect(dateTimeIn('UTC', 'en-GB', later(60), now)).not.toContain('2026')
    expect(dateTimeIn('UTC', 'en-GB', later(600), now)).toContain('2027')
    // In Auckland the new year has come.
    expect(dateTimeIn('Pacific/Auckland', 'en-GB', later(600), now)).not.toContain('2027')
  })

  it('presses more the nearer it is', () => {
    expect([-1, 0, 59, 60, 61, 2880, 2881].map((minutes) => urgencyOf(later(minutes), now))).toEqual([
      'past',
      'past',
      'soon',
      'soon',
      'near',
      'near',
      'far',
    ])
  })

  it('never promises more time than there is', () => {
    expect(fromNow(later(59.9), 'en', now)).toBe('in 59 minutes')
    expect(fromNow(later(119), 'en', now)).toBe('in 1 hour')
    expect(fromNow(later(3 * 1440 - 120), 'en', now)).toBe('in 2 days')
    expect(fromNow(later(7 * 1440 - 1), 'en', now)).toBe('in 7 days')
    expect(fromNow(later(0.5), 'en', now)).toBe('in 0 minutes')
  })

  it('of what has been is never to come, however the clocks differ', () => {
    expect([1, 0, -0.9, -1, -61].map((minutes) => ago(later(minutes), 'en', now))).toEqual([
      'now',
      'now',
      'now',
      '1 minute ago',
      '1 hour ago',
    ])
  })
})
