import { describe, expect, it, vi } from 'vitest'
import { Problem } from '@/api/problem'
import { makeQueue, type Hand, type Job } from './queue'

interface Held {
  hand: Hand
  end: (ending: 'added' | 'held') => void
  fail: (thrown: unknown) => void
}

/** Jobs that end when they are told to. */
function jobs(...names: string[]) {
  const held = new Map<string, Held>()
  const begun: string[] = []
  const made = names.map((name): Job => ({
    name,
    count: 1,
    run: (hand) =>
      new Promise((resolve, reject) => {
        begun.push(name)
        held.set(name, { hand, end: (ending) => resolve([{ name, ending }]), fail: reject })
        hand.signal.addEventListener('abort', () => reject(hand.signal.reason))
      }),
    failed: () => [{ name, ending: 'failed', why: { code: 'unreadable' } }],
  }))
  const of = (name: string) => {
    const one = held.get(name)
    if (!one) throw new Error(`${name} has not begun`)
    return one
  }
  return { made, begun, of }
}

const turn = () => new Promise((resolve) => setTimeout(resolve))

describe('the queue of an import', () => {
  it('does several at once, and the next when one is done', async () => {
    const onRest = vi.fn()
    const queue = makeQueue({ atOnce: 2, onRest })
    const { made, begun, of } = jobs('a', 'b', 'c')
    queue.add(made)
    expect(begun).toEqual(['a', 'b'])
    of('b').end('held')
    await turn()
    expect(begun).toEqual(['a', 'b', 'c'])
    of('a').end('added')
    of('c').end('added')
    await turn()
    expect(queue.counts).toEqual({ added: 2, held: 1, refused: 0, failed: 0 })
    expect(queue.isDone.value).toBe(true)
    expect(onRest).toHaveBeenCalledTimes(1)
  })

  it('goes on after one that failed, which can be tried again', async () => {
    const queue = makeQueue({ atOnce: 1, onRest: () => undefined })
    const { made, begun, of } = jobs('bad', 'good')
    queue.add(made)
    of('bad').fail(new Problem(500, '', '', ''))
    await turn()
    of('good').end('added')
    await turn()
    expect(queue.counts.failed).toBe(1)
    expect(queue.left.value.map(({ name }) => name)).toEqual(['bad'])
    queue.again()
    expect(begun).toEqual(['bad', 'good', 'bad'])
    of('bad').end('added')
    await turn()
    expect([queue.done.value, queue.total.value, queue.left.value.length]).toEqual([2, 2, 0])
  })

  it('stops what is being sent, waits for what is looked at, and goes on with both ends met', async () => {
    const queue = makeQueue({ atOnce: 2, onRest: () => undefined })
    const { made, begun, of } = jobs('sent', 'looked at', 'waiting')
    queue.add(made)
    of('looked at').hand.phase = 'looking'
    queue.stop()
    await turn()
    expect([...queue.hands.values()].map(({ name }) => name)).toEqual(['looked at'])
    of('looked at').end('added')
    await turn()
    expect(queue.isWorking.value).toBe(false)
    expect(queue.isDone.value).toBe(false)
    queue.goOn()
    expect(begun).toEqual(['sent', 'looked at', 'sent', 'waiting'])
  })

  it('stops when the session has ended, and loses nothing', async () => {
    const queue = makeQueue({ atOnce: 1, onRest: () => undefined })
    const { made, begun, of } = jobs('a')
    queue.add(made)
    of('a').fail(new Problem(401, '', '', ''))
    await turn()
    expect(queue.isStopped.value).toBe(true)
    expect(queue.counts.failed).toBe(0)
    queue.goOn()
    expect(begun).toEqual(['a', 'a'])
  })

  it('does the parts of a list one after the other', async () => {
    const queue = makeQueue({ atOnce: 3, onRest: () => undefined })
    const { made, begun, of } = jobs('list 1', 'list 2', 'file')
    for (const job of made.slice(0, 2)) job.inTurn = true
    queue.add(made)
    expect(begun).toEqual(['list 1', 'file'])
    of('list 1').end('added')
    await turn()
    expect(begun).toEqual(['list 1', 'file', 'list 2'])
  })

  it('forgets, when it is cleared, what still comes of what was in hand', async () => {
    const queue = makeQueue({ atOnce: 1, onRest: () => undefined })
    const { made, begun } = jobs('a', 'b')
    queue.add(made)
    queue.clear()
    await turn()
    expect([queue.total.value, queue.done.value, queue.hands.size]).toEqual([0, 0, 0])
    expect(begun).toEqual(['a'])
  })
})
