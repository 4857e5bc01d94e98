import type { Tokens } from './models'
import { problemFrom, problemOf } from './problem'

// The access token lives in this module's memory alone. The refresh token is a cookie that no script can read.
let token: string | null = null
let renewing: Promise<Tokens | null> | null = null
let whenEnded: () => void = () => undefined

// Says to the next visit that there may be a session, so that nobody else's first page asks for one.
const hint = 'carrel.signed-in'

export const mayBeSignedIn = () => localStorage.getItem(hint) === '1'

/** Calls `listener` when a session ends without having been asked to. */
export function onSessionEnded(listener: () => void) {
  whenEnded = listener
}

export function keep(tokens: Tokens) {
  token = tokens.access_token
  localStorage.setItem(hint, '1')
}

export function forget() {
  token = null
  localStorage.removeItem(hint)
}

async function askForSession(): Promise<Tokens | null> {
  const response = await fetch('/api/auth/refresh', { method: 'POST' })
  if (response.ok) {
    const tokens = (await response.json()) as Tokens
    keep(tokens)
    return tokens
  }
  if (response.status === 401 || response.status === 403) {
    forget()
    return null
  }
  throw problemFrom(response, await response.json().catch(() => null))
}

// Locks are missing where the library is served without HTTPS.
async function inTurn(): Promise<Tokens | null> {
  const locks = navigator.locks as LockManager | undefined
  return locks ? await locks.request('carrel.renew', askForSession) : askForSession()
}

/**
 * A new access token for the session's cookie, or null when there is no session any more. Many may ask at once;
 * one request goes out. Other tabs wait, since a refresh token is good for one use.
 */
export function renew(): Promise<Tokens | null> {
  renewing ??= inTurn().finally(() => {
    renewing = null
  })
  return renewing
}

function send(request: Request): Promise<Response> {
  if (token) request.headers.set('Authorization', `Bearer ${token}`)
  return fetch(request)
}

/** `fetch` with the access token; renews it once when it has run out, and tries again. */
export async function fetchWithAccess(request: Request): Promise<Response> {
  const again = request.clone()
  const response = await send(request)
  if (response.status !== 401 || !token) return response
  if (await renew()) return send(again)
  whenEnded()
  return response
}

/** What the API answered, or a `Problem` thrown. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T>> {
  const { data, error, response } = await call.catch((thrown: unknown): never => {
    throw problemOf(thrown)
  })
  if (!response.ok) throw problemFrom(response, error)
  return data as NonNullable<T>
}
