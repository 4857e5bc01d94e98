import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { poll } from './polling'

const see = (state: DocumentVisibilityState) => {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state)
  document.dispatchEvent(new Event('visibilitychange'))
}

describe('looking how something goes', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('ends when it is over, and looks ever less often until then', async () => {
    const times: number[] = []
    const begun = Date.now()
    const over = poll(() => {
      times.push(Date.now() - begun)
      return Promise.resolve(times.length === 4)
    }, new AbortController().signal)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await over).toBe(true)
    const waits = times.map((time, at) => time - (times[at - 1] ?? 0))
    expect(waits).toEqual([...waits].sort((a, b) => a - b))
    expect(waits[0]).toBeLessThan(1000)
  })

  it('does not look while nobody looks at the page', async () => {
    see('hidden')
    const look = vi.fn(() => Promise.resolve(true))
    const over = poll(look, new AbortController().signal)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(look).not.toHaveBeenCalled()
    see('visible')
    expect(await over).toBe(true)
  })

  it('gives up where it goes on for long, or one leaves', async () => {
    const left = new AbortController()
    const look = vi.fn(() => Promise.resolve(false))
    const long = poll(look, new AbortController().signal)
    await vi.advanceTimersByTimeAsync(200_000)
    expect(await long).toBe(false)
    look.mockClear()
    const other = poll(look, left.signal)
    left.abort()
    expect(await other).toBe(false)
    expect(look).not.toHaveBeenCalled()
  })
})
