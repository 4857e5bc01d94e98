import { mayBeTriedAgain, Problem } from './problem'

// A connection that broke says nothing of whether the library got the request. Later than this the person means a new
// deed, however much it looks like the old one.
const unsureFor = 5 * 60_000

const unsure = new Map<string, { key: string; until: number }>()

// `crypto.randomUUID` is missing where a school serves the library without HTTPS.
const made = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )

// Typed as what may be missing; the DOM's own types say that it never is.
const newKey = () => (crypto as Partial<Crypto>).randomUUID?.() ?? made()

/**
 * Does a deed with an `Idempotency-Key`. Where no answer came, or none that says what became of it, the same deed
 * tried again carries the same key: the library does it once. `what` names the deed and everything it is done with.
 */
export async function deed<T>(
  what: string,
  send: (header: { 'Idempotency-Key': string }) => Promise<T>,
): Promise<T> {
  const kept = unsure.get(what)
  const key = kept && kept.until > Date.now() ? kept.key : newKey()
  try {
    const result = await send({ 'Idempotency-Key': key })
    unsure.delete(what)
    return result
  } catch (thrown) {
    if (thrown instanceof Problem && mayBeTriedAgain(thrown))
      unsure.set(what, { key, until: Date.now() + unsureFor })
    else unsure.delete(what)
    throw thrown
  }
}
