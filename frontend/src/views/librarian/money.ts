/** How many digits a currency has after the point: 2 for EUR, 0 for JPY, 3 for KWD. */
export const fractionDigits = (currency: string) =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** Minor units out of what a person typed, with a point or a comma; null where it is no such amount. */
export function toMinor(written: string, digits: number): number | null {
  const match = /^(\d{1,8})(?:[.,](\d+))?$/.exec(written.trim())
  if (!match) return null
  const [, whole = '', part = ''] = match
  if (part.length > digits) return null
  const amount = Number(whole + part.padEnd(digits, '0'))
  return amount <= 100_000_000 ? amount : null
}

/** Minor units as a person would type them. */
export const toWritten = (amount: number, digits: number) => (amount / 10 ** digits).toFixed(digits)
