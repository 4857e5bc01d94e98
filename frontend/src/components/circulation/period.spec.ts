import { describe, expect, it } from 'vitest'
import { describePeriod, formatPeriod, isLendable, parsePeriod } from './period'

describe('a loan period', () => {
  it.each([
    ['PT1M', { count: 1, unit: 'minute' }],
    ['PT12H', { count: 12, unit: 'hour' }],
    ['P7D', { count: 7, unit: 'day' }],
    ['P2W', { count: 2, unit: 'week' }],
  ] as const)('reads and writes %s without changing it', (text, period) => {
    expect(parsePeriod(text)).toEqual(period)
    expect(formatPeriod(period)).toBe(text)
  })

  it('puts mixed units into the largest that holds them whole', () => {
    expect(parsePeriod('P1DT12H')).toEqual({ count: 36, unit: 'hour' })
    expect(parsePeriod('PT1H30M')).toEqual({ count: 90, unit: 'minute' })
  })

  it.each(['', 'P', 'PT', '7 days', 'P1M', 'PT30S', '-P1D'])('does not take %j for one', (text) => {
    expect(parsePeriod(text)).toBeNull()
  })

  it('lasts a minute at least and 52 weeks at most', () => {
    expect(isLendable({ count: 1, unit: 'minute' })).toBe(true)
    expect(isLendable({ count: 52, unit: 'week' })).toBe(true)
    expect(isLendable({ count: 365, unit: 'day' })).toBe(false)
    expect(isLendable({ count: 0, unit: 'day' })).toBe(false)
    expect(isLendable({ count: 1.5, unit: 'hour' })).toBe(false)
    expect(isLendable({ count: Number.NaN, unit: 'hour' })).toBe(false)
  })

  it('is said in the reader’s language', () => {
    expect(describePeriod({ count: 1, unit: 'week' }, 'en')).toBe('1 week')
    expect(describePeriod({ count: 7, unit: 'day' }, 'fr')).toMatch(/^7\sjours$/)
  })
})
