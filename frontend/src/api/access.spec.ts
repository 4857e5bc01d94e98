import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fetchWithAccess, forget, keep, mayBeSignedIn, onSessionEnded, renew } from './access'

const tokens = (access_token: string) => ({ access_token, expires_in: 600, role: 'patron' as const })
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })
const sent = vi.fn<(request: Request | string) => Promise<Response>>()

function library(answers: { refresh: () => Response; books: (token: string | null) => Response }) {
  sent.mockImplementation((request) => {
    const address = typeof request === 'string' ? request : request.url
    const token = typeof request === 'string' ? null : request.headers.get('Authorization')
    return Promise.resolve(address.endsWith('/refresh') ? answers.refresh() : answers.books(token))
  })
}

const refreshes = () => sent.mock.calls.filter(([request]) => String(request).endsWith('/refresh')).length
const books = () => new Request('http://localhost/api/books', { method: 'POST', body: '{}' })

beforeEach(() => vi.stubGlobal('fetch', sent))
afterEach(() => {
  forget()
  sent.mockReset()
  vi.unstubAllGlobals()
})

describe('access to the library', () => {
  it('renews a token that has run out once for many requests, and sends each again', async () => {
    keep(tokens('old'))
    library({
      refresh: () => json(200, tokens('new')),
      books: (token) => json(token === 'Bearer new' ? 200 : 401, {}),
    })
    const answers = await Promise.all([books(), books(), books()].map(fetchWithAccess))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(refreshes()).toBe(1)
  })

  it('ends the session when it cannot be renewed', async () => {
    keep(tokens('old'))
    const ended = vi.fn()
    onSessionEnded(ended)
    library({ refresh: () => json(401, {}), books: () => json(401, {}) })
    expect((await fetchWithAccess(books())).status).toBe(401)
    expect(ended).toHaveBeenCalledOnce()
    expect(mayBeSignedIn()).toBe(false)
  })

  it('asks for no session on behalf of a guest', async () => {
    library({ refresh: () => json(200, tokens('new')), books: () => json(401, {}) })
    await fetchWithAccess(books())
    expect(refreshes()).toBe(0)
  })

  it('keeps the session through an outage', async () => {
    keep(tokens('old'))
    library({ refresh: () => json(503, {}), books: () => json(401, {}) })
    await expect(renew()).rejects.toMatchObject({ status: 503 })
    expect(mayBeSignedIn()).toBe(true)
  })

  it('never writes a token where a script could read it later', () => {
    keep(tokens('secret'))
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain('secret')
  })
})
