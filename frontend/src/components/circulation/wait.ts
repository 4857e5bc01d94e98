import type { Loan } from '@/api/models'
import { dateIn, dateTimeIn } from './due'

export interface Forecast {
  key: 'between' | 'about' | 'by' | 'at-latest'
  params: { from: string; to: string }
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/**
 * When a copy is likely to be free, as a message below `wait.` and its parameters, in the patron's zone. A range of days
 * is told in days, since its hours would promise what nobody knows. Without `from` too few copies came back to say more
 * than the latest.
 */
export function forecastOf(
  { from, to }: NonNullable<Loan['wait']>,
  zone: string,
  locale: string,
  now: Date,
): Forecast {
  const start = from ? new Date(from) : null
  const end = new Date(to)
  const inHours = end.getTime() - now.getTime() < 2 * day
  const told = (at: Date) => (inHours ? dateTimeIn(zone, locale, at, now) : dateIn(zone, locale, at))
  const params = { from: start ? told(start) : '', to: told(end) }
  if (!start) return { key: 'at-latest', params }
  if (start.getTime() - now.getTime() < (inHours ? minute : hour)) return { key: 'by', params }
  return { key: params.from === params.to ? 'about' : 'between', params }
}
