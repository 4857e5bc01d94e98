import { afterEach, describe, expect, it, vi } from 'vitest'
import { deed } from './deeds'
import { Problem } from './problem'

type Header = Parameters<Parameters<typeof deed>[1]>[0]

/** A library that answers as it is told, and remembers the keys it was sent. */
function library(...answers: (Problem | 'done')[]) {
  const keys: string[] = []
  const send = (header: Header) => {
    keys.push(header['Idempotency-Key'])
    const answer = answers.shift()
    return answer instanceof Problem ? Promise.reject(answer) : Promise.resolve(answer)
  }
  return { keys, send }
}

const lost = new Problem(0, 'unreachable', '', '')
const refused = new Problem(409, 'loan-limit-reached', '', '')

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a deed', () => {
  it.each([
    ['the connection broke', lost],
    ['the library was busy', new Problem(503, '', '', '')],
  ])('tried again after %s carries the same key', async (_, failure) => {
    const { keys, send } = library(failure, 'done', 'done')
    await expect(deed('renew 1', send)).rejects.toBe(failure)
    expect(await deed('renew 1', send)).toBe('done')
    expect(keys[1]).toBe(keys[0])
    await deed('renew 1', send)
    expect(keys[2]).not.toBe(keys[0])
  })

  it('is a new one after an answer that says what became of it', async () => {
    const { keys, send } = library(refused, 'done')
    await expect(deed('borrow 1', send)).rejects.toBe(refused)
    await deed('borrow 1', send)
    expect(new Set(keys).size).toBe(2)
  })

  it('shares its key with no other deed', async () => {
    const { keys, send } = library(lost, lost)
    await expect(deed('return 1', send)).rejects.toBe(lost)
    await expect(deed('return 2', send)).rejects.toBe(lost)
    expect(new Set(keys).size).toBe(2)
  })

  it('is a new one once the failure is long ago', async () => {
    vi.useFakeTimers({ now: 0 })
    const { keys, send } = library(lost, 'done')
    await expect(deed('renew 3', send)).rejects.toBe(lost)
    vi.setSystemTime(10 * 60_000)
    await deed('renew 3', send)
    expect(new Set(keys).size).toBe(2)
  })

  it('has a key without HTTPS too', async () => {
    vi.stubGlobal('crypto', {
      getRandomValues: (bytes: Uint8Array) => bytes.map((_, at) => at),
    })
    const { keys, send } = library('done')
    await deed('renew 4', send)
    expect(keys[0]).toBe('000102030405060708090a0b0c0d0e0f')
  })
})
