/** An identifier as it is shown: what kind it is, as a bookseller would say, and its number. */
export interface ShownIdentifier {
  kind: 'ISBN' | 'ISSN' | 'DOI' | null
  text: string
}

const isbn = /^(?:97[89])?\d{9}[\dX]$/

/** The digits of an ISBN (ISO 2108) out of any way of writing it; null for anything else. The check digit counts. */
export function isbnOf(written: string): string | null {
  const digits = written
    .trim()
    .replace(/^(?:urn:)?isbn(?:-1[03])?[:\s]*/i, '')
    .replace(/[\s‐-―-]/g, '')
    .toUpperCase()
  if (!isbn.test(digits)) return null
  const values = [...digits].map((digit) => (digit === 'X' ? 10 : Number(digit)))
  const sum = values.reduce(
    (total, value, place) => total + value * (digits.length === 13 ? (place % 2 ? 3 : 1) : 10 - place),
    0,
  )
  return sum % (digits.length === 13 ? 10 : 11) === 0 ? digits : null
}

/** How an identifier is shown; null for the marks that only computers exchange. */
export function shownIdentifier(identifier: string): ShownIdentifier | null {
  if (/^(?:urn:uuid:)?[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(identifier)) return null
  const number = isbnOf(identifier)
  if (number) return { kind: 'ISBN', text: number }
  const [, kind, rest] =
    /^(?:urn:)?(isbn|issn|doi)[:\s]+(.+)$/i.exec(identifier) ??
    /^https?:\/\/(?:dx\.)?(doi)\.org\/(.+)$/i.exec(identifier) ??
    []
  if (kind && rest) return { kind: kind.toUpperCase() as ShownIdentifier['kind'], text: rest }
  return { kind: null, text: identifier }
}

/** An identifier as the catalogue keeps it: an ISBN as its URN (RFC 3187), the others as they were written. */
export function keptIdentifier(written: string): string {
  const number = isbnOf(written)
  return number ? `urn:isbn:${number}` : written.trim()
}
