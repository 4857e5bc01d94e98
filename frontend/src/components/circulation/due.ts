const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export type Urgency = 'past' | 'soon' | 'near' | 'far'

/** How pressing a due time is: within the hour `soon`, within two days `near`. */
export function urgencyOf(due: Date, now: Date): Urgency {
  const left = due.getTime() - now.getTime()
  if (left <= 0) return 'past'
  if (left <= hour) return 'soon'
  return left <= 2 * day ? 'near' : 'far'
}

/** The date and time in a zone, as "Thursday 3 December, 18:00"; the year only where it is not this one. */
export function dateTimeIn(zone: string, locale: string, at: Date, now: Date): string {
  const year = (date: Date) => new Intl.DateTimeFormat('en', { timeZone: zone, year: 'numeric' }).format(date)
  return new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    weekday: 'short',
    day: 'numeric',
    month: 'long',
    year: year(at) === year(now) ? undefined : 'numeric',
    hour: 'numeric',
    minute: '2-digit',
  }).format(at)
}

export function dateIn(zone: string, locale: string, at: Date): string {
  return new Intl.DateTimeFormat(locale, { timeZone: zone, dateStyle: 'medium' }).format(at)
}

/** How long ago, never in the future however the clocks differ: "now", "5 minutes ago". */
export function ago(at: Date, locale: string, now: Date): string {
  if (now.getTime() - at.getTime() >= minute) return fromNow(at, locale, now)
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(0, 'second')
}

/** How long from now, in the largest unit that says enough: "in 3 days", "in 45 minutes". */
export function fromNow(at: Date, locale: string, now: Date): string {
  const distance = at.getTime() - now.getTime()
  const [size, unit] =
    Math.abs(distance) < hour
      ? ([minute, 'minute'] as const)
      : Math.abs(distance) < 2 * day
        ? ([hour, 'hour'] as const)
        : ([day, 'day'] as const)
  // Never more time than there is; but a loan of seven days begun a moment ago has seven left, not six.
  const slack = size === day ? hour / day : 0
  const count = Math.sign(distance) * Math.floor(Math.abs(distance) / size + slack)
  return new Intl.RelativeTimeFormat(locale, { numeric: 'always' }).format(count || 0, unit)
}
