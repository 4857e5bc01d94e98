import { describe, expect, it } from 'vitest'
import { forecastOf } from './wait'

const now = new Date('2026-03-01T12:00:00Z')
const told = (from: string | null, to: string, zone = 'UTC') =>
  forecastOf({ from, to, returns: from ? 9 : 2 }, zone, 'en-GB', now)

describe('the forecast of a wait', () => {
  it('is a range of days, where it is days', () => {
    expect(told('2026-03-04T01:00:00Z', '2026-03-09T23:00:00Z')).toEqual({
      key: 'between',
      params: { from: '4 Mar 2026', to: '9 Mar 2026' },
    })
  })

  it('is told in the patron’s own zone', () => {
    expect(told('2026-03-04T20:00:00Z', '2026-03-09T23:00:00Z', 'Asia/Kolkata').params).toEqual({
      from: '5 Mar 2026',
      to: '10 Mar 2026',
    })
  })

  it('tells the hours where it ends within two days', () => {
    const { key, params } = told('2026-03-01T15:00:00Z', '2026-03-02T10:30:00Z')
    expect(key).toBe('between')
    expect(params.from).toContain('15:00')
    expect(params.to).toContain('10:30')
  })

  it('names one day once', () => {
    expect(told('2026-03-04T01:00:00Z', '2026-03-04T23:00:00Z').key).toBe('about')
  })

  it('says no beginning that is now', () => {
    expect(told('2026-03-01T12:00:10Z', '2026-03-09T00:00:00Z').key).toBe('by')
  })

  it('promises nothing but the latest where too few copies came back', () => {
    expect(told(null, '2026-03-09T00:00:00Z')).toMatchObject({
      key: 'at-latest',
      params: { to: '9 Mar 2026' },
    })
  })
})
