import type { components } from '@/api/schema'
import type { FieldWrong } from './outcome'
import { languageTag } from './words'

export type ImportedBook = components['schemas']['ImportedBook']

/** A line of a list: its record, or what is wrong with it. `line` counts from 1. */
export interface Row {
  line: number
  title: string
  record: ImportedBook | null
  wrong: FieldWrong[]
}

export interface Sheet {
  name: string
  /** The list's columns in its order, with the field each was taken for; null where it is not read. */
  columns: { header: string; field: Field | null }[]
  rows: Row[]
}

export const fields = [
  'title',
  'authors',
  'language',
  'sections',
  'series',
  'series_position',
  'publisher',
  'subjects',
  'isbn',
  'identifiers',
  'description',
  'copies',
  'pages',
  'rating',
  'origin',
  'uuid',
] as const
export type Field = (typeof fields)[number]

// Names that other catalogues give their columns: calibre, LibraryThing, Goodreads, a school's own table.
const names: Record<string, Field> = {
  author: 'authors',
  creator: 'authors',
  creators: 'authors',
  lang: 'language',
  languages: 'language',
  section: 'sections',
  shelf: 'sections',
  'series index': 'series_position',
  'series number': 'series_position',
  subject: 'subjects',
  tags: 'subjects',
  keywords: 'subjects',
  isbn13: 'isbn',
  'isbn 13': 'isbn',
  isbn10: 'isbn',
  'isbn 10': 'isbn',
  identifier: 'identifiers',
  comments: 'description',
  summary: 'description',
  'number of pages': 'pages',
  id: 'origin',
}

/** The field that a column is taken for, by its header. */
export function fieldOf(header: string): Field | null {
  const name = header
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
  return fields.find((field) => field.replace('_', ' ') === name) ?? names[name] ?? null
}

type Value = string | string[]
type Raw = Partial<Record<Field, Value>>

const trimmed = (value: Value | undefined) => (Array.isArray(value) ? value.join('; ') : (value ?? '')).trim()

function several(value: Value | undefined, besides?: RegExp): string[] {
  const text = Array.isArray(value) ? value : (value ?? '').split(';')
  const parts = text.length === 1 && besides ? (text[0] ?? '').split(besides) : text
  return [...new Set(parts.map((part) => part.trim()).filter(Boolean))]
}

const isbnOf = (text: string) => {
  const plain = text.replace(/^(urn:)?isbn:?/i, '').replace(/[\s-]/g, '')
  return /^(\d{13}|\d{9}[\dX])$/i.test(plain) ? `urn:isbn:${plain.toUpperCase()}` : null
}

/** The record that a line's values make, or what is wrong with them, as the library would find it. */
export function recordOf(raw: Raw): Pick<Row, 'record' | 'wrong'> {
  const wrong: FieldWrong[] = []
  const complain = (field: Field, code: string, params?: Record<string, number>) =>
    wrong.push({ field, code, message: '', params })

  function text(field: Field, most: number): string | undefined {
    const value = trimmed(raw[field])
    if ([...value].length > most) complain(field, 'too-long-for', { max: most })
    return value || undefined
  }

  function list(field: Field, most: number, longest: number, besides?: RegExp): string[] {
    const values = several(raw[field], besides)
    if (values.length > most) complain(field, 'too-many')
    if (values.some((value) => [...value].length > longest)) complain(field, 'too-long-for', { max: longest })
    return values
  }

  function number(field: Field, min: number, max: number, whole = true): number | undefined {
    const value = trimmed(raw[field])
    if (!value) return undefined
    // A decimal comma; in a whole number it would be the thousands' one, and is not guessed at.
    const read = Number(whole ? value : value.replace(',', '.'))
    if (!(read >= min && read <= max) || (whole && !Number.isInteger(read))) {
      if (whole) complain(field, 'whole-number', { min, max })
      else complain(field, 'invalid')
      return undefined
    }
    return read
  }

  const title = text('title', 500)
  if (!title) complain('title', 'required')

  const tag = trimmed(raw.language)
  const language = languageTag(several(raw.language, /,/)[0] ?? '')
  if (tag && !language) complain('language', 'language')

  // A spreadsheet that wrote 9.78E+12 has lost the number, and would make one book of them all.
  const isbns = several(raw.isbn, /,/)
  const isbn = isbns.map(isbnOf).filter((found) => found !== null)
  if (isbn.length < isbns.length) complain('isbn', 'pattern')
  const identifiers = list('identifiers', 20, 200, /,/).map((value) => isbnOf(value) ?? value)

  const series = text('series', 200)
  const position = number('series_position', 0, 100_000, false)
  const uuid = text('uuid', 190)
  // Goodreads and calibre write 0 where nobody rated.
  const rating = trimmed(raw.rating).match(/^0*(\.0*)?$/) ? undefined : number('rating', 1, 5)

  const record: ImportedBook = {
    title: title ?? '',
    authors: list('authors', 50, 200, / & /),
    description: text('description', 5000),
    language: language ?? undefined,
    series: series ? { name: series, position } : undefined,
    publisher: text('publisher', 200),
    subjects: list('subjects', 50, 200, /,/),
    identifiers: [...new Set([...isbn, ...identifiers])].slice(0, 20),
    sections: list('sections', 20, 100),
    pages: number('pages', 1, 100_000),
    copies: number('copies', 1, 10_000),
    origin: text('origin', 200) ?? (uuid ? `calibre:${uuid}` : undefined),
    rating,
  }
  return { record: wrong.length ? null : record, wrong }
}

