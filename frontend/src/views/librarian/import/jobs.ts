import { answer } from '@/api/access'
import { api } from '@/api/client'
import { Problem, problemOf } from '@/api/problem'
import { uploadFile, type BookAbout } from '@/queries/uploads'
import type { Piece } from './group'
import type { Line } from './line'
import { readOpf } from './opf'
import type { Outcome, Why } from './outcome'
import type { Hand, Job } from './queue'
import type { ImportedBook, Row, Sheet } from './sheet'

/** What holds for every book of an import. */
export type Terms = Pick<BookAbout, 'section_ids' | 'copies' | 'grant'>

const recordsAtOnce = 100
const opfAtMost = 1024 ** 2

/** What went wrong on the way; else the file went away, or may not be read. */
function whyOf(thrown: unknown): Why {
  const isProblem = thrown instanceof Problem || thrown instanceof TypeError
  return isProblem ? { problem: problemOf(thrown) } : { code: 'unreadable' }
}

async function known(piece: Piece): Promise<BookAbout> {
  if (!piece.opf || piece.opf.size > opfAtMost) return {}
  return readOpf(await piece.opf.text()) ?? {}
}

/** Brings in the file of a piece, and its cover if the book is new. */
async function bringIn(piece: Piece, file: File, terms: Terms, hand: Hand, line: Line): Promise<Outcome> {
  const { name } = piece
  const { signal } = hand
  const insist = <T>(step: () => Promise<T>) => line.insist(step, signal)
  if (!file.size) return { name, ending: 'refused', why: { code: 'empty' } }
  // A file that cannot be read fails here in its own words, and not as a line that broke.
  await file.slice(0, 1).arrayBuffer()
  const about = { ...(await known(piece)), ...terms }
  const upload = await uploadFile(file, {
    unlessHeld: true,
    about,
    signal,
    insist,
    onProgress(sent) {
      hand.share = sent
      if (sent >= 1) hand.phase = 'looking'
    },
  })
  if (upload.status === 'refused')
    return { name, ending: 'refused', why: { code: upload.code ?? '', reason: upload.reason } }
  const outcome: Outcome = { name, ending: upload.held ? 'held' : 'added', bookId: upload.book_id }
  if (!piece.cover || upload.held || !upload.book_id) return outcome
  try {
    const cover = await uploadFile(piece.cover, {
      bookId: upload.book_id,
      purpose: 'cover',
      signal,
      insist,
    })
    if (cover.status === 'ready') return outcome
    return { ...outcome, why: { code: cover.code ?? '', reason: cover.reason } }
  } catch (thrown) {
    // The book is in, whatever came of its cover.
    return { ...outcome, why: whyOf(thrown) }
  }
}

export function fileJob(piece: Piece, terms: Terms, line: Line): Job {
  const { name, file } = piece
  return {
    name,
    count: 1,
    async run(hand) {
      if (!file) return [{ name, ending: 'refused', why: { code: 'no_file' } }]
      try {
        return [await bringIn(piece, file, terms, hand, line)]
      } catch (thrown) {
        // What the library will not have however often it is sent: too large a file, or what is said of it.
        if (thrown instanceof Problem && [413, 422].includes(thrown.status))
          return [
            {
              name,
              ending: 'refused',
              why: thrown.status === 413 ? { code: 'too_large' } : { problem: thrown },
            },
          ]
        throw thrown
      }
    },
    failed: (thrown) => [{ name, ending: 'failed', why: whyOf(thrown) }],
  }
}

interface RecordResult {
  ok: boolean
  id?: string | null
  held?: boolean
  problem?: { status: number; type: string; title: string; detail: string } | null
}

export type SendRecords = (books: ImportedBook[], signal: AbortSignal) => Promise<{ results: RecordResult[] }>

const send: SendRecords = (books, signal) =>
  answer(api.POST('/api/books/import', { body: { books }, signal }))

// `books.3.title` is of the fourth record.
function accused(thrown: unknown): { at: number; field: string; code?: string; message: string } | null {
  if (!(thrown instanceof Problem) || thrown.status !== 422) return null
  for (const { field, code, message } of thrown.fields) {
    const [, at, name] = /^books\.(\d+)\.?(.*)$/.exec(field) ?? []
    if (at !== undefined) return { at: Number(at), field: name ?? '', code, message }
  }
  return null
}

/**
 * Sends records, and what came of each, in their order. The library takes none of those it was sent together where one
 * does not validate; that one is put aside, and the rest are sent again.
 */
export async function bringRecords(
  name: string,
  rows: readonly Row[],
  terms: Terms,
  post: (books: ImportedBook[]) => Promise<{ results: RecordResult[] }>,
): Promise<Outcome[]> {
  const outcomes = new Map<Row, Outcome>()
  for (const row of rows)
    if (row.wrong.length)
      outcomes.set(row, { ...placeOf(name, row), ending: 'refused', why: { fields: row.wrong } })
  for (;;) {
    const rest = rows.filter((row) => !outcomes.has(row))
    if (!rest.length) break
    const books = rest.flatMap(({ record }) =>
      record ? [{ ...record, ...terms, copies: record.copies ?? terms.copies }] : [],
    )
    try {
      const { results } = await post(books)
      for (const [index, row] of rest.entries()) outcomes.set(row, outcomeOf(name, row, results[index]))
    } catch (thrown) {
      const wrong = accused(thrown)
      const row = wrong && rest[wrong.at]
      if (!row) throw thrown
      const { field, code, message } = wrong
      outcomes.set(row, {
        ...placeOf(name, row),
        ending: 'refused',
        why: { fields: [{ field, code, message }] },
      })
    }
  }
  return rows.flatMap((row) => outcomes.get(row) ?? [])
}

const placeOf = (name: string, { line, title }: Row) => ({ name, line, title })

function outcomeOf(name: string, row: Row, result: RecordResult | undefined): Outcome {
  if (result?.ok) return { ...placeOf(name, row), ending: result.held ? 'held' : 'added', bookId: result.id }
  const said = result?.problem
  const rule = said?.type.split(/[/:#]/).pop() ?? ''
  const problem = new Problem(said?.status ?? 500, rule, said?.title ?? '', said?.detail ?? '')
  return { ...placeOf(name, row), ending: 'refused', why: { problem } }
}

/** The jobs of a list. They are done in turn: a section that two of them name is made by the first. */
export function listJobs({ name, rows }: Sheet, terms: Terms, line: Line, post: SendRecords = send): Job[] {
  const jobs: Job[] = []
  for (let start = 0; start < rows.length; start += recordsAtOnce) {
    const part = rows.slice(start, start + recordsAtOnce)
    jobs.push({
      name,
      count: part.length,
      inTurn: true,
      run: (hand) => {
        const { signal } = hand
        hand.phase = 'looking'
        return bringRecords(name, part, terms, (books) => line.insist(() => post(books, signal), signal))
      },
      failed: (thrown) =>
        part.map((row) => ({ ...placeOf(name, row), ending: 'failed', why: whyOf(thrown) })),
    })
  }
  return jobs
}
