import { describe, expect, it, vi } from 'vitest'
import { Problem } from '@/api/problem'
import { mostTries, openLine } from './line'

const never = new AbortController().signal
const broken = () => new Problem(0, 'unreachable', '', '')

/** A step that fails with each of these, and then does it. */
function step(...failures: unknown[]) {
  return vi.fn(() => (failures.length ? Promise.reject(failures.shift()) : Promise.resolve('done')))
}

describe('the line to the library', () => {
  it('waits as long as the library cannot be reached, with one probe for everybody', async () => {
    const rests: number[] = []
    const answers = vi.fn().mockResolvedValueOnce(false).mockResolvedValueOnce(false).mockResolvedValue(true)
    const line = openLine({
      answers,
      rest: (ms) => {
        rests.push(ms)
        expect(line.isLost.value).toBe(true)
        return Promise.resolve()
      },
      wait: () => Promise.resolve(),
    })
    const both = await Promise.all([line.insist(step(broken()), never), line.insist(step(broken()), never)])
    expect(both).toEqual(['done', 'done'])
    expect(rests).toEqual([1000, 2000])
    expect(answers).toHaveBeenCalledTimes(3)
    expect(line.isLost.value).toBe(false)
  })

  it('waits as long as the library asks for', async () => {
    const wait = vi.fn(() => Promise.resolve())
    const line = openLine({ wait })
    await line.insist(step(new Problem(429, '', '', '', [], [], 7)), never)
    expect(wait).toHaveBeenCalledWith(7000, never)
  })

  it('gives up where a step fails again and again though the library answers', async () => {
    const line = openLine({ answers: () => Promise.resolve(true), wait: () => Promise.resolve() })
    const always = vi.fn(() => Promise.reject(broken()))
    await expect(line.insist(always, never)).rejects.toMatchObject({ rule: 'unreachable' })
    expect(always).toHaveBeenCalledTimes(mostTries)
  })

  it('does not try again what is refused', async () => {
    const line = openLine()
    const refused = step(new Problem(422, '', '', ''))
    await expect(line.insist(refused, never)).rejects.toMatchObject({ status: 422 })
    expect(refused).toHaveBeenCalledTimes(1)
  })

  it('lets go of a step that was stopped while the line was lost', async () => {
    const stop = new AbortController()
    const line = openLine({ answers: () => Promise.resolve(false), rest: () => new Promise(() => undefined) })
    const waiting = line.insist(step(broken()), stop.signal)
    setTimeout(() => stop.abort())
    const thrown = await waiting.catch((reason: unknown) => reason)
    expect(thrown).toBe(stop.signal.reason)
  })
})
