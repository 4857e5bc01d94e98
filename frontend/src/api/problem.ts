/**
 * What would help after a refusal: `action` names it, `text` says it, the ids say with what. `after` and `by` say when
 * it would help by itself.
 */
export interface WayOut {
  action: string
  text: string
  book_id?: string | null
  loan_id?: string | null
  after?: string | null
  by?: string | null
}

export interface FieldProblem {
  field: string
  message: string
  code?: string
}

/** Why the library did not do what was asked. Every failure of the API reaches the app as one of these. */
export class Problem extends Error {
  override name = 'Problem'

  constructor(
    /** The HTTP status, or 0 when no answer came. */
    readonly status: number,
    /** The rule's name, such as `loan-limit-reached`; `unreachable` when no answer came; else empty. */
    readonly rule: string,
    readonly title: string,
    readonly detail: string,
    readonly fields: FieldProblem[] = [],
    readonly waysOut: WayOut[] = [],
    /** Seconds to wait before trying again, where the library said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail || title)
  }
}

interface ProblemBody {
  type?: unknown
  title?: unknown
  detail?: unknown
  errors?: FieldProblem[] | null
  ways_out?: WayOut[] | null
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** Reads `application/problem+json` (RFC 9457), and makes the best of an answer that is none. */
export function problemFrom(response: Pick<Response, 'status' | 'headers'>, body: unknown): Problem {
  const said: ProblemBody = typeof body === 'object' && body !== null ? body : {}
  const type = text(said.type)
  const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10)
  return new Problem(
    response.status,
    type === 'about:blank' ? '' : (type.split(/[/:#]/).pop() ?? ''),
    text(said.title),
    text(said.detail),
    Array.isArray(said.errors) ? said.errors : [],
    Array.isArray(said.ways_out) ? said.ways_out : [],
    Number.isNaN(seconds) ? null : seconds,
  )
}

/** The problem of one among several that were asked for at once, whose answer as a whole was good. */
export const problemIn = (body: { status: number } | null | undefined) =>
  problemFrom({ status: body?.status ?? 500, headers: new Headers() }, body)

/** The problem for anything that was thrown: a `Problem` as it is, a network failure as `unreachable`. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  if (thrown instanceof TypeError) return new Problem(0, 'unreachable', '', '')
  throw thrown
}

/** Whether the same, tried again, may come to something else: no answer came, or the library was not able to give one. */
export const mayBeTriedAgain = ({ status }: Problem) => status === 0 || status >= 500
