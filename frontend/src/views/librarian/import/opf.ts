import type { BookAbout } from '@/queries/uploads'
import { languageTag, plainText, within } from './words'

const OPF = 'http://www.idpf.org/2007/opf'
const unknown = /^unknown$/i

// An identifier of a book that is known elsewhere; calibre's own are told apart by scheme.
function identifierOf(scheme: string, value: string): string | null {
  const isbn = value.replace(/^(urn:)?isbn:/i, '').replace(/[\s-]/g, '')
  if (/^isbn$/i.test(scheme) || /^(urn:)?isbn:/i.test(value))
    return /^(\d{13}|\d{9}[\dX])$/i.test(isbn) ? `urn:isbn:${isbn.toUpperCase()}` : null
  if (!scheme || /^(calibre|uuid|mobi-asin)$/i.test(scheme)) return null
  return `${scheme.toLowerCase()}:${value}`
}

/**
 * What a `metadata.opf` as calibre writes it (OPF 2.0, section 2.2, with `calibre:` metas) says of a book, cut to what
 * the library takes. Null where the file is no OPF.
 */
export function readOpf(xml: string): BookAbout | null {
  const tree = new DOMParser().parseFromString(xml, 'application/xml')
  const elements = [...tree.getElementsByTagName('*')]
  const all = (name: string) => elements.filter(({ localName }) => localName === name)
  if (!all('metadata').length || all('parsererror').length) return null
  const texts = (name: string) => all(name).map((element) => element.textContent ?? '')
  const opf = (element: Element, name: string) =>
    element.getAttributeNS(OPF, name) ?? element.getAttribute(`opf:${name}`) ?? ''
  const metas = new Map(
    all('meta').map((meta) => [meta.getAttribute('name') ?? '', meta.getAttribute('content') ?? '']),
  )

  const creators = all('creator')
  const writers = creators.filter((creator) => ['', 'aut'].includes(opf(creator, 'role').toLowerCase()))
  const authors = (writers.length ? writers : creators)
    .map((creator) => within(200, creator.textContent))
    .filter((name) => name && !unknown.test(name))

  const identifiers = all('identifier').map((element) => ({
    scheme: opf(element, 'scheme').trim(),
    value: (element.textContent ?? '').trim(),
  }))
  const uuid = identifiers.find(({ scheme }) => /^uuid$/i.test(scheme))?.value.replace(/^urn:uuid:/i, '')
  const known = identifiers.map(({ scheme, value }) => within(200, identifierOf(scheme, value)))

  const series = within(200, metas.get('calibre:series'))
  const place = Number.parseFloat(metas.get('calibre:series_index') ?? '')
  // Ten of calibre's points are five stars; half a star counts as a whole one, and no points are no voice.
  const stars = Math.round(Number.parseFloat(metas.get('calibre:rating') ?? '') / 2)

  const about: BookAbout = {
    title: within(500, texts('title')[0]),
    authors: authors.slice(0, 50),
    description: plainText(texts('description')[0] ?? '', 5000),
    language: languageTag(texts('language')[0] ?? '') ?? undefined,
    publisher: within(200, texts('publisher')[0]),
    subjects: [...new Set(texts('subject').map((subject) => within(200, subject)))]
      .filter(Boolean)
      .slice(0, 50),
    identifiers: [...new Set(known)].filter(Boolean).slice(0, 20),
    series: series
      ? { name: series, position: place >= 0 && place <= 100_000 ? place : undefined }
      : undefined,
    origin: uuid ? within(200, `calibre:${uuid}`) : undefined,
    rating: stars >= 1 && stars <= 5 ? stars : undefined,
  }
  // What the OPF does not say is read from the book's file.
  return Object.fromEntries(Object.entries(about).filter(([, value]) => value?.valueOf() && hasSome(value)))
}

const hasSome = (value: unknown) => !Array.isArray(value) || value.length > 0
