export const periodUnits = ['minute', 'hour', 'day', 'week'] as const
export type PeriodUnit = (typeof periodUnits)[number]

export interface Period {
  count: number
  unit: PeriodUnit
}

const minutesIn: Record<PeriodUnit, number> = { minute: 1, hour: 60, day: 1440, week: 10080 }

const longestInWeeks = 52

const inMinutes = ({ count, unit }: Period) => count * minutesIn[unit]

/** A loan lasts a minute at least and 52 weeks at most, and a whole number of its unit. */
export const isLendable = (period: Period) =>
  Number.isInteger(period.count) && period.count >= 1 && inMinutes(period) <= longestInWeeks * minutesIn.week

/** Reads an ISO 8601 duration; null where it is none, or is not whole minutes. */
export function parsePeriod(text: string): Period | null {
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text)
  if (!match || !/\d/.test(text)) return null
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((n) => Number(n ?? 0))
  if (seconds % 60) return null
  // As it was written where that is one unit, so that 7 days stay 7 days.
  const written = { week: weeks, day: days, hour: hours, minute: minutes + seconds / 60 }
  const used = periodUnits.filter((unit) => written[unit])
  const [only] = used
  if (used.length === 1 && only) return { count: written[only], unit: only }
  const total = used.reduce((sum, unit) => sum + written[unit] * minutesIn[unit], 0)
  const unit = [...periodUnits].reverse().find((unit) => total % minutesIn[unit] === 0) ?? 'minute'
  return { count: total / minutesIn[unit], unit }
}

const letters: Record<PeriodUnit, [string, string]> = {
  minute: ['PT', 'M'],
  hour: ['PT', 'H'],
  day: ['P', 'D'],
  week: ['P', 'W'],
}

/** Writes an ISO 8601 duration. */
export function formatPeriod({ count, unit }: Period): string {
  const [before, after] = letters[unit]
  return `${before}${count}${after}`
}

/** A period in words, as "7 days". */
export function describePeriod({ count, unit }: Period, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
}
