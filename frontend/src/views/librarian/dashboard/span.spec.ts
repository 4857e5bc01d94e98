import { describe, expect, it } from 'vitest'
import { askedIn, dayIn, shortDay, spanOf } from './span'

const today = '2026-03-05'
const asked = (span: Parameters<typeof spanOf>[0]['span'], from = '', to = '') =>
  spanOf({ span, from, to }, today)

describe('the days that are looked at', () => {
  it('are the last so many, or a month', () => {
    expect(asked('7')).toEqual({ days: 7 })
    expect(asked('this-month')).toEqual({ from: '2026-03-01', to: '2026-03-05' })
    expect(asked('last-month')).toEqual({ from: '2026-02-01', to: '2026-02-28' })
    expect(spanOf({ span: 'last-month', from: '', to: '' }, '2026-01-31')).toEqual({
      from: '2025-12-01',
      to: '2025-12-31',
    })
  })

  it('are those from one to another, a year at most, and the later one last', () => {
    expect(asked('from-to', '2026-03-01', '2026-03-01')).toEqual({ from: '2026-03-01', to: '2026-03-01' })
    expect(asked('from-to', '2026-03-02', '2026-03-01')).toEqual({ wrong: 'span.order' })
    expect(asked('from-to', '2026-03-02')).toEqual({ wrong: 'span.both' })
    expect(asked('from-to', '2025-03-05', '2026-03-05')).toEqual({ from: '2025-03-05', to: '2026-03-05' })
    expect(asked('from-to', '2025-03-04', '2026-03-05')).toEqual({ wrong: 'span.too-long' })
  })

  it('are thirty where the address says nothing that makes sense', () => {
    expect(askedIn({ span: 'forever' })).toEqual({ span: '30', from: '', to: '' })
    expect(askedIn({ span: 'from-to', from: '2026-01-01' }).from).toBe('2026-01-01')
  })

  it('are days of the library, whatever the time is here', () => {
    expect(dayIn('Asia/Kolkata', new Date('2026-03-04T19:00:00Z'))).toBe('2026-03-05')
    expect(shortDay('2026-03-05', 'en')).toBe('Mar 5')
  })
})