function rowOf(line: number, raw: Raw): Row {
  return { line, title: trimmed(raw.title), ...recordOf(raw) }
}

const newline = 10

/** Reads a table with a line of headers (RFC 4180, with whatever separator it has). */
export async function readCsv(name: string, text: string): Promise<Sheet> {
  const { default: Papa } = await import('papaparse')
  const columns: Sheet['columns'] = []
  const rows: Row[] = []
  let at = 0
  let line = 1
  // Where a row begins: past the line breaks after the one before, of which a quoted field may have had some inside.
  const passTo = (end: number) => {
    for (; at < end; at++) if (text.charCodeAt(at) === newline) line++
  }
  Papa.parse<string[]>(text, {
    skipEmptyLines: 'greedy',
    step({ data, meta }) {
      while (/[\r\n]/.test(text.charAt(at))) passTo(at + 1)
      const began = line
      passTo(meta.cursor)
      if (!columns.length) {
        // Of two columns for one field the first is read.
        for (const header of data) {
          const field = fieldOf(header)
          columns.push({ header, field: columns.some((known) => known.field === field) ? null : field })
        }
        return
      }
      const raw: Raw = {}
      for (const [index, { field }] of columns.entries()) if (field) raw[field] = data[index] ?? ''
      rows.push(rowOf(began, raw))
    },
  })
  return { name, columns, rows }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function valueOf(value: unknown): Value {
  if (Array.isArray(value)) return value.map(String)
  return value === null || value === undefined ? '' : String(value)
}

/** Reads JSON lines: an object on each line. */
export function readJsonLines(name: string, text: string): Sheet {
  const columns = new Map<string, Field | null>()
  const rows: Row[] = []
  for (const [index, written] of text.split('\n').entries()) {
    if (!written.trim()) continue
    let said: unknown = null
    try {
      said = JSON.parse(written)
    } catch {
      // Told below, as for any line that is no object.
    }
    if (!isObject(said)) {
      rows.push({
        line: index + 1,
        title: '',
        record: null,
        wrong: [{ field: '', code: 'pattern', message: '' }],
      })
      continue
    }
    const { series, ...rest } = said
    // A series as the library's API has it, or by name.
    const flat = isObject(series)
      ? { ...rest, series: series.name, series_position: series.position ?? rest.series_position }
      : said
    const raw: Raw = {}
    for (const [header, value] of Object.entries(flat)) {
      const field = fieldOf(header)
      columns.set(header, field)
      if (field) raw[field] ??= valueOf(value)
    }
    rows.push(rowOf(index + 1, raw))
  }
  return { name, columns: [...columns].map(([header, field]) => ({ header, field })), rows }
}

/** The text of a file that a spreadsheet wrote: UTF-8, UTF-16 with its mark, or else Windows' Western letters. */
export function decoded(bytes: ArrayBuffer): string {
  const [first, second] = new Uint8Array(bytes)
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

export async function readList(file: File): Promise<Sheet> {
  const text = decoded(await file.arrayBuffer())
  return /\.(jsonl|ndjson)$/i.test(file.name) ? readJsonLines(file.name, text) : readCsv(file.name, text)
}
