import type { FieldProblem, Problem } from '@/api/problem'

/** What came of a book: it is new here, it was here before, the library refused it, or it could not be sent. */
export type Ending = 'added' | 'held' | 'refused' | 'failed'

/** What is wrong with a field: in the library's words, or, where it was found here, by code alone. */
export type FieldWrong = FieldProblem & { params?: Record<string, number> }

/** Why a book did not come in: a refusal of its file, a problem on the way, or fields of its record. */
export type Why =
  { code: string; reason?: string | null } | { problem: Problem } | { fields: readonly FieldWrong[] }

export interface Outcome {
  /** The file's path among those that were chosen, or the list's name. */
  name: string
  /** The line of the list, from 1. */
  line?: number
  /** The title in that line. */
  title?: string
  ending: Ending
  bookId?: string | null
  /** Set where the book did not come in, or not wholly (its cover was not taken). */
  why?: Why
}
