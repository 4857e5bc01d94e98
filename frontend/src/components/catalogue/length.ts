// Silent reading in English: Brysbaert, "How many words do we read per minute?", Journal of Memory and Language 109
// (2019). Other languages lie near it.
const wordsInMinute = 238

/** How long a text of so many words takes to read: minutes up to an hour, then hours to the half. */
export function readingTime(words: number): { value: number; unit: 'minute' | 'hour' } {
  const minutes = words / wordsInMinute
  if (minutes < 55)
    return { value: Math.max(1, Math.round(minutes / 5) * 5 || Math.round(minutes)), unit: 'minute' }
  const hours = minutes / 60
  return { value: hours < 10 ? Math.round(hours * 2) / 2 : Math.round(hours), unit: 'hour' }
}

const steps = [
  { unit: 'gigabyte', bytes: 1e9 },
  { unit: 'megabyte', bytes: 1e6 },
  { unit: 'kilobyte', bytes: 1e3 },
  { unit: 'byte', bytes: 1 },
] as const

/** A file's size in words, as a phone's shop gives it: decimal units, two digits at most where it is small. */
export function fileSize(bytes: number, locale: string): string {
  const { unit, bytes: one } = steps.find(({ bytes: least }) => bytes >= least) ?? { unit: 'byte', bytes: 1 }
  const value = bytes / one
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value)
}
