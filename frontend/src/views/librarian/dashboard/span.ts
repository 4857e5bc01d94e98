import type { Span } from '@/queries/stats'

export const spanNames = ['7', '30', '90', 'this-month', 'last-month', 'from-to'] as const
export type SpanName = (typeof spanNames)[number]

/** What of the address says which days are looked at. */
export interface Asked {
  span: SpanName
  from: string
  to: string
}

const iso = /^\d{4}-\d{2}-\d{2}$/
const day = 24 * 60 * 60_000
// More days than these the library does not count at once.
const longest = 366

/** The day it is in a zone, as 2026-11-22. */
export const dayIn = (zone: string, at: Date) =>
  new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(at)

const asTime = (text: string) => (iso.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN)
const asDay = (time: number) => new Date(time).toISOString().slice(0, 10)

function monthOf(today: string, back: number): Span {
  const [year, month] = today.split('-').map(Number) as [number, number]
  const first = Date.UTC(year, month - 1 - back, 1)
  const last = Date.UTC(year, month - back, 0)
  return { from: asDay(first), to: asDay(Math.min(last, asTime(today))) }
}

/** The days that are asked for, or which message says why they are none. */
export function spanOf({ span, from, to }: Asked, today: string): Span | { wrong: string } {
  switch (span) {
    case 'this-month':
      return monthOf(today, 0)
    case 'last-month':
      return monthOf(today, 1)
    case 'from-to': {
      const length = (asTime(to) - asTime(from)) / day
      if (Number.isNaN(length)) return { wrong: 'span.both' }
      if (length < 0) return { wrong: 'span.order' }
      return length < longest ? { from, to } : { wrong: 'span.too-long' }
    }
    default:
      return { days: Number(span) }
  }
}

/** What an address asks for; thirty days where it says nothing that makes sense. */
export function askedIn(query: Record<string, unknown>): Asked {
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const span = spanNames.find((name) => name === query.span) ?? '30'
  return { span, from: text(query.from), to: text(query.to) }
}

/** A day in words short enough to stand below a chart, as "22 Nov". */
export function shortDay(text: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', day: 'numeric', month: 'short' }).format(
    asTime(text),
  )
}

/** A day in full, as "Sunday, 22 November 2026". */
export function wholeDay(text: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', dateStyle: 'full' }).format(asTime(text))
}
